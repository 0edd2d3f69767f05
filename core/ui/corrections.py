"""What visitors said: cases for a person, the list of corrections, and whether the next training learns from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core import access
from core.catalog import SECTORS
from core.contracts import ImageSample, Outline, Sample, Sector, TransactionCase
from core.errors import AppError
from core.store import feedback
from core.store.corrections_export import texts_csv
from core.store.feedback import CORRECTION, REVIEW, Correction
from core.ui.beginnings import beginning
from core.ui.correct import answer_input, attempt, kept_sentence, show_trouble
from core.ui.draw_region import forget_regions, outlined
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.part_correct import part_input
from core.ui.pictures import kept_picture, show_picture
from core.ui.views import escape, for_display, show_error
from core.ui.wording import told

CASES_SHOWN: Final = 4
"""Open cases drawn at once, the oldest first."""
LONG: Final = 400
TEXT_HEIGHT: Final = 200
"""A kept text of more characters is shown in so many pixels, with a bar to scroll."""


def show_corrections(sector: Sector) -> None:
    """The review list and the corrections of a sector, for a section of their own."""
    slug = sector.slug
    try:
        entries = feedback.corrections(slug)
    except AppError as error:
        show_error(error)
        return
    st.subheader(t("Corrections"), anchor=False)
    show_trouble(slug)
    _show_cases(slug, [entry for entry in entries if entry.kind == REVIEW and not entry.undone])
    corrections = [entry for entry in entries if entry.kind == CORRECTION or entry.undone]
    if not corrections:
        st.caption(t("Nothing was corrected yet. Below every answer you can say whether it is right."))
        return
    _show_list(slug, corrections)


def corrections_input(slug: str) -> bool:
    """Whether the training learns from the kept corrections too; asked only when there are some."""
    try:
        count = len(feedback.kept(slug))
    except AppError:  # the training does not need them
        count = 0
    if not count:
        return False
    return st.toggle(
        t("Learn from the {count:,} kept corrections too", count=count),
        key=f"{slug}.with_corrections",
        persist_state="session",
        help=told("They join the training images only. What is among the test or validation images is left out.", slug),
    )


def _show_cases(slug: str, cases: Sequence[Correction]) -> None:
    if not cases:
        return
    st.markdown(f"**{t('For a person: {count:,} open cases', count=len(cases))}**")
    st.caption(
        told("The model declined these images or could not choose. An answer makes a correction of the case.", slug)
    )
    for case in list(reversed(cases))[:CASES_SHOWN]:
        with st.container(border=True):
            _show_case(slug, case)


def _show_case(slug: str, case: Correction) -> None:
    picture, words = st.columns([1, 2], gap="medium")
    with picture:
        _show_kept(slug, case, "stretch")
    with words:
        st.caption(f"{_time(case)} · {t('version {number}', number=escape(case.version))}")
        st.write(_scores(slug, case))
        if access.allowed("presenter"):
            _answer_input(slug, case)
        _button(slug, "delete_case", t("Delete the case"), case, feedback.delete)


def _show_kept(slug: str, entry: Correction, width: int | Literal["stretch"]) -> None:
    """The picture, the text, or what is kept of a row of a table."""
    try:
        if entry.of_text:
            _show_text(feedback.kept_text(entry))
            return
        if entry.of_table:
            _show_values(f"{slug}.kept.{entry.id}", feedback.kept_sample(entry))
            return
        shown = kept_picture(slug, ("kept", entry.id), lambda: _pixels(feedback.kept_sample(entry)))
    except AppError as error:
        show_error(error)
        return
    show_picture(shown, t("The kept image"), width=width)


def _show_text(text: str) -> None:
    """A text character for character: nothing in it is read as Markdown or HTML."""
    st.code(text, language=None, wrap_lines=True, height=TEXT_HEIGHT if len(text) > LONG else "content")


def _show_values(key: str, sample: Sample) -> None:
    if not isinstance(sample, TransactionCase):
        raise TypeError("no row of a table")
    values = [value if isinstance(value, str) else f"{value:g}" for value in sample.values.values()]
    table = {t("Feature"): list(sample.values), t("Value"): values}
    st.dataframe(table, hide_index=True, height=min(38 + 35 * len(values), 248), key=key)


def _pixels(sample: Sample) -> NDArray[np.uint8]:
    if not isinstance(sample, ImageSample):
        raise TypeError("no image")
    return outlined(for_display(sample.pixels, 320), sample.marked)


def _scores(slug: str, case: Correction) -> str:
    """What the model thought, as Markdown; the score of a part is no probability."""
    if _of_parts(slug):
        return t("Score {score:.3f}; 0.5 was the limit when the model was made.", score=list(case.scores.values())[1])
    scores = sorted(case.scores.items(), key=lambda pair: -pair[1])[:5]
    return " · ".join(f"{escape(label_name(label))} {100 * score:.1f} %" for label, score in scores)


def _of_parts(slug: str) -> bool:
    return any(entry.slug == slug and entry.reads == "parts" for entry in SECTORS)


def _answer_input(slug: str, case: Correction) -> None:
    key = f"{slug}.case.{case.id}"
    if not _of_parts(slug):
        _answer_form(slug, case, key)
        return
    try:
        sample = feedback.kept_sample(case)
    except AppError as error:
        show_error(error)
        return
    if isinstance(sample, ImageSample) and (said := part_input(slug, key, sample, list(case.scores))) is not None:
        _answer_form(slug, case, key, said[1], said[0].marked)


def _answer_form(
    slug: str, case: Correction, key: str, said: str | None = None, marked: tuple[Outline, ...] = ()
) -> None:
    """What else belongs to the answer of a case; the right label too where it was not `said`."""
    with st.form(key, border=False):
        if said is None:
            answer_input(f"{key}.answer", list(case.scores))
        st.text_input(t("Reason, if you like"), max_chars=feedback.REASON_LENGTH, key=f"{key}.reason")
        st.form_submit_button(t("Answer"), on_click=_answer, args=(slug, case.id, key, said, marked))


def _answer(slug: str, case_id: str, key: str, said: str | None, marked: tuple[Outline, ...]) -> None:
    answer, reason = said or st.session_state.get(f"{key}.answer"), st.session_state.get(f"{key}.reason")
    attempt(slug, lambda: feedback.answer_case(case_id, str(answer or ""), str(reason or ""), marked))
    forget_regions(key)


def _show_list(slug: str, corrections: Sequence[Correction]) -> None:
    standing = [entry for entry in corrections if not entry.undone]
    st.caption(
        told(
            "Corrections: {count:,}; the model was wrong: {wrong:,}; images kept to learn from: {kept:,}.",
            slug,
            count=len(standing),
            wrong=sum(not entry.right for entry in standing),
            kept=sum(entry.kept for entry in standing),
        )
    )
    st.caption(kept_sentence(slug))
    texts = {entry.id: beginning(entry) for entry in corrections} if any(each.of_text for each in corrections) else {}
    rows = [_row(slug, entry, texts) for entry in corrections]
    st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 248), key=f"{slug}.corrections")
    chosen = st.selectbox(
        t("Take back or delete"),
        corrections,
        format_func=lambda entry: _choice(entry, texts),
        key=f"{slug}.chosen_correction",
    )
    if chosen.kept:
        _show_kept(slug, chosen, 160)
    with st.container(horizontal=True):
        _button(slug, "undo_correction", t("Undo"), chosen, feedback.undo, disabled=chosen.undone)
        _button(slug, "delete_correction", t("Delete"), chosen, feedback.delete)
        if any(entry.of_text for entry in standing):
            _download(slug)
    st.caption(told("Undo deletes the image and leaves a line in the list; delete removes the line as well.", slug))


def _download(slug: str) -> None:
    st.download_button(
        t("Download the kept texts as CSV"),
        data=lambda: texts_csv(slug),
        file_name=f"vitrine-{slug}-corrections.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{slug}.corrections_file",
        on_click="ignore",
    )


def _button(slug: str, name: str, title: str, entry: Correction, action: Any, **options: Any) -> None:
    st.button(
        title, key=f"{slug}.{name}.{entry.id}", on_click=attempt, args=(slug, lambda: action(entry.id)), **options
    )


def _choice(entry: Correction, texts: Mapping[str, str]) -> str:
    """A correction in the list of choices, which reads no Markdown; `texts` as for `_row`."""
    said = f"{_time(entry)} · {_name(entry.decision)} → {_name(entry.answer)}"
    return f"{said} · {texts[entry.id]}" if entry.of_text else said


def _row(slug: str, entry: Correction, texts: Mapping[str, str]) -> dict[str, Any]:
    """A line of the table; `texts` are the beginnings of the kept texts by correction, empty where there are none."""
    verdict = t("right") if entry.right else t("wrong")
    return {
        t("When"): _time(entry),
        **({t("Text"): texts[entry.id]} if texts else {}),
        t("State"): t("undone") if entry.undone else verdict,
        t("The model said"): _name(entry.decision),
        t("The right answer"): _name(entry.answer),
        t("Reason"): entry.reason,
        told("Image kept until", slug): entry.kept_until.astimezone().strftime("%Y-%m-%d %H:%M") if entry.kept else "–",
        t("Version"): entry.version,
        t("Said by"): entry.actor,
    }


def _name(label: str) -> str:
    return label_name(label) if label else t("No answer")


def _time(entry: Correction) -> str:
    return entry.created.astimezone().strftime("%Y-%m-%d %H:%M")
