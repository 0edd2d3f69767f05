"""What was measured, on which examples, of which model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from core.contracts.messages import Message


@dataclass(frozen=True)
class Metric:
    """A measured value with its 95 % interval and the number of examples behind it."""

    value: float
    low: float
    high: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        """Plain JSON form."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


@dataclass(frozen=True)
class DataInfo:
    """Which examples a number was measured on."""

    name: str
    split: str
    n: int
    fingerprint: str
    """sha256 over the ids, contents and targets of the examples, in order."""


@dataclass(frozen=True)
class Evaluation:
    """One row per test example, and the summary computed from it; every view of quality is a function of this.

    Columns for classification: `id` (N,) str, `truth` and `prediction` (N,) int, `scores` (N, K) float32,
    `abstained` (N,) bool, `domain_score` (N,) float32. Optional ones: `slice.<name>` (N,) str, what an example is like;
    `content` (N,) str, hashes of the inputs of a public data set; `amount` (N,) float, what is at stake; `customer`
    (N,) int and `day` (N,) int, whose transaction of which day a row is; `other.<name>` (N,) float32, scores of another
    model on the same rows; `seen` (N,) bool, whether the model was made from an example, or from others of its days.
    """

    labels: tuple[str, ...]
    table: Mapping[str, NDArray[Any]]
    summary: Mapping[str, Metric]
    data: DataInfo
    seed: int
    command: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Class names of the data that the model does not know, with the number of examples left out."""
    notices: tuple[Message, ...] = ()
    """What a reader of the figures has to know besides; not stored."""


@dataclass(frozen=True)
class Taught:
    """One correction that a fix learned from."""

    name: str
    """Of its sample."""
    label: str
    """The right answer."""
    before: float
    """Score of the right answer, 0 to 1."""
    after: float


@dataclass(frozen=True)
class Refit:
    """What a last layer fitted to a few corrections does, before and after, each on the same examples."""

    used: int
    """Corrections that it learned from."""
    left_out: Mapping[str, int]
    """Reason -> corrections that it could not learn from: `label` unknown, `measured` as a test or validation image."""
    declined: int
    """Of those used, how many the domain guard declines, before as after."""
    before: Metric
    """Share of them that were answered right."""
    after: Metric
    test_before: Evaluation
    test: Evaluation
    validation_before: Metric
    """Accuracy on the validation images, which chose the strength."""
    validation: Metric
    strength: float
    tolerance: float
    """Share of the validation images that the fix was allowed to cost."""
    taught: tuple[Taught, ...] = ()
    """What it learned from, one by one, where the task tells."""


@dataclass(frozen=True)
class ModelRef:
    """Which model gave an answer."""

    sector: str
    version: str
    """`bundled` or a number, as in `python -m core models`."""
    architecture: str
    sha256: str
