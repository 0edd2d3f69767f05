"""Versions of a sector's model: side by side, judged by the gate, promoted or rolled back by a person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import streamlit as st

from core.access import allowed
from core.contracts import Sector
from core.errors import AppError
from core.serving.comparison import alike
from core.store.registry import registry
from core.store.versions import Version
from core.ui.comparison import show_changed, show_comparison
from core.ui.figures import data_name, metric_title, stored_evaluation
from core.ui.gate import promotion_input, show_verdict
from core.ui.i18n import t
from core.ui.measured import Measured, interval
from core.ui.moves import move, role, show_outcome
from core.ui.shop_replay import show_replay_of
from core.ui.views import escape, show_error

_CALIBRATION: Final = "ece"


def shown_metrics(sector: Sector) -> tuple[str, ...]:
    """Metrics that tell versions apart: the sector's first two, its headline, and how far scores are true.

    The last only where the sector names it: of a rare label it is near zero even for whoever never calls it.
    """
    shown = (sector.headline_metric, _CALIBRATION)
    return (*sector.metrics[:2], *(name for name in sector.metrics[2:] if name in shown))


def show_versions(sector: Sector) -> None:
    """All versions with their figures, the gate's verdict on one of them, promotion and roll back."""
    try:
        versions = registry().versions(sector.slug)
        champion = registry().resolve(sector.slug)
    except AppError as error:
        show_error(error)
        return
    st.subheader(t("Versions"), anchor=False)
    show_outcome(sector.slug)
    show_table(sector, versions)
    rivals = [version for version in versions if version.number != champion.number]
    if rivals:
        _compare(sector, champion, rivals)
    else:
        st.caption(t("There is only the version in use so far. Train one above to compare it."))
    if registry().can_roll_back(sector.slug) and allowed("presenter"):
        _roll_back(sector.slug, champion)


def show_table(sector: Sector, versions: Sequence[Version]) -> None:
    """One row per version: what it is for, what it measured and on what."""
    rows, seeds = [_row(sector, version) for version in versions], t("Range over seeds")
    if not any(row[seeds] for row in rows):
        for row in rows:
            del row[seeds]
    if sector.reads == "parts":  # so many columns that their ends would be out of sight: here their text is wrapped
        st.table([{title: escape(cell) for title, cell in row.items()} for row in rows], hide_index=True)
    else:
        st.dataframe(rows, hide_index=True, key=f"{sector.slug}.versions_table")
    measured = [evaluation for version in versions if (evaluation := stored_evaluation(version)) is not None]
    if len({evaluation.data.fingerprint for evaluation in measured}) > 1:
        st.caption(
            t(
                "Not all were measured on the same test data. Their figures can be set against each other only where "
                "the test data and n are the same."
            )
        )


def _row(sector: Sector, version: Version) -> dict[str, Any]:
    evaluation = stored_evaluation(version)
    row: dict[str, Any] = {
        t("Version"): version.ref,
        t("Role"): ", ".join(role(alias) for alias in version.aliases),
    }
    row["n"] = f"{evaluation.data.n:,}" if evaluation else ""
    for name in shown_metrics(sector):
        metric = evaluation.summary.get(name) if evaluation else None
        row[metric_title(name)] = interval(metric) if metric else ""
    return {
        **row,
        t("Range over seeds"): _seeds(sector, version),
        t("Test data"): data_name(evaluation, version.name) if evaluation else "",
        t("Name"): version.name if version.number else t("Bundled model"),
        t("Architecture"): str(version.manifest.get("architecture", "")),
        t("Created"): version.created.astimezone().strftime("%Y-%m-%d %H:%M") if version.number else "",
    }


def _seeds(sector: Sector, version: Version) -> str:
    """Range of the headline metric over trainings with other seeds; empty for a single training."""
    found = version.seed_spread.get(sector.headline_metric)
    return f"{found['low']:.3f} – {found['high']:.3f} ({found['seeds']})" if found else ""


def _compare(sector: Sector, champion: Version, rivals: list[Version]) -> None:
    slug = sector.slug
    refs = [version.ref for version in rivals]
    newest = next((version.ref for version in rivals if "challenger" in version.aliases), refs[0])
    ref = st.selectbox(
        t("Compare with the version in use"),
        refs,
        index=refs.index(newest),
        key=f"{slug}.rival.{champion.ref}.{newest}",
    )
    rival = rivals[refs.index(ref)]
    verdict = show_verdict(sector, champion, rival)
    try:
        own, theirs = alike(champion, rival)
    except AppError as error:
        show_error(error)
    else:
        comparison = show_comparison(slug, own, theirs)
        # Examples of lists are people, whose ids are nothing to look at.
        if comparison is not None and own is not None and theirs is not None and sector.reads != "interactions":
            show_changed(Measured(slug, rival, theirs), own, comparison)
    if sector.reads == "interactions":
        show_replay_of(slug, champion, rival)
    promotion_input(slug, champion, rival, verdict)


def _roll_back(slug: str, champion: Version) -> None:
    st.button(
        t("Roll back from version {version}", version=escape(champion.ref)),
        icon=":material/undo:",
        key=f"{slug}.rollback",
        on_click=move,
        args=(slug, partial(registry().rollback, slug, expected=champion.number)),
    )
