"""The answer for parts: a verdict, where, and the limit that keeps a false-alarm rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import Sector
from core.errors import AppError
from core.store.versions import Version
from core.ui.answering import Asked, offer_bundled, version_input
from core.ui.batch import download
from core.ui.correct import show_correction
from core.ui.i18n import t
from core.ui.inputs import Inputs, image_input, item_title
from core.ui.part_asking import answer_at, answers_of, at_limit, found_in, with_map
from core.ui.part_batch import show_part_batch
from core.ui.part_limit import promise_input
from core.ui.part_map import show_map
from core.ui.part_verdict import show_outcome, show_score
from core.ui.predict import Row, sample_of
from core.ui.takt import show_takt
from core.ui.views import escape, say, show_error, show_origin, show_refusals

if TYPE_CHECKING:
    from core.training.false_alarms import Promise


def show_parts(sector: Sector) -> None:
    """A sample or images of the visitor's own, and everything that follows from them."""
    above = st.container()
    inputs = image_input(sector)
    try:
        asked = version_input(sector)
        with above:
            offer_bundled(sector, asked)
        if inputs is None:
            st.caption(_what_to_do(asked.version))
        else:
            _show(sector, inputs, asked)
    except AppError as error:
        show_error(error)


def _what_to_do(version: Version) -> str:
    """Of a version that was taught a part, that this part is what to show it."""
    if version.number and version.name:
        return t("Upload an image of {part}.", part=escape(version.name))
    return t("Choose a sample above, or upload an image, to get an answer.")


def _show(sector: Sector, inputs: Inputs, asked: Asked) -> None:
    answered = answers_of(sector.slug, inputs, asked)
    for notice in inputs.notices:
        st.caption(f":material/info: {say(notice)}")
    show_refusals(answered.refused)
    if not answered.rows:
        return
    if len(inputs.items) == 1:
        promise = _show_part(sector.slug, inputs, answered.rows[0], asked)
        download(sector, at_limit(answered, promise))
        return
    with st.container(border=True):
        promise = promise_input(sector.slug, asked)
    large = st.container()
    row = show_part_batch(sector, at_limit(answered, promise))
    if row is not None:
        with large:
            _show_part(sector.slug, inputs, row, asked, promise)


def _show_part(slug: str, inputs: Inputs, row: Row, asked: Asked, promise: Promise | None = None) -> Promise:
    """Verdict and map of one part, and what a person says of it; asks for the limit where none was chosen yet."""
    sample = sample_of(slug, inputs, row.item)
    verdict = st.container()
    pictures, words = st.columns([1.9, 1], gap="medium")
    with words:
        score = st.container()
        if promise is None:
            with st.container(border=True):
                promise = promise_input(slug, asked)
    answer = answer_at(with_map(slug, sample, row, asked), promise)
    found = found_in(answer)
    with verdict:
        show_outcome(found)
    with score:
        show_score(found)
        show_origin(answer, sample)
    with pictures:
        show_map(slug, sample, found, item_title(inputs, row.item))
    show_takt(slug, sample, asked)
    show_correction(slug, sample, answer)
    return promise
