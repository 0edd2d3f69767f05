"""One text to read: one of our samples with a click, or what a visitor types or pastes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.contracts import TextSample
from core.data.sentiment_samples import SentimentSample
from core.errors import AppError
from core.intake.texts import open_text
from core.settings import settings
from core.store import audit
from core.ui.i18n import t
from core.ui.views import escape, show_error

_STRIP = 4


def text_input(slug: str, samples: Sequence[SentimentSample]) -> TextSample | None:
    """The sample strip and the box; returns what was chosen or typed last, or None."""
    st.caption(t("Try a sample. All of them were written for this project; none is from a real customer."))
    _strip(slug, samples)
    _draw_form(slug)
    trouble = st.session_state.get(f"{slug}.text_trouble")
    if isinstance(trouble, AppError):
        show_error(trouble)
    return asked(slug)


def asked(slug: str) -> TextSample | None:
    """The text that is being looked at."""
    found: TextSample | None = st.session_state.get(f"{slug}.text_asked")
    return found


def _strip(slug: str, samples: Sequence[SentimentSample]) -> None:
    """A row of the first samples, and the rest behind a button."""
    numbered = list(enumerate(samples))
    with st.grid(_STRIP + 1, min_column_width=145, gap="small"):
        for number, sample in numbered[:_STRIP]:
            _button(slug, number, sample)
        more = st.popover(t("More samples"), key=f"{slug}.more_samples", on_change="rerun", width="stretch")
    if more.open:
        with more, st.grid(2, min_column_width=145, gap="small"):
            for number, sample in numbered[_STRIP:]:
                _button(slug, number, sample)


def _button(slug: str, number: int, sample: SentimentSample) -> None:
    now = asked(slug)
    st.button(
        escape(t(sample.title)),
        key=f"{slug}.sample.{number}",
        on_click=_take,
        args=(slug, sample),
        width="stretch",
        wrap=True,
        type="primary" if now is not None and now.text == sample.text else "secondary",
    )


def _draw_form(slug: str) -> None:
    now, key = asked(slug), f"{slug}.text"
    st.session_state.setdefault(key, "" if now is None else now.text)
    with st.form(f"{slug}.text_form", border=False):
        st.text_area(
            t("Text to read"),
            height=104,
            key=key,
            placeholder=t("Type or paste a review or a comment, in English, in Chinese or in both."),
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button(
                t("Read it"), type="primary", icon=":material/play_arrow:", on_click=_ask, args=(slug,)
            )
            st.caption(
                t(
                    "Up to {limit:,} characters are read. The text stays in the memory of this session and is gone "
                    "when you leave.",
                    limit=settings().limits.text_characters,
                ),
                width="stretch",
            )


def _take(slug: str, sample: SentimentSample) -> None:
    """A sample is read and put into the box, so that it can be changed there."""
    st.session_state[f"{slug}.text"] = sample.text
    _open(slug, sample.text)


def _ask(slug: str) -> None:
    _open(slug, str(st.session_state.get(f"{slug}.text") or ""))


def _open(slug: str, text: str) -> None:
    state: Any = st.session_state
    state.pop(f"{slug}.text_trouble", None)
    try:
        state[f"{slug}.text_asked"] = open_text(text)
    except AppError as error:
        state.pop(f"{slug}.text_asked", None)
        state[f"{slug}.text_trouble"] = error
        audit.note_refused(slug, [error.code])
