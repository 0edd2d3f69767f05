"""Kinds of answer, each of which names itself by `kind`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.contracts.messages import Message, Reason


@dataclass(frozen=True)
class Classification:
    """Calibrated class scores for one input and what follows from them."""

    labels: tuple[str, ...]
    scores: NDArray[np.float32]
    """Shape (K,), sums to one, in the order of `labels`."""
    decision: str | None
    """The label at the chosen operating point; None when the model abstains."""
    prediction_set: tuple[str, ...]
    """Conformal set: holds the true label with at least the chosen coverage on data like the calibration data."""
    abstained: Reason | None = None
    domain_score: float = 0.0
    """Distance from the training data, 1.0 at the limit above which the model declines."""

    @property
    def kind(self) -> str:
        """Name of this kind of answer; views are chosen by it."""
        return "classification"


@dataclass(frozen=True)
class Decision:
    """One score against a threshold, such as of a single transaction."""

    labels: tuple[str, str]
    """The ordinary answer and the one that is looked for."""
    score: float
    """Calibrated probability of the second label, in [0, 1]."""
    threshold: float
    abstained: Reason | None = None

    @property
    def kind(self) -> str:
        """Name of this kind of answer; views are chosen by it."""
        return "decision"

    @property
    def decision(self) -> str | None:
        """The label at the threshold; None when the model abstains."""
        return None if self.abstained else self.labels[int(self.score >= self.threshold)]

    @property
    def scores(self) -> NDArray[np.float32]:
        """Shape (2,), in the order of `labels`."""
        return np.array([1 - self.score, self.score], np.float32)

    @property
    def prediction_set(self) -> tuple[str, ...]:
        """The decision alone; there is no conformal set for a threshold."""
        return (self.decision,) if self.decision else ()


@dataclass(frozen=True)
class Decisions:
    """Scores of all rows of one table against one threshold."""

    labels: tuple[str, str]
    scores: NDArray[np.float32]
    """Shape (N,), calibrated probability of the second label for every row that was to be scored."""
    threshold: float
    notices: tuple[Message, ...] = ()
    """How the table differs from what the model learned from."""
    abstained: Reason | None = None

    @property
    def kind(self) -> str:
        """Name of this kind of answer; views are chosen by it."""
        return "decisions"

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Shape (N,): which rows reach the threshold."""
        return np.asarray(self.scores >= self.threshold)

    def row(self, place: int) -> Decision:
        """The answer for one row."""
        return Decision(self.labels, float(self.scores[place]), self.threshold, self.abstained)


Single: TypeAlias = Classification | Decision
"""An answer about one input, which a person can call right or wrong."""


Prediction: TypeAlias = Single | Decisions
"""Union of the kinds of answer; a new kind of task adds its own member."""
