"""The parts of a sector's page, one drawn at a time; the choice stands in the link as `?view=`."""

from __future__ import annotations

import streamlit as st

from core.contracts import N_
from core.ui.i18n import t

SECTIONS = {
    "answer": N_("Answer"),
    "why": N_("Why"),
    "corrections": N_("Corrections"),
    "improve": N_("Improve"),
    "quality": N_("Quality"),
    "drift": N_("Drift"),
    "card": N_("Card"),
}
_PARAMETER = "view"


def section_input(slug: str) -> str:
    """The part to draw: the one in the link, which the control writes; a link to a job opens `improve`."""
    key = f"{slug}.section"
    asked = st.query_params.get(_PARAMETER, "improve" if "job" in st.query_params else "answer")
    st.session_state[key] = asked if asked in SECTIONS else "answer"
    chosen = st.segmented_control(
        t("Part of the page"),
        list(SECTIONS),
        required=True,
        format_func={name: t(title) for name, title in SECTIONS.items()}.__getitem__,
        key=key,
        on_change=_remember,
        args=(key,),
        label_visibility="collapsed",
    )
    return str(chosen or "answer")


def _remember(key: str) -> None:
    st.query_params[_PARAMETER] = st.session_state[key]
