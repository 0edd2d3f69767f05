"""Where two editions or ways of counting disagree: both figures side by side, with the difference."""

from __future__ import annotations

import streamlit as st

from core.errors import AppError
from core.market.conflicts import Conflict, Figure, conflicts
from core.ui.i18n import t
from core.ui.market_labels import UNITS, entity_name, number_text
from core.ui.views import escape, show_error


def show_conflicts() -> None:
    """All known disagreements, the widest first."""
    st.markdown(
        t(
            "Who quotes one of these figures can be contradicted with the other. Both are shown; they are never "
            "averaged and never joined into one line."
        )
    )
    try:
        found = conflicts()
    except AppError as error:
        show_error(error)
        return
    for one in found:
        _show(one)


def _show(one: Conflict) -> None:
    with st.container(border=True):
        st.markdown(f"**{t(one.title)}** · {entity_name(one.entity)} · {one.year}")
        left, right, between = st.columns([2, 2, 1])
        with left:
            _show_figure(one.first)
        with right:
            _show_figure(one.second)
        with between:
            st.metric(t("Difference"), f"{one.ratio - 1:+.1%}", delta_color="off")
        st.caption(t(one.why))


def _show_figure(figure: Figure) -> None:
    st.metric(t(figure.said), number_text(figure.value, figure.unit), help=t(UNITS[figure.unit]))
    source = figure.source
    st.caption(f"{escape(source.edition)} · {t(UNITS[figure.unit])} · {escape(source.citation)}")
