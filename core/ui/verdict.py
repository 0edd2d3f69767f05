"""What a text is said to be, in three ways: negative, positive, or neither; words, colours and the scale of scores."""

from __future__ import annotations

from typing import Final

from core.contracts import Classification
from core.serving.text_reading import TextReading
from core.ui.highlight import Tone, Zone
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.views import escape

UNDECIDED: Final = "text.unsure"
"""Reason of a model that read a text and takes neither side; with any other it has not read it."""
_FACES: Final[dict[Tone, str]] = {
    "up": ":primary[:material/sentiment_satisfied:]",
    "mid": ":gray[:material/sentiment_neutral:]",
    "down": ":orange[:material/sentiment_dissatisfied:]",
}


def read_at_all(prediction: Classification) -> bool:
    """Whether the model has read the text, so that its words say something, even if it takes no side."""
    return prediction.abstained is None or prediction.abstained.code == UNDECIDED


def tone_of(prediction: Classification) -> Tone:
    """On which side an answer is."""
    if prediction.decision is None:
        return "mid"
    return "up" if prediction.decision == prediction.labels[1] else "down"


def headline(prediction: Classification) -> str:
    """The answer and how sure it is, as Markdown."""
    if prediction.decision is None:
        return f"{_FACES['mid']} {t('Neutral or undecided')}"
    return f"{_FACES[tone_of(prediction)]} {escape(sure(prediction))}"


def sure(prediction: Classification, digits: int = 1) -> str:
    """The label that was decided and its score, as plain text; no score is called certain."""
    decision = prediction.decision or ""
    score = float(prediction.scores[prediction.labels.index(decision)])
    most = 1 - 10.0 ** -(digits + 2)
    if score > most:
        return t("{label}, over {percent} %", label=label_name(decision), percent=f"{100 * most:.{digits}f}")
    return t("{label}, {percent} %", label=label_name(decision), percent=f"{100 * score:.{digits}f}")


def zones_of(labels: tuple[str, ...], reading: TextReading) -> list[Zone]:
    """The stretches of scores that lead to each answer.

    Two at an operating point that was chosen, else three, or four where a model's own threshold lies far from one half.
    """
    low, high = 0.5 - reading.unsure, 0.5 + reading.unsure
    ends = [low, high, 1.0] if reading.unsure else [1.0]
    if not (reading.unsure and low <= reading.threshold <= high) and 0 < reading.threshold < 1:
        ends = sorted([*ends, reading.threshold])
    zones, begin = [], 0.0
    for end in ends:
        middle = (begin + end) / 2
        if low < middle < high:
            zones.append(Zone(end, t("Undecided"), "mid"))
        elif middle >= reading.threshold:
            zones.append(Zone(end, label_name(labels[1]), "up"))
        else:
            zones.append(Zone(end, label_name(labels[0]), "down"))
        begin = end
    return zones
