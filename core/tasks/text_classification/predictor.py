"""A loaded text classifier: units, n-grams, table, calibrated scores, a decision or a reason to decline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.contracts import N_, Classification, Message, Reason, TextSample
from core.data.texts import LABELS
from core.store.sealed import unreadable
from core.tasks.text_classification.checkpoint import read_checkpoint
from core.tasks.text_classification.language import NONE, OTHER_SCRIPT
from core.tasks.text_classification.model import Reading
from core.training.calibration import conformal_quantile, prediction_set

UNSURE = 0.1
"""Scores closer than this to one half are no decision."""
_SENTENCE = re.compile(r"[^.!?。！？；…\n]*(?:[.!?。！？；…\n]+[\"'”’」』)]*|$)")


@dataclass(frozen=True)
class Answers:
    """What the model says of a batch; arrays (N,)."""

    scores: NDArray[np.float32]
    """Calibrated probability of the second label."""
    reading: Reading
    domain: NDArray[np.float32]
    """Share of unknown words by its limit: above 1 the model declines."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a longer text, read on its own."""

    start: int
    end: int
    """Character offsets in the text; blanks at both ends are left out."""
    answer: Classification


class TextPredictor:
    """Answers batches of texts. Thread-safe for reading; the serving pool holds one lock per model."""

    labels = LABELS

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        manifest, self.model, self.limits = read_checkpoint(folder)
        self.device = device
        try:
            self.architecture = str(manifest["architecture"])
            self.threshold = float(manifest["threshold"]["value"])
            self.trained_on = str(manifest["data"]["fingerprint"])
            self.seed = int(manifest["seed"])
            config = manifest["config"]
            self.shares = {part: float(config[f"{part}_share"]) for part in ("validation", "test")}
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(error) from error
        table = self.model.table
        self.size_bytes = table.checks.nbytes + table.weights.nbytes

    def answers(self, texts: Sequence[str]) -> Answers:
        """Scores of any number of texts, as arrays; the quick way for large tables."""
        reading = self.model.read(texts)
        scores = np.asarray(expit(self.model.log_odds(reading)), np.float32)
        domain = np.asarray((1.0 - reading.known) / self.limits.unknown, np.float32)
        return Answers(scores, reading, domain)

    def predict(
        self, inputs: Sequence[TextSample], coverage: float = 0.9, threshold: float | None = None
    ) -> list[Classification]:
        """Answer a batch of texts.

        Args:
            inputs: As the intake returns them.
            coverage: Share of true labels that the prediction sets should hold, in (0, 1).
            threshold: Operating point on the score of the second label; None means the model's own.
        """
        found = self.answers([sample.text for sample in inputs])
        limit = self.threshold if threshold is None else threshold
        quantile = conformal_quantile(self.limits.conformal, coverage)
        answers = []
        for place, score in enumerate(found.scores):
            row = np.array([1 - score, score], np.float32)
            reason = reason_of(found, place)
            answers.append(
                Classification(
                    labels=LABELS,
                    scores=row,
                    decision=None if reason else LABELS[int(score >= limit)],
                    prediction_set=tuple(LABELS[k] for k in prediction_set(row, quantile)),
                    abstained=reason,
                    domain_score=float(found.domain[place]),
                )
            )
        return answers

    def sentences(self, text: str) -> list[Sentence]:
        """Every sentence of a text, read on its own."""
        spans = sentence_spans(text)
        answers = self.predict([TextSample("", text[start:end], "") for start, end in spans])
        return [Sentence(start, end, answer) for (start, end), answer in zip(spans, answers, strict=True)]


def declined(found: Answers) -> NDArray[np.bool_]:
    """Which texts of a batch the model gives no decision on, (N,); the same as `reason_of` for each."""
    reading = found.reading
    unread = (reading.sizes == 0) | (reading.languages == OTHER_SCRIPT) | (reading.known == 0) | (found.domain > 1)
    return np.asarray(unread | (np.abs(found.scores - 0.5) < UNSURE))


def reason_of(found: Answers, place: int) -> Reason | None:
    """Why the model gives no decision on a text; None when it does."""
    reading = found.reading
    if reading.sizes[place] == 0 or (reading.languages[place] == NONE and reading.known[place] == 0):
        return Reason("text.empty", Message(N_("There are no words in this text.")))
    if reading.languages[place] == OTHER_SCRIPT:
        return Reason(
            "text.language", Message(N_("The text is neither English nor Chinese; this model knows no other."))
        )
    if found.domain[place] > 1 or reading.known[place] == 0:
        return Reason(
            "text.unknown",
            Message(
                N_("The model knows only {share:.0%} of the words: another language, or a text of another kind."),
                {"share": float(reading.known[place])},
            ),
        )
    if abs(float(found.scores[place]) - 0.5) < UNSURE:
        return Reason("text.unsure", Message(N_("The words speak for both sides, or for neither.")))
    return None


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Beginnings and ends of the sentences of a text, without blanks around them."""
    spans = []
    for found in _SENTENCE.finditer(text):
        sentence = found.group()
        start = found.start() + len(sentence) - len(sentence.lstrip())
        end = found.start() + len(sentence.rstrip())
        if end > start:
            spans.append((start, end))
    return spans
