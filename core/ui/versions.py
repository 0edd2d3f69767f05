"""Versions of a sector's model: side by side, compared on the same images, promoted or rolled back by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.contracts import N_, Evaluation, Sector
from core.errors import AppError
from core.jobs.baseline import baseline_folder
from core.serving import service
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import load_evaluation, same_labels
from core.ui.figures import data_title, metric_title, stored_evaluation
from core.ui.i18n import t
from core.ui.quality import METRIC_NAMES, interval
from core.ui.views import escape, show_error

if TYPE_CHECKING:
    from core.training.quality import Comparison

ALIAS_NAMES: Final = {"champion": N_("in use"), "challenger": N_("challenger")}
SHOWN_METRICS: Final = ("accuracy", "ece")
"""Metrics beside the sector's headline metric."""


def show_versions(sector: Sector) -> None:
    """All versions with their figures, the comparison with the champion, promotion and roll back."""
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
    if registry().can_roll_back(sector.slug):
        _roll_back(sector.slug, champion)


def show_table(sector: Sector, versions: Sequence[Version]) -> None:
    """One row per version: what it is for, what it measured and on what."""
    st.dataframe([_row(sector, version) for version in versions], hide_index=True, key=f"{sector.slug}.versions_table")


def _row(sector: Sector, version: Version) -> dict[str, Any]:
    evaluation = stored_evaluation(version)
    row: dict[str, Any] = {
        t("Version"): version.ref,
        t("Role"): ", ".join(role(alias) for alias in version.aliases),
    }
    for name in (sector.headline_metric, *SHOWN_METRICS):
        metric = evaluation.summary.get(name) if evaluation else None
        row[metric_title(name)] = interval(metric) if metric else ""
    return {
        **row,
        t("Test data"): _data_line(evaluation, version.name) if evaluation else "",
        t("Name"): version.name if version.number else t("Bundled model"),
        t("Architecture"): str(version.manifest.get("architecture", "")),
        t("Created"): version.created.astimezone().strftime("%Y-%m-%d %H:%M") if version.number else "",
    }


def role(alias: str) -> str:
    """What a version is for, in the visitor's language."""
    return t(ALIAS_NAMES.get(alias, alias))


def _data_line(evaluation: Evaluation, name: str = "") -> str:
    """Data set and number of images; an upload goes by the name it came with."""
    data = evaluation.data
    return f"{name if name and data.name.startswith('data.') else data_title(data.name)}, n = {data.n}"


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
    try:
        show_comparison(*evaluations_to_compare(champion, rival))
    except AppError as error:
        show_error(error)
    _promote(slug, champion, rival)


def evaluations_to_compare(champion: Version, rival: Version) -> tuple[Evaluation | None, Evaluation | None]:
    """Both evaluations, of the champion the one on the images of `rival` where there is one."""
    own, theirs = service.evaluation_of(champion), service.evaluation_of(rival)
    if own is not None and theirs is not None and own.data.fingerprint != theirs.data.fingerprint:
        own = load_evaluation(baseline_folder(rival.path, champion.sha256)) or own
    return own, theirs


def show_comparison(champion: Evaluation | None, challenger: Evaluation | None) -> None:
    """What the challenger fixed and broke, or why that cannot be told."""
    if champion is None or challenger is None:
        st.info(t("One of the two versions has no stored evaluation, so they cannot be compared."))
        return
    if not same_labels(champion.labels, challenger.labels):
        st.info(
            t(
                "The two cannot be compared: their labels differ. In use: {champion}. Challenger: {challenger}.",
                champion=_labels(champion),
                challenger=_labels(challenger),
            ),
            icon=":material/difference:",
        )
        return
    from core.training import quality

    comparison = quality.compare(champion, challenger)
    if comparison is None:
        st.info(t("The two were measured on different images, so their figures stand side by side only."))
    else:
        _show_change(comparison)
    _side_by_side(champion, challenger)


def _labels(evaluation: Evaluation) -> str:
    shown = ", ".join(escape(label) for label in evaluation.labels[:8])
    return shown if len(evaluation.labels) <= 8 else f"{shown}, …"


def _show_change(comparison: Comparison) -> None:
    difference = comparison.accuracy_difference
    fixed, broke, same = st.columns(3)
    fixed.metric(t("Fixed"), len(comparison.fixed), border=True, help=t("Wrong before, right now"))
    broke.metric(t("Broke"), len(comparison.broke), border=True, help=t("Right before, wrong now"))
    same.metric(t("Change in accuracy"), t("{value:+.1f} points", value=100 * difference.value), border=True)
    if difference.low > 0:
        verdict = t("The challenger is better on these images.")
    elif difference.high < 0:
        verdict = t("The challenger is worse on these images.")
    else:
        verdict = t("On these images the difference could be chance.")
    st.write(verdict)
    st.caption(
        t(
            "Same {n} images. Change in accuracy {value:+.1f} percentage points, 95 % interval {low:+.1f} to "
            "{high:+.1f}; exact McNemar test p = {p:.3f}.",
            n=comparison.n,
            value=100 * difference.value,
            low=100 * difference.low,
            high=100 * difference.high,
            p=comparison.p_value,
        )
    )


def _side_by_side(champion: Evaluation, challenger: Evaluation) -> None:
    names = [name for name in METRIC_NAMES if name in champion.summary or name in challenger.summary]

    def column(evaluation: Evaluation) -> list[str]:
        return [interval(evaluation.summary[name]) if name in evaluation.summary else "–" for name in names]

    st.dataframe(
        {
            t("Figure"): [t(METRIC_NAMES[name]) for name in names] + [t("Measured on")],
            t("In use"): [*column(champion), _data_line(champion)],
            t("Challenger"): [*column(challenger), _data_line(challenger)],
        },
        hide_index=True,
    )


def _promote(slug: str, champion: Version, rival: Version) -> None:
    st.button(
        t("Use version {version} from now on", version=escape(rival.ref)),
        icon=":material/publish:",
        key=f"{slug}.promote",
        type="primary",
        on_click=move,
        args=(slug, partial(registry().promote, slug, rival.number, expected=champion.number)),
    )
    st.caption(t("All visitors get the new version at once. It can be rolled back."))


def _roll_back(slug: str, champion: Version) -> None:
    st.button(
        t("Roll back from version {version}", version=escape(champion.ref)),
        icon=":material/undo:",
        key=f"{slug}.rollback",
        on_click=move,
        args=(slug, partial(registry().rollback, slug)),
    )


def move(slug: str, action: Callable[[], Version]) -> None:
    """Promote or roll back, as the callback of a button, and leave for the page that follows what came of it."""
    outcome: Version | AppError
    try:
        outcome = action()
    except AppError as error:
        outcome = error
    st.session_state[f"{slug}.moved"] = outcome


def show_outcome(slug: str) -> None:
    """What came of the last `move`, once."""
    outcome = st.session_state.pop(f"{slug}.moved", None)
    if isinstance(outcome, AppError):
        show_error(outcome)
    elif outcome is not None:
        st.success(t("In use now: {name}.", name=version_name(outcome)), icon=":material/published_with_changes:")


def version_name(version: Version) -> str:
    """How a sentence calls the version, safe in Markdown."""
    if not version.number:
        return t("the bundled model")
    return t("version {number}", number=version.number) + (f" ({escape(version.name)})" if version.name else "")
