"""What if a word were not there, or another one were: strike, swap, and the score moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import streamlit as st

from core.contracts import TextSample
from core.errors import AppError
from core.explain.words import Words
from core.intake.texts import open_text
from core.serving.text_reading import Edit, TextReading, edited
from core.ui.highlight import changed, draw, scale
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.reasons import signed
from core.ui.text_asking import answer_of, made_once
from core.ui.text_reasons import words_in
from core.ui.verdict import headline, read_at_all, zones_of
from core.ui.views import escape, say, show_error

OFFERED: Final = 24
"""Words that can be struck or swapped: the strongest ones."""
_REPLACEMENT_MAX: Final = 60
_TITLE_MAX: Final = 30
"""Characters of a word on its button."""


def show_what_if(slug: str, sample: TextSample, reading: TextReading, options: Mapping[str, Any]) -> None:
    """Words to strike and one to swap, with the score that the changed text gets."""
    with st.container(border=True):
        st.markdown(f"**{t('What if?')}**")
        st.fragment(_draw)(slug, sample, reading, options)


def _draw(slug: str, sample: TextSample, reading: TextReading, options: Mapping[str, Any]) -> None:
    _, words = words_in(slug, sample, reading, reading.methods[0])
    places = made_once(slug, ("offered", sample.sha256), reading.answer.model, lambda: offered(words))
    edits = _edits_input(f"{slug}.what_if.{sample.sha256[:12]}", words, places)
    if not edits:
        st.caption(t("Strike or swap a word, and the score moves."))
        return
    try:
        now = answer_of(slug, open_text(edited(sample.text, edits), sample.name), options).classification
    except AppError as error:
        show_error(error)
        return
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        if now.abstained is not None and not read_at_all(now):
            st.caption(say(now.abstained.message))
        else:
            before = float(reading.answer.classification.scores[1])
            _show_move(before, float(now.scores[1]), headline(now), reading)
    with right:
        draw(changed(sample.text, edits))


def _show_move(before: float, score: float, said: str, reading: TextReading) -> None:
    labels = reading.answer.classification.labels
    st.markdown(f"**{said}**")
    draw(scale(score, zones_of(labels, reading), before))
    # Of the percentages as they are shown, so that the three numbers agree.
    points = signed(round(100 * score, 1) - round(100 * before, 1), 1)
    st.caption(
        t(
            "Score for {label}: {before:.1f} % before, {score:.1f} % now, {points} percentage points.",
            label=escape(label_name(labels[1])).lower(),
            before=100 * before,
            score=100 * score,
            points=points,
        )
    )


def _edits_input(key: str, words: Words, places: Mapping[str, list[int]]) -> list[Edit]:
    """What the visitor strikes and swaps; a word that stands several times is struck everywhere."""
    names = {word: escape(_short(words.title(at))) for word, at in places.items()}
    struck = st.pills(
        t("Strike out"),
        list(places),
        selection_mode="multi",
        format_func=names.__getitem__,
        key=f"{key}.struck",
    )
    with st.grid(2, min_column_width=180):
        swapped = st.selectbox(
            t("Swap a word"),
            list(places),
            index=None,
            format_func=names.__getitem__,
            placeholder=t("Choose a word"),
            key=f"{key}.swapped",
        )
        instead = st.text_input(
            t("Swap it for"), max_chars=_REPLACEMENT_MAX, placeholder=t("Another word"), key=f"{key}.instead"
        ).strip()
    edits = [_edit(words, place, "") for word in struck if word != swapped or not instead for place in places[word]]
    if swapped is not None and instead:
        edits += [_edit(words, place, instead) for place in places[swapped]]
    return edits


def _short(title: str) -> str:
    return title if len(title) <= _TITLE_MAX else f"{title[: _TITLE_MAX - 1]}…"


def _edit(words: Words, place: int, instead: str) -> Edit:
    return Edit(int(words.starts[place]), int(words.ends[place]), instead)


def offered(words: Words, count: int = OFFERED) -> dict[str, list[int]]:
    """Lower-case word -> its places in reading order: all of a short text, of a longer one those that are marked."""
    found: dict[str, list[int]] = {}
    for place in range(len(words)):
        found.setdefault(words.word(place).casefold(), []).append(place)
    levels, sizes = words.levels, np.abs(words.contributions)
    if len(found) > count:
        found = {word: at for word, at in found.items() if levels[at].any()}
    ranked = sorted(found, key=lambda word: -float(sizes[found[word]].max()))
    chosen = {word for word in ranked[:count] if any(map(str.isalnum, word)) or levels[found[word]].any()}
    return {word: at for word, at in found.items() if word in chosen}
