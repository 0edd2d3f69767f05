"""The versions of one sector: which one answers, how they came to be, one of them in detail, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import streamlit as st

from core.access import allowed
from core.contracts import N_, Sector
from core.errors import AppError
from core.serving.comparison import alike
from core.store.registry import CHALLENGER, registry
from core.store.versions import Version
from core.ui.card import card_download, show_version_card
from core.ui.comparison import show_comparison
from core.ui.compress import show_compression
from core.ui.exchange import show_exchange
from core.ui.figures import show_metrics, stored_evaluation
from core.ui.gate import promotion_input, show_verdict
from core.ui.i18n import t
from core.ui.lineage import show_lineage
from core.ui.moves import move, role, show_outcome, version_name
from core.ui.versions import show_table, shown_metrics
from core.ui.views import escape, say, show_error

VERDICTS: Final = {"pass": N_("passed"), "fail": N_("stopped"), "undecided": N_("undecided")}
VIEWS: Final = {
    "card": N_("Card"),
    "compress": N_("Compression"),
    "exchange": N_("Export and import"),
}


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
    show_outcome(sector.slug, f"{sector.slug}.room.refused")
    _show_champion(sector, champion)
    st.markdown(f"**{t('All versions')}**")
    show_table(sector, versions)
    _show_version(sector, versions, champion)


def show_origins(sector: Sector) -> None:
    """Where the versions of a sector come from, and who made which one answer."""
    try:
        versions = registry().versions(sector.slug)
        history = registry().history(sector.slug)
    except AppError as error:
        show_error(error)
        return
    show_lineage(sector, versions)
    if not history:
        return
    st.markdown(f"**{t('Promotions')}**")
    st.dataframe(
        [
            {
                t("Time"): move.created.astimezone().strftime("%Y-%m-%d %H:%M"),
                t("From version"): str(move.previous or t("Bundled model")),
                t("To version"): str(move.number or t("Bundled model")),
                t("Who"): move.actor,
                t("Gate"): _verdict(str((move.verdict or {}).get("result", ""))),
                t("Reason"): move.reason,
                t("Rolled back"): move.undone,
            }
            for move in history
        ],
        hide_index=True,
        key=f"{sector.slug}.promotions",
    )


def _verdict(result: str) -> str:
    return t(VERDICTS[result]) if result in VERDICTS else "–"


def _show_champion(sector: Sector, champion: Version) -> None:
    with st.container(border=True):
        st.markdown(f":green[:material/verified:] **{t('In use: {name}', name=version_name(champion))}**")
        evaluation = stored_evaluation(champion)
        if evaluation is None:
            st.caption(t("No evaluation is stored with this version."))
        else:
            show_metrics(evaluation, shown_metrics(sector))
        if (
            registry().can_roll_back(sector.slug)
            and allowed("presenter")
            and st.button(t("Roll back"), icon=":material/undo:", key=f"{sector.slug}.room_rollback")
        ):
            _confirm_rollback(sector, champion)


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
    with st.container(horizontal=True):
        if chosen.number != champion.number and st.button(
            t("Promote this version"), icon=":material/upgrade:", type="primary", key=f"{sector.slug}.room_promote"
        ):
            _confirm_promotion(sector, chosen, champion)
        if (
            chosen.number not in (0, champion.number)
            and allowed("admin")
            and st.button(t("Delete it"), icon=":material/delete:", key=f"{sector.slug}.room_delete")
        ):
            _confirm_deletion(sector, chosen)
        card_download(chosen)
    view = _view_input(sector)
    with st.container(border=True):
        if view == "compress":
            show_compression(sector, chosen)
        elif view == "exchange":
            show_exchange(sector, chosen)
        else:
            show_version_card(chosen)


def _view_input(sector: Sector) -> str:
    """The view of a version that is asked for; those that the task lacks are not offered."""
    views = [name for name in VIEWS if name != "compress" or name in sector.offers]
    chosen = st.segmented_control(
        t("What of it"),
        views,
        default="card",
        required=True,
        format_func={name: t(VIEWS[name]) for name in views}.__getitem__,
        key=f"{sector.slug}.room_view",
        label_visibility="collapsed",
    )
    return str(chosen or "card")


def _confirm_promotion(sector: Sector, version: Version, champion: Version) -> None:
    @st.dialog(t("Promote a version"), width="medium", icon=":material/upgrade:")
    def dialog() -> None:
        st.write(
            t(
                "{new} will answer from now on, for everybody. {old} stays here, and you can roll back.",
                new=version_name(version),
                old=version_name(champion),
            )
        )
        verdict = show_verdict(sector, champion, version)
        try:
            show_comparison(sector.slug, *alike(champion, version))
        except AppError as error:
            show_error(error)
        if promotion_input(f"{sector.slug}.room", champion, version, verdict):
            st.rerun()

    dialog()


def _confirm_rollback(sector: Sector, champion: Version) -> None:
    says = t("What answered before {name} was promoted will answer again, for everybody.", name=version_name(champion))
    back = partial(registry().rollback, sector.slug, expected=champion.number)
    _confirm(sector.slug, t("Roll back"), says, back)


def _confirm_deletion(sector: Sector, version: Version) -> None:
    says = t("{name} goes with its weights, evaluations and card. Export it first to keep it.", name=_option(version))

    def delete() -> Version:
        registry().delete(sector.slug, version.number)
        return registry().resolve(sector.slug)

    _confirm(sector.slug, t("Delete a version"), escape(says), delete)


def _confirm(slug: str, title: str, says: str, action: Callable[[], Version]) -> None:
    """Ask once more before something happens to everybody."""

    @st.dialog(title)
    def dialog() -> None:
        st.write(says)
        if st.button(title, type="primary", key=f"{slug}.room_confirm", on_click=move, args=(slug, action)):
            st.rerun()

    dialog()


def _option(version: Version) -> str:
    roles = ", ".join(role(alias) for alias in version.aliases)
    name = t("Bundled model") if not version.number else f"{version.number} · {version.name}"
    return f"{name} · {roles}" if roles else name
