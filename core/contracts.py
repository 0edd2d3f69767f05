"""The words that every part of Vitrine shares: plain frozen data and small protocols.

Imports nothing but the standard library and numpy, so that pages can use it without paying for torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

In_contra = TypeVar("In_contra", contravariant=True)
Out = TypeVar("Out")


def N_(template: str) -> str:
    """Mark `template` for the message catalogue without translating it yet."""
    return template


@dataclass(frozen=True)
class Message:
    """A sentence for a visitor: an English template (the catalogue's key) and the values to put into it.

    `str(message)` is the English sentence; pages translate the template first.
    """

    template: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.params)


@dataclass(frozen=True)
class Preset:
    """Named pretrained or bundled weights."""

    name: str
    kind: Literal["bundled", "hub"]
    source: str
    """Folder below assets/models for a bundled preset, `timm` architecture tag for a hub preset."""
    licence: str
    summary: str


@dataclass(frozen=True)
class Sector:
    """What the visitor sees: one page about one kind of problem."""

    slug: str
    title: str
    icon: str
    section: str
    task: str
    summary: str
    presets: tuple[Preset, ...]
    default_data: str
    headline_metric: str
    notice: str = ""
    """A sentence that stands above every result and in every export; empty when the sector needs none."""
    reads: Literal["images", "transactions"] = "images"
    """What a visitor sends, and what its data sets hold; forms, command line and JSON routes are chosen by it."""
    sections: tuple[str, ...] = ("answer", "why", "corrections", "improve", "quality", "drift", "card")
    """Parts of its page, in order; their titles are in `core.ui.sections`."""
    metrics: tuple[str, ...] = (
        "auroc",
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "average_precision",
        "ece",
        "declined",
    )
    """Metrics shown on its pages, in order."""


@dataclass(frozen=True)
class ImageSample:
    """One image as the intake lets it through: upright, 8 bit, RGB, first frame.

    `pixels` has shape (H, W, 3), dtype uint8. `notices` says what was converted on the way.
    """

    name: str
    pixels: NDArray[np.uint8]
    sha256: str
    notices: tuple[Message, ...] = ()
    removed_tags: tuple[str, ...] = ()
    """Names (never values) of metadata fields that were dropped."""


@dataclass(frozen=True)
class TransactionCase:
    """One transaction as a person judges it: what the model saw of it, and nothing else."""

    name: str
    values: Mapping[str, float | str]
    """Features by name, with `amount` and `time`; what a correction keeps when its visitor agreed."""
    sha256: str
    notices: tuple[Message, ...] = ()
    removed_tags: tuple[str, ...] = ()


Sample: TypeAlias = ImageSample | TransactionCase
"""What a visitor can judge and a correction can keep."""


@dataclass(frozen=True)
class Refusal:
    """An input, or one entry of a larger input, that was not taken."""

    name: str
    code: str
    message: Message
    hint: Message


@dataclass(frozen=True)
class Reason:
    """Why a model abstains."""

    code: str
    message: Message


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


Prediction: TypeAlias = Classification | Decision | Decisions
"""Union of the kinds of answer; a new kind of task adds its own member."""


@dataclass(frozen=True)
class Faithfulness:
    """Does the map point at what the model uses? Areas under the score curve, all in [0, 1].

    Deletion removes the most important pixels first (lower is better), insertion brings them first (higher is
    better); the `random_` fields are the same with pixels in random order, mean over `n_random` orders.
    Source: Petsiuk et al., RISE, BMVC 2018, arXiv:1806.07421.
    """

    deletion: float
    insertion: float
    random_deletion: float
    random_insertion: float
    n_random: int

    @property
    def gain(self) -> float:
        """(insertion - deletion) minus the same for random order; above 0 the map beats chance."""
        return (self.insertion - self.deletion) - (self.random_insertion - self.random_deletion)


@dataclass(frozen=True)
class Heatmap:
    """Importance of every pixel for one label; `values` has shape (H, W), float32 in [0, 1]."""

    values: NDArray[np.float32]
    method: str
    target: str
    faithfulness: Faithfulness | None = None

    @property
    def kind(self) -> str:
        """Name of this kind of explanation; views are chosen by it."""
        return "heatmap"


@dataclass(frozen=True)
class FeatureAttribution:
    """What every feature adds to the raw score (log odds, before calibration) of one row; all arrays (F,)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    """Of the features, in their own units; NaN where the feature is unknown."""
    contributions: NDArray[np.float64]
    base: float
    """Raw score of the reference that the contributions start from."""
    total: float
    """Raw score of the row; `base` and the contributions add up to it, see `residual`."""
    method: str
    reasons: tuple[Message, ...] = ()
    """A sentence for each feature in the order of `names`."""

    @property
    def kind(self) -> str:
        """Name of this kind of explanation; views are chosen by it."""
        return "features"

    @property
    def residual(self) -> float:
        """What the contributions leave unexplained of the raw score."""
        return self.total - self.base - float(self.contributions.sum())


Explanation: TypeAlias = Heatmap | FeatureAttribution
"""Union of the kinds of explanation; a new kind of task adds its own member."""


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
    model on the same rows.
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


@dataclass(frozen=True)
class ModelRef:
    """Which model gave an answer."""

    sector: str
    version: str
    """`bundled` or a number, as in `python -m core models`."""
    architecture: str
    sha256: str


class Predictor(Protocol[In_contra, Out]):
    """A loaded model. `size_bytes` is what it costs on its device."""

    size_bytes: int

    def predict(self, inputs: Sequence[In_contra]) -> list[Out]:
        """Answer a batch; the result has one entry per input, in order."""
        ...


class RunContext(Protocol):
    """What a training routine may know of the world: a folder, a seed, a way to report and a wish to stop."""

    directory: Path
    seed: int
    data_name: str
    """What the data is called on the page; empty for the name of its file."""

    def stage(self, name: str) -> None:
        """Say which stage begins (`read`, `check`, `train`, `calibrate`, `evaluate`, `register`)."""
        ...

    def report(self, step: int, total: int, **metrics: float) -> None:
        """Say how far the stage is, with the values measured at this step."""
        ...

    def should_stop(self) -> bool:
        """True once somebody asked for the run to be cancelled."""
        ...


class Task(Protocol):
    """A kind of machine-learning problem. One object per task, found by `core.tasks.load_task(name)`."""

    name: ClassVar[str]
    config_type: ClassVar[type]
    headline_metric: ClassVar[str]

    def load(self, checkpoint: Path, device: str) -> Predictor[Any, Any]:
        """Load a verified checkpoint folder; raises `ModelRefused` when it cannot be trusted."""
        ...

    def train(self, config: Any, data: Path, run: RunContext) -> Path:
        """Train on `data`, write a complete checkpoint folder below `run.directory` and return it."""
        ...

    def evaluate(self, predictor: Any, data: Path, columns: Mapping[str, str] | None = None) -> Evaluation:
        """Measure a predictor on a data path (its test split where it has one).

        `columns` names columns of a table by their role where they cannot be guessed.
        """
        ...

    def summarise(self, evaluation: Evaluation) -> dict[str, Metric]:
        """The metrics of a table that came of `evaluate`, or of some of its rows."""
        ...


class Explains(Protocol):
    """Optional side of a task; the page offers explanations only where it is present."""

    methods: ClassVar[tuple[str, ...]]

    def explain(self, predictor: Any, sample: Any, target: str, method: str) -> Explanation:
        """Say why `predictor` scores `target` as it does on `sample`."""
        ...


class Probed(Protocol):
    """Optional side of a task; its models can be timed without data."""

    def probe(self) -> Any:
        """An input of ordinary size for `Predictor.predict`, made up and always the same."""
        ...


class Refits(Protocol):
    """Optional side of a task; the page offers a quick fix from corrections only where it is present."""

    def refit(
        self, predictor: Any, checkpoint: Path, examples: Sequence[tuple[Any, str]], target: Path, tolerance: float
    ) -> Refit:
        """Fit the last layer of a loaded checkpoint to (input, right label) pairs and write a checkpoint to `target`.

        `tolerance` is the share of the validation images by which right answers may become fewer.

        Raises `InputRefused` when there is nothing to learn from or nothing to measure it on.
        """
        ...
