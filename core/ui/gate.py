"""The gate's verdict with every reason, and the promotion that a person decides on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.access import allowed
from core.contracts import N_, Sector
from core.errors import AppError
from core.serving import comparison
from core.store.registry import registry
from core.store.versions import Version
from core.ui.i18n import t
from core.ui.moves import move, version_name
from core.ui.views import say, show_error
from core.ui.wording import told

if TYPE_CHECKING:
    from core.training.gate import Check, Verdict

RESULTS = {
    "pass": N_("The gate lets it pass: it is better, and nothing that matters is worse."),
    "fail": N_("The gate stops it: something is worse, and more than by chance."),
    "undecided": N_("The gate cannot decide: the test images do not tell, or something was not measured."),
}
ANOTHER_PART = N_(
    "It is better on its own test, but it learned from other parts than the version in use, and no test weighs one "
    "part against another: a person decides."
)
ANOTHER_CATALOGUE = N_(
    "It beats popularity on its own test, but the two were not measured on the same users and items, so that nothing "
    "weighs one against the other: a person decides."
)
CHECKS = {
    "test": N_("Same frozen test"),
    "answers": N_("Real answers"),
    "headline": N_("Headline metric"),
    "home": N_("Test of the version in use"),
    "decisions": N_("Fixed and broken"),
    "slices": N_("Worst part"),
    "suite": N_("Slices of our own"),
    "calibration": N_("Calibration"),
    "popularity": N_("Popularity"),
    "replay": N_("Replay"),
    "defects": N_("Defects in the test"),
    "alike": N_("Compared alike"),
    "pixel_f1": N_("Pixel F1"),
    "pro": N_("PRO"),
    "alarms": N_("Promise about good parts"),
    "latency": N_("Latency"),
    "size": N_("Size"),
}
_ICONS = {
    "pass": ":green[:material/check_circle:]",
    "fail": ":red[:material/cancel:]",
    "undecided": ":orange[:material/help:]",
}


def show_verdict(sector: Sector, champion: Version, rival: Version) -> Verdict | None:
    """What the gate says of `rival`, reason by reason; None when it could not be asked."""
    try:
        verdict = comparison.verdict(sector.slug, rival, champion)
    except AppError as error:
        show_error(error)
        return None
    box = {"pass": st.success, "fail": st.error, "undecided": st.warning}[verdict.result]
    box(told(_headline(sector, verdict), sector.slug), icon=":material/rule:")
    st.markdown("\n".join(check_line(check) for check in verdict.checks))
    if allowed("presenter") and any(check.name == "latency" and check.value is None for check in verdict.checks):
        _offer_measuring(sector.slug, champion, rival)
    return verdict


def _headline(sector: Sector, verdict: Verdict) -> str:
    """The sentence above all reasons."""
    if sector.reads == "parts":
        from core.training.part_gate import only_another_part

        if only_another_part(verdict):
            return ANOTHER_PART
    if sector.reads == "interactions":
        from core.training.ranking_gate import only_unweighed

        if only_unweighed(verdict):
            return ANOTHER_CATALOGUE
    return RESULTS[verdict.result]


def check_line(check: Check) -> str:
    """One question of the gate with its answer, as an item of a list in Markdown."""
    return f"- {_ICONS[check.result]} **{t(CHECKS.get(check.name, check.name))}:** {say(check.message)}"


def _offer_measuring(slug: str, champion: Version, rival: Version) -> None:
    if st.button(t("Measure speed and size now"), icon=":material/timer:", key=f"{slug}.measure_costs"):
        try:
            comparison.measure_costs(champion, rival)
        except AppError as error:
            show_error(error)
            return
        st.rerun()


def promotion_input(key: str, champion: Version, rival: Version, verdict: Verdict | None) -> bool:
    """The button that promotes, or the reason that it takes against the gate; True in the run after a promotion.

    What is shown depends on who looks; what is done is checked in the registry.

    Args:
        key: Begins the keys of the widgets.
        champion: The version in use, as the visitor sees it.
        rival: The one to promote.
        verdict: What the gate says.
    """
    stored = None if verdict is None else verdict.as_dict()
    passed = verdict is not None and verdict.result == "pass"
    if not allowed("presenter" if passed else "admin"):
        needed = t("presenter") if passed else t("admin")
        st.caption(f":material/lock: {t('Promoting this version needs the role {role}.', role=needed)}")
        return False
    promote = partial(registry().promote, rival.sector, rival.number, expected=champion.number, verdict=stored)
    title = t("Use {name} from now on", name=version_name(rival))
    look: dict[str, Any] = {"icon": ":material/publish:", "key": f"{key}.promote", "on_click": move}
    slot = f"{key}.refused"
    if passed:
        clicked = st.button(title, type="primary", args=(rival.sector, promote, slot), **look)
    else:
        with st.form(f"{key}.against_gate"):
            st.text_area(
                t("Why should it be used although the gate does not let it pass?"),
                max_chars=500,
                key=f"{key}.reason",
                help=t("At least ten characters; kept with the promotion for everybody to read."),
            )
            # The reason is read when the button has been clicked: it arrives together with the click.
            with_reason = partial(_with_reason, f"{key}.reason", promote)
            clicked = st.form_submit_button(title, args=(rival.sector, with_reason, slot), **look)
    refused: AppError | None = st.session_state.pop(slot, None)
    if refused is not None:
        show_error(refused)
    st.caption(t("All visitors get the new version at once. It can be rolled back."))
    return bool(clicked) and refused is None


def _with_reason(slot: str, promote: partial[Version]) -> Version:
    version = promote(reason=str(st.session_state.get(slot, "")))
    st.session_state[slot] = ""  # it was said of this version alone
    return version
