"""Two products that worked and two that did not, with their sources."""

from __future__ import annotations

import streamlit as st

from core.market.cases import CASES
from core.ui.i18n import t
from core.ui.views import escape


def show_cases() -> None:
    """The notes side by side, successes first."""
    st.markdown(
        t(
            "Four short notes, written for this page from what was published; every figure stands in the sources "
            "below it."
        )
    )
    for row in (CASES[:2], CASES[2:]):
        for column, case in zip(st.columns(2, border=True), row, strict=True):
            with column:
                mark = (
                    f":green[:material/check_circle: {t('Worked')}]"
                    if case.succeeded
                    else f":red[:material/cancel: {t('Failed')}]"
                )
                st.markdown(f"{mark}  \n**{t(case.title)}**")
                for paragraph in case.story:
                    st.markdown(t(paragraph))
                st.markdown(f":primary[:material/lightbulb:] {t(case.lesson)}")
                for reference in case.references:
                    st.caption(f"{escape(reference.title)}. <{reference.address}> · {reference.date}")
