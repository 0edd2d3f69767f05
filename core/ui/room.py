"""The versions of one sector: the one in use, all of them in a table, one in detail, promote and roll back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import streamlit as st

from core.contracts import Sector
from core.errors import AppError
from core.store.registry import CHALLENGER, registry
from core.store.versions import Version
from core.ui.card import card_text, show_card_text
from core.ui.figures import data_title, metric_title, show_metrics, stored_evaluation
from core.ui.i18n import t
from core.ui.quality import interval
from core.ui.versions import ALIAS_NAMES, show_comparison
from core.ui.views import escape, say, show_error

_SHOWN: Final = ("accuracy", "ece")
"""Metrics beside the sector's headline metric."""


def show(sector: Sector) -> None:
    """Draw the room of one sector."""
    st.subheader(f"{sector.icon} {t(sector.title)}", anchor=False)
    if sector.notice:
        st.caption(t(sector.notice))
    try:
        versions = registry().versions(sector.slug)
        champion = registry().resolve(sector.slug)
    except AppError as error:
        show_error(error)
        return
    if trouble := registry().trouble:
        st.warning(say(trouble), icon=":material/database_off:")
    _show_outcome(sector)
    _show_champion(sector, champion, versions)
    _show_table(sector, versions)
    _show_version(sector, versions, champion)


def _show_champion(sector: Sector, champion: Version, versions: Sequence[Version]) -> None:
    with st.container(border=True):
        st.markdown(f":green[:material/verified:] **{t('In use: {name}', name=_name(champion))}**")
        evaluation = stored_evaluation(champion)
        if evaluation is None:
            st.caption(t("No evaluation is stored with this version."))
        else:
            show_metrics(evaluation, (sector.headline_metric, *_SHOWN))
        if (
            len(versions) > 1
            and champion.number
            and st.button(t("Roll back"), icon=":material/undo:", key=f"{sector.slug}.room_rollback")
        ):
            _confirm_rollback(sector, champion)


def _show_table(sector: Sector, versions: Sequence[Version]) -> None:
    st.markdown(f"**{t('All versions')}**")
    st.dataframe([_row(sector, version) for version in versions], hide_index=True, key=f"{sector.slug}.room_table")


def _row(sector: Sector, version: Version) -> dict[str, Any]:
    evaluation = stored_evaluation(version)
    row: dict[str, Any] = {
        t("Version"): version.ref,
        t("Role"): ", ".join(_role(alias) for alias in version.aliases),
    }
    for name in (sector.headline_metric, *_SHOWN):
        metric = evaluation.summary.get(name) if evaluation else None
        row[metric_title(name)] = interval(metric) if metric else ""
    data = evaluation.data if evaluation else None
    return {
        **row,
        t("Test data"): f"{data_title(data.name)}, n = {data.n}" if data else "",
        t("Name"): version.name if version.number else t("Bundled model"),
        t("Architecture"): str(version.manifest.get("architecture", "")),
        t("Created"): version.created.astimezone().strftime("%Y-%m-%d %H:%M") if version.number else "",
    }


def _show_version(sector: Sector, versions: Sequence[Version], champion: Version) -> None:
    by_ref = {version.ref: version for version in versions}
    first = next((v.ref for v in versions if CHALLENGER in v.aliases), champion.ref)
    chosen = by_ref[
        st.selectbox(
            t("Look at one version"),
            list(by_ref),
            index=list(by_ref).index(first) if first in by_ref else 0,
            format_func=lambda ref: _option(by_ref[ref]),
            key=f"{sector.slug}.room_version",
        )
    ]
    card = card_text(chosen)
    with st.container(horizontal=True):
        if chosen.number != champion.number and st.button(
            t("Promote this version"), icon=":material/upgrade:", type="primary", key=f"{sector.slug}.room_promote"
        ):
            _confirm_promotion(sector, chosen, champion)
        if card:
            st.download_button(
                t("Download the card"),
                card,
                file_name=f"vitrine-{sector.slug}-{chosen.ref}-card.md",
                mime="text/markdown",
                icon=":material/download:",
                key=f"{sector.slug}.room_card",
                on_click="ignore",
            )
    with st.container(border=True):
        if card:
            show_card_text(card)
        else:
            st.caption(t("This version has no card."))


def _confirm_promotion(sector: Sector, version: Version, champion: Version) -> None:
    @st.dialog(t("Promote a version"), width="medium", icon=":material/upgrade:")
    def dialog() -> None:
        st.write(
            t(
                "{new} will answer from now on, for everybody. {old} stays here, and you can roll back.",
                new=_name(version),
                old=_name(champion),
            )
        )
        comparison = st.container()
        promote = partial(registry().promote, sector.slug, version.number, expected=champion.number)
        if st.button(
            t("Promote"), type="primary", key=f"{sector.slug}.room_promote_yes", on_click=_act, args=(sector, promote)
        ):
            st.rerun()
        with comparison:  # drawn last: its statistics may have to be imported first, and the button need not wait
            show_comparison(stored_evaluation(champion), stored_evaluation(version))

    dialog()


def _confirm_rollback(sector: Sector, champion: Version) -> None:
    @st.dialog(t("Roll back"), icon=":material/undo:")
    def dialog() -> None:
        st.write(t("What answered before {name} was promoted will answer again, for everybody.", name=_name(champion)))
        back = partial(registry().rollback, sector.slug)
        if st.button(
            t("Roll back"), type="primary", key=f"{sector.slug}.room_rollback_yes", on_click=_act, args=(sector, back)
        ):
            st.rerun()

    dialog()


def _act(sector: Sector, action: Callable[[], Version]) -> None:
    """Move the alias, and leave for the next run of the page what came of it."""
    outcome: Version | AppError
    try:
        outcome = action()
    except AppError as error:
        outcome = error
    st.session_state[f"{sector.slug}.room_outcome"] = outcome


def _show_outcome(sector: Sector) -> None:
    outcome = st.session_state.pop(f"{sector.slug}.room_outcome", None)
    if isinstance(outcome, AppError):
        show_error(outcome)
    elif outcome is not None:
        st.success(t("In use now: {name}.", name=_name(outcome)), icon=":material/published_with_changes:")


def _name(version: Version) -> str:
    """How a sentence calls the version, safe in Markdown."""
    if not version.number:
        return t("the bundled model")
    return t("version {number}", number=version.number) + (f" ({escape(version.name)})" if version.name else "")


def _option(version: Version) -> str:
    roles = ", ".join(_role(alias) for alias in version.aliases)
    name = t("Bundled model") if not version.number else f"{version.number} · {version.name}"
    return f"{name} · {roles}" if roles else name


def _role(alias: str) -> str:
    return t(ALIAS_NAMES.get(alias, alias))
