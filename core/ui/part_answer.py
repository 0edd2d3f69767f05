"""The answer for parts: verdict, map, and the limit that keeps a false-alarm rate."""

from __future__ import annotations

import streamlit as st

from core.contracts import Sector
from core.ui.answers import show_answers
from core.ui.i18n import t
from core.ui.inputs import image_input


def show_parts(sector: Sector) -> None:
    """A sample or images of the visitor's own, and everything that follows from them."""
    inputs = image_input(sector)
    if inputs is None:
        st.caption(t("Choose a sample above, or upload an image, to get an answer."))
        return
    show_answers(sector, inputs, {})
