"""The parts of a sector's page, one drawn at a time; the choice stands in the link as `?view=`."""

from __future__ import annotations

import streamlit as st

from core.contracts import N_, Sector
from core.ui.i18n import t

TITLES = {
    "answer": N_("Answer"),
    "why": N_("Why"),
    "queue": N_("Alerts"),
    "board": N_("Board"),
    "catalogue": N_("Catalogue"),
    "corrections": N_("Corrections"),
    "improve": N_("Improve"),
    "quality": N_("Quality"),
    "overfitting": N_("Overfitting"),
    "drift": N_("Drift"),
    "card": N_("Card"),
}
"""Section of a page -> its title; `Sector.sections` says which a page has."""
_PARAMETER = "view"


def section_input(sector: Sector) -> str:
    """The part to draw: the one in the link, which the control writes; a link to a job opens `improve`."""
    key, sections = f"{sector.slug}.section", sector.sections
    asked = st.query_params.get(_PARAMETER, "improve" if "job" in st.query_params else sections[0])
    st.session_state[key] = asked if asked in sections else sections[0]
    chosen = st.segmented_control(
        t("Part of the page"),
        sections,
        required=True,
        format_func={name: t(TITLES[name]) for name in sections}.__getitem__,
        key=key,
        on_change=_remember,
        args=(key,),
        label_visibility="collapsed",
    )
    return str(chosen or sections[0])


def _remember(key: str) -> None:
    st.query_params[_PARAMETER] = st.session_state[key]
