"""Why a text is read as it is: its words marked by what each adds, how far to trust the marks, sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.contracts import N_, Faithfulness, TextSample, TokenAttribution
from core.explain.words import Words
from core.serving.text_reading import TextReading
from core.ui.highlight import Part, bars, draw, legend, listed, marked
from core.ui.i18n import language, t
from core.ui.labels import label_name
from core.ui.reasons import signed
from core.ui.text_asking import attribution_of, made_once, words_for
from core.ui.verdict import read_at_all, sure, tone_of
from core.ui.views import escape

STRONGEST: Final = 8
METHODS: Final = {
    "contributions": N_("Exact: the model is a sum over words"),
    "integrated_gradients": N_("Integrated gradients: along the way from an empty text"),
    "occlusion": N_("Occlusion: one word at a time is left out"),
}
_HOLDS: Final = 0.1
"""Gain of faithfulness from which marks say clearly more than chance."""
_RESIDUAL: Final = 0.005
"""What is left over is told from here on; below it is rounding."""


def show_reasons(slug: str, sample: TextSample, reading: TextReading) -> None:
    """The text with its words marked, how far to trust the marks, and the strongest words with what they add."""
    method = _method_input(slug, reading)
    attribution, words = words_in(slug, sample, reading, method)
    model, key = reading.answer.model, (sample.sha256, attribution.target, method)
    decided = reading.answer.classification.decision is not None
    st.caption(t("The words that decided") if decided else t("The words on both sides"))
    body = made_once(slug, ("marked", *key), model, lambda: marked(words))
    draw(body + legend(*_sides(reading)))
    show_faithfulness(attribution.faithfulness)
    rows = made_once(slug, ("strongest", *key), model, lambda: strongest(words))
    st.markdown(f"**{t('Strongest words')}**")
    draw(bars(rows, words.strongest))
    _show_sum(attribution, reading)


def words_in(slug: str, sample: TextSample, reading: TextReading, method: str) -> tuple[TokenAttribution, Words]:
    """Why the text is scored as it is, and its words with what each adds for the second label."""
    prediction, model = reading.answer.classification, reading.answer.model
    target = prediction.decision or prediction.labels[int(prediction.scores.argmax())]
    attribution = attribution_of(slug, sample, model, target, method)
    return attribution, words_for(slug, attribution, sample, model, prediction.labels[1])


def _method_input(slug: str, reading: TextReading) -> str:
    """How the words are found; asked only where the model offers a choice."""
    if len(reading.methods) == 1:
        return reading.methods[0]
    chosen = st.segmented_control(
        t("Method"),
        reading.methods,
        default=reading.methods[0],
        required=True,
        format_func=lambda name: t(METHODS[name]) if name in METHODS else escape(name),
        key=f"{slug}.text_method.{reading.answer.model.version}",
    )
    return str(chosen or reading.methods[0])


def _sides(reading: TextReading) -> tuple[str, str]:
    """What the marks mean, upwards and downwards."""
    down, up = (label_name(label) for label in reading.answer.classification.labels)
    return t("speaks for {label} (solid line)", label=up), t("speaks for {label} (dashed line)", label=down)


def show_faithfulness(faithfulness: Faithfulness | None) -> None:
    """How far to trust the marks, in words first and then in figures."""
    if faithfulness is None:
        st.caption(t("How faithful the marks are was not measured."))
        return
    gain = faithfulness.gain
    if gain > _HOLDS:
        verdict = t("The marks hold: striking out what they point at moves the score much faster than random words.")
    elif gain > 0:
        verdict = t(
            "The marks are weak: striking out what they point at moves the score little faster than random words."
        )
    else:
        verdict = t("Do not trust these marks: random words matter to the model as much as the marked ones.")
    figures = t(
        "Faithfulness {gain:+.2f} (above 0 is better than chance): area under the score curve when the marked words "
        "are struck out first {deletion:.2f}, in random order {random_deletion:.2f}; when they come back first "
        "{insertion:.2f}, in random order {random_insertion:.2f}; mean of {n_random} random orders.",
        gain=gain,
        deletion=faithfulness.deletion,
        random_deletion=faithfulness.random_deletion,
        insertion=faithfulness.insertion,
        random_insertion=faithfulness.random_insertion,
        n_random=faithfulness.n_random,
    )
    st.caption(verdict, help=figures)


def _show_sum(attribution: TokenAttribution, reading: TextReading) -> None:
    labels = reading.answer.classification.labels
    sign = 1.0 if attribution.target == labels[1] else -1.0
    base, total = sign * attribution.base, sign * attribution.total
    said = t(
        "All words together move the log odds of {label} from {base} to {total}. Method: {method}.",
        label=escape(label_name(labels[1])).lower(),
        base=signed(base),
        total=signed(total),
        method=t(METHODS[attribution.method]) if attribution.method in METHODS else escape(attribution.method),
    )
    if abs(attribution.residual) > _RESIDUAL:
        said += " " + t("The method leaves {residual} unexplained.", residual=signed(sign * attribution.residual))
    st.caption(said)


def strongest(words: Words, count: int = STRONGEST) -> list[tuple[str, float]]:
    """The words that add most, all places of a word together, from the most positive to the most negative."""
    sums: dict[str, float] = {}
    places: dict[str, list[int]] = {}
    for place, added in enumerate(words.contributions.tolist()):
        word = words.word(place).casefold()
        sums[word] = sums.get(word, 0.0) + added
        places.setdefault(word, []).append(place)
    ranked = sorted(sums, key=lambda word: -abs(sums[word]))[:count]
    return [(words.title(places[word]), sums[word]) for word in sorted(ranked, key=lambda word: -sums[word])]


def show_sentences(slug: str, sample: TextSample, reading: TextReading) -> None:
    """What the model says of each sentence; nothing of a text with only one."""
    if not reading.sentences:
        return
    key = ("sentences", sample.sha256, language(), reading.threshold, reading.unsure)
    st.markdown(f"**{t('Sentence by sentence')}**")
    draw(made_once(slug, key, reading.answer.model, lambda: listed(sentence_parts(sample.text, reading))))
    st.caption(t("Each sentence is read on its own, so that sentences can differ from the text as a whole."))


def sentence_parts(text: str, reading: TextReading) -> Sequence[Part]:
    """Every sentence with its own answer."""
    parts = []
    for one in reading.sentences:
        prediction = one.answer
        if prediction.decision is not None:
            title = sure(prediction, digits=0)
        else:
            title = t("Undecided") if read_at_all(prediction) else t("No answer")
        parts.append(Part(title, text[one.start : one.end], tone_of(prediction)))
    return parts
