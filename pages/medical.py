"""Medical imaging: reads a chest X-ray, says why, and learns another image problem from a folder of examples."""

from __future__ import annotations

import streamlit as st

from core.catalog import sector
from core.ui.answers import show_answers, show_why
from core.ui.card import show_card
from core.ui.corrections import show_corrections
from core.ui.drift import show_drift
from core.ui.fixit import show_fixit
from core.ui.frame import page
from core.ui.i18n import t
from core.ui.improve import show_improve
from core.ui.inputs import image_input
from core.ui.operating import options_input
from core.ui.quality import champion_evaluation, show_champion_quality
from core.ui.sections import section_input

SECTOR = sector("medical")

page(SECTOR)
head = st.container()
section = section_input(SECTOR)
with head if section in ("answer", "why") else head.expander(t("Samples and upload"), icon=":material/image:"):
    inputs = image_input(SECTOR)

if section in ("answer", "why"):
    if inputs is None:
        st.caption(t("Choose a sample above, or upload an image, to get an answer."))
    elif section == "answer":
        result = st.container()
        options = options_input(SECTOR.slug, champion_evaluation(SECTOR), champion_evaluation(SECTOR, "validation"))
        with result:
            show_answers(SECTOR, inputs, options)
    else:
        show_why(SECTOR, inputs)
elif section == "corrections":
    show_corrections(SECTOR)
    show_fixit(SECTOR)
elif section == "drift":
    show_drift(SECTOR)
elif section == "improve":
    show_improve(SECTOR)
elif section == "quality":
    show_champion_quality(SECTOR)
else:
    show_card(SECTOR)
