"""Kinds of answer, each of which names itself by `kind`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.contracts.messages import Message, Reason
from core.contracts.rankings import Ranking


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


@dataclass(frozen=True)
class Region:
    """A part of an image that is unlike good parts."""

    left: float
    """Edges as shares of the image's width and height, from the left and from the top."""
    top: float
    right: float
    bottom: float
    area: float
    """Share of the image."""
    score: float
    """Highest score inside, in the units of the map."""


FALSE_ALARM_RATES: Final = (0.0001, 0.5)
"""Lowest and highest share of good parts called defective that can be asked for."""
Outcome: TypeAlias = Literal["ok", "unsure", "defect", "declined"]
"""What an inspection says of a part. Unsure: it stands at the limit, and a person has to look."""


@dataclass(frozen=True)
class AnomalyPrediction:
    """How unlike good parts one image is, and where."""

    verdict: Decision
    """Its score is no probability: 0.5 is the limit that was set when the model was made."""
    anomaly_map: NDArray[np.float32]
    """Shape (S, S), in [0, 1]: how unlike good parts each place is; to be stretched over the image."""
    map_threshold: float
    """Values of the map from which on a place belongs to a region."""
    regions: tuple[Region, ...]
    """Where the map passes its threshold, the highest score first."""
    unsure: tuple[float, float]
    """Scores between these two may be on either side of a limit that is known from few good parts only."""
    exceeded: int
    """Good parts, of `held_out`, that score lower than this image."""
    held_out: int
    domain_score: float = 0.0
    """How unlike the part is what the image shows as a whole; declined above 1.0."""

    @property
    def kind(self) -> str:
        """Name of this kind of answer; views are chosen by it."""
        return "anomaly"

    @property
    def labels(self) -> tuple[str, str]:
        """The ordinary answer and the one that is looked for."""
        return self.verdict.labels

    @property
    def scores(self) -> NDArray[np.float32]:
        """Shape (2,), in the order of `labels`."""
        return self.verdict.scores

    @property
    def decision(self) -> str | None:
        """The label at the threshold; None when the model abstains."""
        return self.verdict.decision

    @property
    def outcome(self) -> Outcome:
        """What is said of the part, in one word."""
        if self.abstained is not None:
            return "declined"
        if self.is_unsure:
            return "unsure"
        return "defect" if self.decision == self.labels[1] else "ok"

    @property
    def is_unsure(self) -> bool:
        """Whether the score lies where the limit is not certain."""
        return self.unsure[0] <= self.verdict.score < self.unsure[1]

    @property
    def prediction_set(self) -> tuple[str, ...]:
        """The decision alone, or both labels where the model is unsure."""
        return self.labels if self.is_unsure and self.decision else self.verdict.prediction_set

    @property
    def abstained(self) -> Reason | None:
        """Why there is no answer, if there is none."""
        return self.verdict.abstained


Single: TypeAlias = Classification | Decision | AnomalyPrediction
"""An answer about one input, which a person can call right or wrong."""


Prediction: TypeAlias = Single | Decisions | Ranking
"""Union of the kinds of answer; a new kind of task adds its own member."""
