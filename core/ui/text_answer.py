"""One text from the choice to the answer: the verdict, the words that decided it, its sentences, and what if."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.contracts import N_, Decision, Sector, TextSample
from core.data.hard_words import hard_kinds
from core.errors import AppError
from core.intake.personal import NAMES
from core.intake.texts import count_characters
from core.serving.text_reading import TextReading
from core.ui.correct import show_correction
from core.ui.highlight import draw, plain, scale
from core.ui.i18n import t
from core.ui.labels import LANGUAGES, label_name
from core.ui.measured import once
from core.ui.operating import options_input
from core.ui.quality import champion_evaluation
from core.ui.score_line import show_measured_share
from core.ui.suite import champion_suite
from core.ui.text_asking import personal_data, reading_of
from core.ui.text_input import text_input
from core.ui.text_reasons import show_reasons, show_sentences
from core.ui.text_what_if import show_what_if
from core.ui.verdict import headline, read_at_all, zones_of
from core.ui.views import DEFAULT_COVERAGE, escape, say, show_error, show_origin, show_prediction_set

EMPTY: Final = "text.empty"
_HARD: Final = {
    "negation": N_(
        "There is a negation in it: of {n} lines of ours with one, this model reads {share:.0f} % right (95 % interval "
        "{low:.0f} to {high:.0f} %)."
    ),
    "but": N_(
        "It turns with a word like “but”: of {n} lines of ours that do, this model reads {share:.0f} % right (95 % "
        "interval {low:.0f} to {high:.0f} %)."
    ),
}
"""Slice of the suite -> what is said where a text is like its lines."""
_EDGES: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Of the scores for which is said what became of them on the test: neither label is rare."""


def show_texts(sector: Sector) -> None:
    """A sample or a text of the visitor's own, and everything that follows from it."""
    from core.data.sentiment_samples import SAMPLES

    sample = text_input(sector.slug, SAMPLES)
    if sample is None:
        st.caption(t("Choose a sample above, or type a text, to get an answer."))
        return
    result = st.container()
    point = t(
        "As trained, texts scored near one half are undecided. An operating point that you choose decides every text "
        "that is read, as its figures do: positive from the threshold on, negative below."
    )
    measured, validation = champion_evaluation(sector), champion_evaluation(sector, "validation")
    options = options_input(sector.slug, measured, validation, point)
    with result:
        try:
            _show(sector.slug, sample, options)
        except AppError as error:
            show_error(error)


def _show(slug: str, sample: TextSample, options: dict[str, Any]) -> None:
    reading = reading_of(slug, sample, options)
    prediction = reading.answer.classification
    words, why = st.columns([1, 1.4], gap="large")
    with words:
        _show_verdict(slug, reading, options)
        _show_hard(slug, sample)
        _show_facts(sample, reading)
        show_origin(reading.answer, sample)
        _show_personal_data(slug, sample)
    if read_at_all(prediction):
        with why:
            show_reasons(slug, sample, reading)
        show_sentences(slug, sample, reading)
        show_what_if(slug, sample, reading, options)
    else:
        with why:
            draw(plain(sample.text))
    if prediction.abstained is None or prediction.abstained.code != EMPTY:
        show_correction(slug, sample, reading.answer)


def _show_verdict(slug: str, reading: TextReading, options: dict[str, Any]) -> None:
    prediction = reading.answer.classification
    if not read_at_all(prediction):
        st.subheader(t("No answer"), anchor=False)
        if prediction.abstained is not None:
            st.warning(say(prediction.abstained.message), icon=":material/do_not_disturb_on:")
        return
    st.caption(t("The model reads this text as"))
    label = escape(label_name(prediction.labels[1])).lower()
    st.subheader(
        headline(prediction),
        anchor=False,
        help=t("Scores are calibrated: of 100 texts scored 80 % for {label}, about 80 should be {label}.", label=label),
    )
    score = float(prediction.scores[1])
    draw(scale(score, zones_of(prediction.labels, reading)))
    if options.get("threshold") is not None:
        percent = 100 * reading.threshold
        st.caption(t("Decided by your operating point: {label} from {percent:.2f} % on.", label=label, percent=percent))
    if prediction.abstained is not None:
        st.write(say(prediction.abstained.message))
    decision = Decision((prediction.labels[0], prediction.labels[1]), score, reading.threshold)
    show_measured_share(slug, decision, reading.answer.model, _EDGES)
    if prediction.decision is not None:
        show_prediction_set(prediction, options.get("coverage", DEFAULT_COVERAGE))


def _show_hard(slug: str, sample: TextSample) -> None:
    """What the version in use makes of our own lines that are hard in the way in which this text is."""
    kinds = hard_kinds(sample.text)
    suite = champion_suite(slug) if kinds else None
    if suite is None:
        return
    from core.training.slice_suite import by_slice

    for part in once(by_slice, suite):
        if part.name in kinds:
            right = part.accuracy
            figures = {"n": part.n, "share": 100 * right.value, "low": 100 * right.low, "high": 100 * right.high}
            st.caption(f":material/info: {t(_HARD[part.name], **figures)}")


def _show_facts(sample: TextSample, reading: TextReading) -> None:
    code = reading.answer.classification.abstained
    # Latin letters count as English; where the model does not know the words, only the letters are sure.
    unknown = reading.language == "en" and code is not None and code.code == "text.unknown"
    st.caption(
        t(
            "Language: {language}. Characters: {characters:,}. Sentences: {sentences}.",
            language=t("Latin letters") if unknown else t(LANGUAGES[reading.language]),
            characters=count_characters(sample.text),
            sentences=max(1, len(reading.sentences)),
        )
    )


def _show_personal_data(slug: str, sample: TextSample) -> None:
    """What would be masked if the visitor kept the text."""
    found = personal_data(slug, sample)
    if found:
        kinds = ", ".join(f"{t(NAMES[kind])}: {count}" for kind, count in found.items())
        st.caption(
            ":material/shield_lock: "
            + t("Personal data in this text: {kinds}. They are masked before anything of it is stored.", kinds=kinds)
        )
