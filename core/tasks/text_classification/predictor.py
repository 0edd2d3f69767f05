"""What every loaded text classifier can do, whatever its architecture: answer, read sentence by sentence, explain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Classification, Message, TextSample, TokenAttribution
from core.data.sentences import sentence_spans
from core.data.texts import LABELS
from core.store.sealed import unreadable
from core.tasks.text_classification.answers import Answers, Sentence, at_operating_point, reason_of
from core.training.calibration import conformal_quantile, prediction_set


class TextModelPredictor(ABC):
    """Answers batches of texts; an architecture adds `answers` and `explain`.

    Several calls may run at once: nothing is written after the loading.
    """

    labels = LABELS
    thread_safe: ClassVar[Literal[True]] = True
    methods: ClassVar[tuple[str, ...]]
    """Names of its explanations, the usual one first."""

    def __init__(
        self, manifest: Mapping[str, Any], conformal: NDArray[np.float64], size_bytes: int, device: str = "cpu"
    ) -> None:
        """Take what all architectures say in their manifest.

        Args:
            manifest: As `manifest_of` wrote it.
            conformal: One minus the score of the true class of the validation texts, ascending.
            size_bytes: What the weights cost on their device.
            device: Where they are.

        Raises:
            ModelRefused: The manifest lacks something.
        """
        self.conformal, self.size_bytes, self.device = conformal, size_bytes, device
        try:
            self.architecture = str(manifest["architecture"])
            self.threshold = float(manifest["threshold"]["value"])
            self.trained_on = str(manifest["data"]["fingerprint"])
            self.seed = int(manifest["seed"])
            config = manifest["config"]
            self.shares = {part: float(config[f"{part}_share"]) for part in ("validation", "test")}
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(error) from error

    @abstractmethod
    def answers(self, texts: Sequence[str]) -> Answers:
        """Scores of any number of texts, as arrays; the quick way for large tables."""

    def shares_read(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Share of each text that the model reads, (N,) in [0, 1]; below 1 where the end of a long one is left out."""
        return np.ones(len(texts))

    def remarks(self, inputs: Sequence[TextSample]) -> list[tuple[Message, ...]]:
        """Says of which texts only a part was read; see `Remarks`."""
        shares = self.shares_read([sample.text for sample in inputs])
        cut = N_("The text is longer than the model reads: only its first {share:.0%} count.")
        return [(Message(cut, {"share": float(share)}),) if share < 1 else () for share in shares]

    @abstractmethod
    def explain(self, text: str, target: str, method: str) -> TokenAttribution:
        """What every word adds to the log odds of `target`, one of `labels`; `method` is one of `methods`."""

    def predict(
        self, inputs: Sequence[TextSample], coverage: float = 0.9, threshold: float | None = None
    ) -> list[Classification]:
        """Answer a batch of texts.

        Args:
            inputs: As the intake returns them.
            coverage: Share of true labels that the prediction sets should hold, in (0, 1).
            threshold: Operating point on the score of the second label, which leaves no score undecided; None means
                the model's own.
        """
        found = self.answers([sample.text for sample in inputs])
        limit = self.threshold
        if threshold is not None:
            found, limit = at_operating_point(found), threshold
        quantile = conformal_quantile(self.conformal, coverage)
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

    def sentences(self, text: str, coverage: float = 0.9, threshold: float | None = None) -> list[Sentence]:
        """Every sentence of a text, read on its own; arguments as for `predict`."""
        spans = sentence_spans(text)
        parts = [TextSample("", text[start:end], "") for start, end in spans]
        answers = self.predict(parts, coverage, threshold)
        return [Sentence(start, end, answer) for (start, end), answer in zip(spans, answers, strict=True)]
