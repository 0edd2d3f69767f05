"""Asks the model: once per input and choice of options in a session, after waiting for the warm-up if need be."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import streamlit as st
from PIL import Image

from core.contracts import Explanation, ImageSample, Refusal, TextSample
from core.errors import AppError, InputRefused
from core.intake.archives import check_refused_share
from core.serving import service, warmup
from core.serving.service import Answer, Chosen
from core.store import audit
from core.store.registry import CHAMPION, registry
from core.ui.i18n import t
from core.ui.inputs import Inputs, Item

CHUNK = 16
"""Images that go to the model together."""
THUMBNAIL_SIDE = 96
_WARM_UP_LIMIT_S = 300.0
_LOOK_EVERY_S = 0.5
_EXPLANATIONS_KEPT = 8
_ASKED_KEPT = 32

Found = TypeVar("Found")


@dataclass(frozen=True)
class Row:
    """One answered image of a batch, without its pixels."""

    item: Item
    answer: Answer
    thumbnail: str
    """PNG as a data URL."""
    notices: tuple[Any, ...]
    removed_tags: tuple[str, ...]


MakeRow = Callable[[Item, ImageSample, Answer], Row]


@dataclass(frozen=True)
class Answered:
    """The rows that were answered and everything that was not."""

    rows: tuple[Row, ...]
    refused: tuple[Refusal, ...]


def wait_until_ready() -> None:
    """Wait for the models to be loaded, and say so; returns at once when they are.

    The line is written anew twice a second: that is where Streamlit lets a click of the visitor through.
    """
    warmup.hurry()
    if warmup.state().stage in ("ready", "failed"):
        return
    line = st.empty()
    began = time.monotonic()
    while warmup.state().stage not in ("ready", "failed") and time.monotonic() - began < _WARM_UP_LIMIT_S:
        seconds = warmup.state().seconds
        line.info(
            t("The model is being loaded, {seconds:.0f} s so far. This happens once after a start.", seconds=seconds),
            icon=":material/hourglass_top:",
        )
        if warmup.wait(_LOOK_EVERY_S).stage == "waiting":
            break
    line.empty()


def answered(
    slug: str, inputs: Inputs, options: Mapping[str, Any], ref: str = CHAMPION, keep: MakeRow | None = None
) -> Answered:
    """Answers for all items of `inputs`, kept in this session until any of the first four changes.

    Args:
        slug: Sector.
        inputs: What was chosen.
        options: Passed to the predictor.
        ref: Which version answers.
        keep: What stays of an answer; None for all of it, beside a small picture.
    """
    key = (inputs.key, repr(sorted(options.items())), ref, registry().resolve(slug, ref).sha256)
    slot = f"{slug}.answered"
    if slot in st.session_state and st.session_state[slot][0] == key:
        kept: Answered = st.session_state[slot][1]
        return kept
    wait_until_ready()
    with st.spinner(t("The model looks at the image"), show_time=len(inputs.items) > 1):
        result = _answer_all(slug, inputs, service.choose(slug, ref), options, keep or _row)
    audit.note_refused(slug, [refusal.code for refusal in result.refused])
    st.session_state[slot] = (key, result)
    return result


def _answer_all(slug: str, inputs: Inputs, chosen: Chosen, options: Mapping[str, Any], keep: MakeRow) -> Answered:
    rows: list[Row] = []
    failed: list[tuple[Item, Refusal]] = []
    total = len(inputs.items)
    bar = st.progress(0.0) if total > CHUNK else None
    for start in range(0, total, CHUNK):
        chunk: list[tuple[Item, ImageSample]] = []
        for item in inputs.items[start : start + CHUNK]:
            try:
                chunk.append((item, item.read()))
            except AppError as error:
                failed.append((item, error.refusal(item.name)))
        answers = service.predict(slug, [sample for _, sample in chunk], chosen, **options) if chunk else []
        rows += [keep(item, sample, answer) for (item, sample), answer in zip(chunk, answers, strict=True)]
        if bar is not None:
            done = min(start + CHUNK, total)
            bar.progress(done / total, t("{done:,} of {total:,} images", done=done, total=total))
    if bar is not None:
        bar.empty()
    return _without_unusable(inputs, rows, failed)


def _without_unusable(inputs: Inputs, rows: list[Row], failed: list[tuple[Item, Refusal]]) -> Answered:
    """As on the command line: of a zip of which too little can be read nothing is answered, only what is wrong told."""
    refused = [*inputs.refused, *(refusal for _, refusal in failed)]
    for name, source in inputs.sources:
        bad = [*source.refused, *(refusal for item, refusal in failed if item.source is source)]
        taken = sum(row.item.source is source for row in rows)
        try:
            check_refused_share(name, taken, bad)
        except InputRefused as error:
            rows = [row for row in rows if row.item.source is not source]
            if taken or len(bad) > 1:  # otherwise the one reason is in the list already
                refused.append(error.refusal(name))
    return Answered(tuple(rows), tuple(refused))


def _row(item: Item, sample: ImageSample, answer: Answer) -> Row:
    return Row(item, answer, _thumbnail(sample), sample.notices, sample.removed_tags)


def _thumbnail(sample: ImageSample) -> str:
    """A small PNG made anew from the pixels; the bytes that were sent never go back to a browser."""
    image = Image.fromarray(sample.pixels)
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def sample_of(slug: str, inputs: Inputs, item: Item) -> ImageSample:
    """The pixels of one item, kept while it is looked at."""
    slot, key = f"{slug}.sample_shown", (inputs.key, item.name)
    if slot not in st.session_state or st.session_state[slot][0] != key:
        st.session_state[slot] = (key, item.read())
    sample: ImageSample = st.session_state[slot][1]
    return sample


def remembered(slug: str, key: tuple[Hashable, ...], ask: Callable[[], Found], waiting: str, sha256: str = "") -> Found:
    """What `ask` returns, for the version of this checksum or the one in use; those used last stay in this session.

    While it is asked, `waiting` is shown.
    """
    kept: dict[Any, Any] = st.session_state.setdefault(f"{slug}.asked_before", {})
    key = (*key, sha256 or registry().resolve(slug).sha256)
    if key not in kept:
        wait_until_ready()
        with st.spinner(waiting):
            kept[key] = ask()
        while len(kept) > _ASKED_KEPT:
            del kept[next(iter(kept))]
    kept[key] = kept.pop(key)
    return cast(Found, kept[key])


def explanation(slug: str, sample: ImageSample | TextSample, target: str, method: str, waiting: str) -> Explanation:
    """Why the champion scores `target` as it does; the latest few are kept in this session.

    While it is computed, `waiting` is shown.
    """
    kept: dict[Any, Explanation] = st.session_state.setdefault(f"{slug}.explanations", {})
    key = (sample.sha256, target, method, registry().resolve(slug).sha256)
    if key not in kept:
        wait_until_ready()
        with st.spinner(waiting):
            kept[key] = service.explain(slug, sample, target, method)
        while len(kept) > _EXPLANATIONS_KEPT:
            del kept[next(iter(kept))]
    return kept[key]
