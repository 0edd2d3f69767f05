"""What a task is, what it may know of a run, and its optional sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from core.contracts.evaluations import Evaluation, Metric, Refit
from core.contracts.explanations import Explanation
from core.contracts.messages import Message

In_contra = TypeVar("In_contra", contravariant=True)


Out = TypeVar("Out")


class Predictor(Protocol[In_contra, Out]):
    """A loaded model. `size_bytes` is what it costs on its device."""

    size_bytes: int

    def predict(self, inputs: Sequence[In_contra]) -> list[Out]:
        """Answer a batch; the result has one entry per input, in order."""
        ...


class ThreadSafe(Protocol):
    """Optional side of a predictor: any number of calls may run at once, none of which changes what others read.

    Whatever inside it has to go one at a time, it guards itself. Calls of a predictor without this go one at a time.
    """

    thread_safe: ClassVar[Literal[True]]


class Remarks(Protocol):
    """Optional side of a predictor: what has to be said of an input beside its answer."""

    def remarks(self, inputs: Sequence[Any]) -> list[tuple[Message, ...]]:
        """Sentences about each input, in order; mostly none."""
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

    def evaluate(
        self,
        predictor: Any,
        data: Path,
        columns: Mapping[str, str] | None = None,
        like: Evaluation | None = None,
    ) -> Evaluation:
        """Measure a predictor on a data path (its test split where it has one).

        Args:
            predictor: Of this task.
            data: Examples with their true labels.
            columns: Names columns of a table by their role where they cannot be guessed.
            like: An evaluation whose very examples are to be measured, by their ids, whatever the predictor's own
                split makes of them: two versions may have been split otherwise. Examples that `data` lacks are left
                out.

        Raises:
            InputRefused: `data` cannot be read, or hold nothing to measure on.
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


class Suited(Protocol):
    """Optional side of a task; its versions are also measured on a frozen suite of our own, slice by slice."""

    def suite(self, predictor: Any) -> Evaluation:
        """Measure on the suite; the column `slice.suite` names the slice of each example."""
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
