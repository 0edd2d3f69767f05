"""Right or wrong, below every answer: the right label, a reason, and whether the input may be kept to learn from."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from core import access
from core.contracts import N_, AnomalyPrediction, ImageSample, Sample, Single
from core.errors import AppError
from core.serving.service import Answer
from core.settings import settings
from core.store import feedback
from core.store.feedback import REVIEW, Correction
from core.store.pictures import KEPT_SIDE
from core.ui.draw_region import forget_regions
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.part_correct import outlines_of, part_input
from core.ui.verdict import UNDECIDED
from core.ui.views import escape, show_error
from core.ui.wording import told

VERDICTS: Final = {"right": N_("Right"), "wrong": N_("Wrong")}


KNOWN_S: Final = 10.0
"""For how long a session takes for granted what it read of an answer, while this process changes no entry itself."""


def show_correction(slug: str, sample: Sample, answer: Answer) -> None:
    """Ask what the visitor says of an answer, or show what was said, with a way to take it back."""
    with st.container(border=True):
        st.fragment(draw_correction)(slug, sample, answer)


def draw_correction(slug: str, sample: Sample, answer: Answer) -> None:
    """As `show_correction`, without a frame, for a fragment that shows elsewhere what was said."""
    show_trouble(slug)
    where = f"{slug}.correct.{sample.sha256[:16]}.{answer.model.version}"
    try:
        said = _said(f"{where}.said", sample, answer)
    except AppError as error:
        show_error(error)
        return
    if said is None:
        _ask(slug, where, sample, answer)
    else:
        _show_said(slug, where, said)


def _said(key: str, sample: Sample, answer: Answer) -> Correction | None:
    """What was said of an answer; read anew after a change, by somebody else, or after a while: every click asks."""
    who = access.current()
    state = (sample.sha256, answer.model.sha256, who.id, who.role, feedback.revision())
    known = st.session_state.get(key)
    if known is not None and known[0] == state and time.monotonic() < known[1]:
        said: Correction | None = known[2]
    else:
        said = feedback.find(sample, answer.model)
        st.session_state[key] = (state, time.monotonic() + KNOWN_S, said)
    return said


def _ask(slug: str, where: str, sample: Sample, answer: Answer) -> None:
    prediction = answer.single
    if isinstance(prediction, AnomalyPrediction) and isinstance(sample, ImageSample):
        said = part_input(slug, where, sample, prediction.labels, outlines_of(prediction))
        if said is not None:
            _form(slug, where, said[0], answer, said[1])
    elif (verdict := _verdict_input(where, prediction)) is not None:
        _form(slug, where, sample, answer, prediction.decision if verdict == "right" else None)
    if doubtful(prediction):
        _offer_review(slug, where, sample, answer)


def _verdict_input(where: str, prediction: Single) -> str | None:
    """`right`, `wrong`, or None until something is said; where the model gave no answer, only another one is asked."""
    if prediction.decision is None:
        undecided = prediction.abstained is not None and prediction.abstained.code == UNDECIDED
        asked = t("Is it positive or negative?") if undecided else t("The model gave no answer. Do you know it?")
        st.markdown(f"**{asked}**")
        return "wrong"
    return st.segmented_control(
        t("Is this answer right?"),
        list(VERDICTS),
        format_func={name: t(title) for name, title in VERDICTS.items()}.__getitem__,
        key=f"{where}.verdict",
    )


def _form(slug: str, where: str, sample: Sample, answer: Answer, said: str | None) -> None:
    """What else belongs to a correction; the right answer too where it was not `said`."""
    prediction = answer.single
    with st.form(f"{where}.form", border=False):
        if said is None:
            answer_input(f"{where}.answer", [label for label in prediction.labels if label != prediction.decision])
        st.text_input(t("Reason, if you like"), max_chars=feedback.REASON_LENGTH, key=f"{where}.reason")
        st.checkbox(told("Keep the image, so that the next training can learn from it", slug), key=f"{where}.keep")
        st.caption(kept_sentence(slug))
        st.form_submit_button(t("Save"), on_click=_save, args=(slug, where, sample, answer, said))


def answer_input(key: str, labels: list[str]) -> str | None:
    """Which label is right; chosen already where only one is left."""
    names = {label: label_name(label) for label in labels}
    chosen = st.selectbox(
        t("The right answer"),
        labels,
        index=0 if len(labels) == 1 else None,
        format_func=names.__getitem__,
        placeholder=t("Choose"),
        key=key,
    )
    return None if chosen is None else str(chosen)


def kept_sentence(slug: str) -> str:
    """What is kept, for how long, and how to get rid of it."""
    return told(
        "If you agree, this machine keeps the image, made anew from its pixels (at most {side} px a side, no file "
        "name, no metadata), with your answer, your reason and the model's scores, for at most {days:g} days. Take it "
        "back here, or delete it under Corrections, at any time. Otherwise only your answer, your reason and a keyed "
        "hash of the file are stored.",
        slug,
        side=KEPT_SIDE,
        days=settings().correction_days,
    )


def _offer_review(slug: str, where: str, sample: Sample, answer: Answer) -> None:
    """A case for a person; the click is the agreement, because nobody can look at what is not kept."""
    st.button(
        told("Keep the image and send it to a person", slug),
        icon=":material/person_search:",
        key=f"{where}.review",
        on_click=attempt,
        args=(slug, lambda: feedback.review(sample, answer.single, answer.model)),
        help=told(
            "The model is not sure. The image goes to the review list, on the terms above, until somebody answers.",
            slug,
        ),
    )


def doubtful(prediction: Single) -> bool:
    """Whether the model declined, or cannot choose between labels at the coverage asked for."""
    return prediction.abstained is not None or len(prediction.prediction_set) > 1


def _save(slug: str, where: str, sample: Sample, answer: Answer, said: str | None) -> None:
    state = st.session_state
    label = str(state.get(f"{where}.answer") or "") if said is None else said
    reason, keep = str(state.get(f"{where}.reason") or ""), bool(state.get(f"{where}.keep"))

    def store() -> Correction:
        stored = feedback.add(sample, answer.single, answer.model, answer=label, reason=reason, keep=keep)
        forget_regions(where)
        return stored

    attempt(slug, store)


def _show_said(slug: str, where: str, said: Correction) -> None:
    line, button = st.columns([4, 1], vertical_alignment="center")
    line.markdown(f":material/check: {_sentence(said)}")
    button.button(
        t("Undo"),
        icon=":material/undo:",
        key=f"{where}.undo",
        on_click=attempt,
        args=(slug, lambda: feedback.undo(said.id)),
        width="stretch",
    )
    if said.kept:
        until = said.kept_until.astimezone().strftime("%Y-%m-%d %H:%M")
        st.caption(told("The image is kept until {until} at the latest. Undo deletes it at once.", slug, until=until))
    else:
        st.caption(told("The image is not kept.", slug))


def _sentence(said: Correction) -> str:
    if said.kind == REVIEW:
        return t("Sent to a person. The case stands in the review list under Corrections.")
    if said.right:
        return t("Saved: the answer was right.")
    return t("Saved: wrong, the right answer is {answer}.", answer=escape(label_name(said.answer)))


def attempt(slug: str, action: Callable[[], Any]) -> None:
    """Do what a button asks for, as its callback; what goes wrong is shown by `show_trouble` in the next run."""
    try:
        action()
    except AppError as error:
        st.session_state[f"{slug}.correct_trouble"] = error


def show_trouble(slug: str) -> None:
    """Why the last `attempt` failed, once."""
    trouble = st.session_state.pop(f"{slug}.correct_trouble", None)
    if isinstance(trouble, AppError):
        show_error(trouble)
