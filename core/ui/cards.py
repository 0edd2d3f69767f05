"""The home page: opening, the course of a demo, a card for each sector, and what a visitor can rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from core.catalog import SECTORS
from core.contracts import N_, Evaluation, Sector
from core.errors import AppError
from core.settings import settings
from core.store.registry import registry
from core.ui.figures import show_metrics, stored_evaluation
from core.ui.frame import page_file
from core.ui.i18n import link_parameters, t
from core.ui.pictures import show_picture, thumbnail

_COURSE: Final = (
    (
        ":material/ads_click:",
        N_("Ask"),
        N_("Pick a sample or bring your own file. The answer comes in about a second."),
    ),
    (
        ":material/troubleshoot:",
        N_("Ask why"),
        N_("See what decided, and how far that explanation can be trusted."),
    ),
    (
        ":material/model_training:",
        N_("Teach"),
        N_("Train on your own examples and watch. It goes on when you close the tab."),
    ),
    (":material/balance:", N_("Compare"), N_("Old and new on the same examples: what got fixed, and what broke.")),
    (":material/published_with_changes:", N_("Decide"), N_("You promote the better one. One click takes it back.")),
)
_PROMISES: Final = (
    (
        ":material/wifi_off:",
        N_("No network needed"),
        N_("Models, samples and fonts are on this machine. Unplug it and go on."),
    ),
    (
        ":material/shield_lock:",
        N_("Your files stay yours"),
        N_(
            "What you ask about stays in memory and is gone soon after you leave. Images lose their hidden data, texts "
            "that are kept their personal data."
        ),
    ),
    (
        ":material/rule:",
        N_("No figure without its source"),
        N_("Every number names its test data, how many examples, and its 95 % interval."),
    ),
    (
        ":material/do_not_disturb_on:",
        N_("It says when it does not know"),
        N_("What is unlike the training data is declined, with the reason, instead of guessed at."),
    ),
)
_PICTURES: Final = ("*.png", "*.jpg")


def show_opening() -> None:
    """Title and two sentences."""
    st.title(t("AI you can question, correct and retrain"), anchor=False)
    st.markdown(
        t(
            "Vitrine is a show-case of working models. Give one an example, ask why it answered as it did, teach it "
            "on data of your own while the room watches, and put the better version to use."
        )
    )


def show_course() -> None:
    """How a demo goes, in five steps."""
    st.subheader(t("How a demo goes"), anchor=False)
    for number, (column, (icon, title, sentence)) in enumerate(
        zip(st.columns(len(_COURSE), border=True), _COURSE, strict=True), start=1
    ):
        with column:
            st.markdown(f":primary[{icon}] **{number}. {t(title)}**")
            st.caption(t(sentence))


def show_sector(sector: Sector) -> None:
    """A card: a picture, what the sector does, what its model measured, and the way in."""
    if sector is _first_of_section(sector):
        st.subheader(t(sector.section), anchor=False)
    with st.container(border=True):
        picture = _picture(sector.slug)
        left, right = (
            st.columns([1, 3], gap="medium", vertical_alignment="center") if picture else (None, st.container())
        )
        if left is not None and picture:
            with left:
                show_picture(thumbnail(picture), t("Synthetic sample of this sector"), width=224)
            left.caption(t("Synthetic sample, drawn by this project"))
        with right:
            st.markdown(f"### {sector.icon} {t(sector.title)}")
            st.markdown(t(sector.summary))
            if evaluation := _champion_evaluation(sector.slug):
                show_metrics(evaluation, sector.metrics[:2])
            if st.button(
                t("Open the demo"), type="primary", icon=":material/arrow_forward:", key=f"home.open_{sector.slug}"
            ):
                st.switch_page(page_file(sector.slug), query_params=link_parameters())


def show_promises() -> None:
    """What holds on every page."""
    st.subheader(t("What you can rely on"), anchor=False)
    for column, (icon, title, sentence) in zip(st.columns(len(_PROMISES)), _PROMISES, strict=True):
        with column:
            st.markdown(f":primary[{icon}] **{t(title)}**")
            st.caption(t(sentence))


def _champion_evaluation(slug: str) -> Evaluation | None:
    try:
        return stored_evaluation(registry().resolve(slug))
    except AppError:
        return None  # the card does without figures; the sector's own page says what is wrong


def _first_of_section(sector: Sector) -> Sector:
    return next(entry for entry in SECTORS if entry.section == sector.section)


def _picture(slug: str) -> Path | None:
    folder = settings().assets / "samples" / slug
    return next((path for pattern in _PICTURES for path in sorted(folder.glob(pattern))), None)
