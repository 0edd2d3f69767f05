"""Asks a version about parts, once; any limit is laid over the same answers, so that moving it asks nobody again."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import streamlit as st
from PIL import Image

from core.contracts import AnomalyPrediction, ImageSample
from core.explain.overlay import blend_part
from core.serving import service
from core.serving.service import Answer
from core.ui import predict
from core.ui.answering import Asked
from core.ui.inputs import Inputs, Item
from core.ui.pictures import jpeg
from core.ui.predict import Answered, Row, wait_until_ready
from core.ui.views import for_display

if TYPE_CHECKING:
    from core.training.false_alarms import Promise

EVERYTHING: Final = {"threshold": 0.0}
"""Options by which the most unlike place of every image is outlined; `judged` keeps it where it is wanted."""
_NO_MAP: Final = np.empty((0, 0), np.float32)
_OPACITY: Final = 0.6
"""Of the map over the small pictures of a table."""


def found_in(answer: Answer) -> AnomalyPrediction:
    """The answer about a part; `TypeError` for any other."""
    if not isinstance(answer.prediction, AnomalyPrediction):
        raise TypeError(f"{answer.prediction.kind}, not an answer about a part")
    return answer.prediction


def answers_of(slug: str, inputs: Inputs, asked: Asked) -> Answered:
    """Answers to everything that was chosen, before any limit; of many the maps are not kept.

    Raises:
        StoreError, ModelRefused: As `core.serving.service.predict`.
    """
    return predict.answered(slug, inputs, EVERYTHING, asked.ref, _whole_row if len(inputs.items) == 1 else _small_row)


def at_limit(answered: Answered, promise: Promise) -> Answered:
    """The same answers at a limit."""
    return replace(answered, rows=tuple(replace(row, answer=answer_at(row.answer, promise)) for row in answered.rows))


def answer_at(answer: Answer, promise: Promise) -> Answer:
    """One of them."""
    from core.serving.parts import judged

    return replace(answer, prediction=judged(found_in(answer), promise))


def with_map(slug: str, sample: ImageSample, row: Row, asked: Asked) -> Answer:
    """The answer of one row with its map, before any limit; of a row without one the model is asked again.

    The latest is kept in this session.
    """
    if found_in(row.answer).anomaly_map.size:
        return row.answer
    slot, key = f"{slug}.part_shown", (sample.sha256, asked.version.sha256)
    if slot not in st.session_state or st.session_state[slot][0] != key:
        wait_until_ready()
        (answer,) = service.predict(slug, [sample], asked.ref, **EVERYTHING)
        st.session_state[slot] = (key, answer)
    return cast(Answer, st.session_state[slot][1])


def _whole_row(item: Item, sample: ImageSample, answer: Answer) -> Row:
    return Row(item, answer, _thumbnail(sample, answer), sample.notices, sample.removed_tags)


def _small_row(item: Item, sample: ImageSample, answer: Answer) -> Row:
    row = _whole_row(item, sample, answer)
    return replace(row, answer=replace(answer, prediction=replace(found_in(answer), anomaly_map=_NO_MAP)))


def _thumbnail(sample: ImageSample, answer: Answer) -> str:
    """A small picture, with the map over it where there is an answer; a JPEG, for PNGs of textures are large."""
    small, found = for_display(sample.pixels, predict.THUMBNAIL_SIDE), found_in(answer)
    if found.abstained is None:
        small = blend_part(small, found, _OPACITY)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(Image.fromarray(small))).decode("ascii")
