"""Does a model overfit, and would more data help? Answered from controls that cost seconds, in words and figures.

Nothing here looks at test examples: what a visitor decides after reading it must not be tuned on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.contracts import N_, Message, Metric
from core.training.metrics import balanced_accuracy_of, bootstrap, mean_of, share, whole

Array = NDArray[Any]
Answer: TypeAlias = Literal["yes", "no", "unknown"]
SHARES = (0.25, 0.5, 1.0)
"""Parts of the training examples that the curve is measured at."""
REPEATS = 3
"""Draws of each smaller part."""
SHUFFLES = 6
"""Shuffles of the labels: enough for an interval over them."""
GAP = 0.05
"""Training above validation accuracy by more than this, beyond chance, is called overfitting."""
GAIN = 0.01
"""Doubling the data is called useless when it is shown to bring less accuracy than this."""
LEAK = 0.05
"""Shuffled labels may not be told on validation by more than this above guessing."""
PENALTY = 0.01
"""Inverse strength of the head's penalty, on standardised features; fixed, so that nothing is chosen on validation."""


@dataclass(frozen=True)
class Point:
    """The head on a part of the training examples: its share right on all validation examples."""

    n: int
    accuracy: Metric


@dataclass(frozen=True)
class Curve:
    """Learning curve of a linear head on frozen features, and what shuffled labels do to it."""

    features: str
    """Which network made the features."""
    points: tuple[Point, ...]
    doubling: Metric
    """Accuracy at all training examples minus that at half of them, on the same validation examples."""
    shuffled: Metric
    """Balanced accuracy on validation after learning shuffled labels."""
    chance: float
    memorised: float
    """Share of the shuffled labels that the head could learn by heart."""


@dataclass(frozen=True)
class Diagnosis:
    """Everything behind the verdict, as it is kept in a manifest."""

    train: Metric
    """Share right of training examples, as they are, without augmentation."""
    validation: Metric
    gap: Metric
    """Training minus validation accuracy, Newcombe's interval."""
    curve: Curve | None
    """None where no network has features that never saw these labels."""

    @property
    def overfits(self) -> Answer:
        """Whether the gap is larger than `GAP`, beyond chance."""
        if self.gap.low > GAP:
            return "yes"
        return "no" if self.gap.high < GAP or self.gap.value <= 0 else "unknown"

    @property
    def more_data_helps(self) -> Answer:
        """Whether the last doubling of the data brought anything, beyond chance."""
        if self.curve is None:
            return "unknown"
        if self.curve.doubling.low > 0:
            return "yes"
        return "no" if self.curve.doubling.high < GAIN else "unknown"

    @property
    def leaks(self) -> bool:
        """Whether shuffled labels could be told on validation: then the examples or the measurement are at fault."""
        found = self.curve
        return found is not None and found.shuffled.value > found.chance + LEAK and found.shuffled.low > found.chance

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def read_diagnosis(stored: Mapping[str, Any]) -> Diagnosis:
    """What `as_dict` gave; raises `KeyError` or `TypeError` for anything else."""
    curve = stored["curve"]
    return Diagnosis(
        **{name: Metric(**stored[name]) for name in ("train", "validation", "gap")},
        curve=curve
        and Curve(
            features=str(curve["features"]),
            points=tuple(Point(int(point["n"]), Metric(**point["accuracy"])) for point in curve["points"]),
            doubling=Metric(**curve["doubling"]),
            shuffled=Metric(**curve["shuffled"]),
            chance=float(curve["chance"]),
            memorised=float(curve["memorised"]),
        ),
    )


def gap_between(train: Metric, validation: Metric) -> Metric:
    """Difference of two independent shares.

    Source: R. G. Newcombe, Interval Estimation for the Difference Between Independent Proportions, Statistics in
    Medicine 17, 1998, method 10, from the Wilson intervals of both.
    """
    value = train.value - validation.value
    low = value - math.hypot(train.value - train.low, validation.high - validation.value)
    high = value + math.hypot(train.high - train.value, validation.value - validation.low)
    return Metric(value, low, high, min(train.n, validation.n))


def diagnose(train_right: Array, validation_right: Array, curve: Curve | None) -> Diagnosis:
    """Put a diagnosis together.

    Args:
        train_right: Whether the trained model is right on each training example, (N,) bool.
        validation_right: The same for validation examples, (M,) bool.
        curve: From `learning_curve`.
    """
    train, validation = (share(int(right.sum()), len(right)) for right in (train_right, validation_right))
    return Diagnosis(train, validation, gap_between(train, validation), curve)


@dataclass(frozen=True)
class Rows:
    """Features (N, D) and class numbers (N,) of one split."""

    features: Array
    targets: Array


def learning_curve(
    train: Rows, validation: Rows, features: str, seed: int = 0, going_on: Callable[[], None] = lambda: None
) -> Curve:
    """Fit a linear head to growing parts of the training examples, then to shuffled labels.

    Args:
        train: What heads are fitted to.
        validation: What they are measured on; chooses nothing.
        features: Name of the network that made the features.
        seed: Of the parts and shuffles.
        going_on: Called after every fit; may raise to stop.
    """
    random, sizes = np.random.default_rng(seed), [max(2, round(part * len(train.targets))) for part in SHARES]
    right_at: list[Array] = []
    for size in sizes:
        draws = 1 if size == len(train.targets) else REPEATS
        found = []
        for _ in range(draws):
            found.append(_fitted(train, _stratified(train.targets, size, random)).predict(validation.features))
            going_on()
        right_at.append(np.mean([decided == validation.targets for decided in found], axis=0))
    n = len(validation.targets)
    points = tuple(Point(size, bootstrap(mean_of(right), n, seed)) for size, right in zip(sizes, right_at, strict=True))
    doubling = bootstrap(mean_of(right_at[-1] - right_at[-2]), n, seed)
    shuffled, memorised = _shuffled(train, validation, random, going_on)
    return Curve(features, points, doubling, shuffled, 1 / len(np.unique(train.targets)), memorised)


def _shuffled(
    train: Rows, validation: Rows, random: np.random.Generator, going_on: Callable[[], None]
) -> tuple[Metric, float]:
    """Balanced accuracy on validation, mean over shuffles, and the share of shuffled labels learned by heart.

    The interval is Student's over shuffles: where one direction of the features parts the classes, a head for shuffled
    labels leans one way or the other by chance, on all validation examples together.
    """
    found, learned, k = [], [], int(max(train.targets.max(), validation.targets.max())) + 1
    n = len(validation.targets)
    for _ in range(SHUFFLES):
        mixed = Rows(train.features, random.permutation(train.targets))
        head = _fitted(mixed, np.arange(len(mixed.targets)), penalty=1.0)
        found.append(float(whole(balanced_accuracy_of(validation.targets, head.predict(validation.features), k), n)))
        learned.append(float(np.mean(head.predict(mixed.features) == mixed.targets)))
        going_on()
    mean, half = float(np.mean(found)), float(student.ppf(0.975, SHUFFLES - 1) * np.std(found, ddof=1) / SHUFFLES**0.5)
    return Metric(mean, max(0.0, mean - half), min(1.0, mean + half), n), float(np.mean(learned))


def _fitted(train: Rows, rows: Array, penalty: float = PENALTY) -> Any:
    regression = LogisticRegression(C=penalty, max_iter=500, class_weight="balanced")
    return make_pipeline(StandardScaler(), regression).fit(train.features[rows], train.targets[rows])


def _stratified(targets: Array, size: int, random: np.random.Generator) -> Array:
    """`size` rows with the classes as common as in all of them, each class at least once."""
    chosen = []
    for target in np.unique(targets):
        rows = random.permutation(np.flatnonzero(targets == target))
        chosen.append(rows[: max(1, round(size * len(rows) / len(targets)))])
    return np.concatenate(chosen)


def verdict(found: Diagnosis) -> tuple[Message, ...]:
    """The diagnosis in sentences, the answer first and the figures behind it in the same breath."""
    said: list[Message] = [_about_gap(found)]
    if found.curve is None:
        said.append(
            Message(
                N_("Whether more data would help was not measured: the features at hand have seen all of these labels.")
            )
        )
        return tuple(said)
    return (*said, _about_data(found.curve, found.more_data_helps), _about_control(found.curve, found.leaks))


def _about_gap(found: Diagnosis) -> Message:
    template = {
        "yes": N_(
            "It overfits: {train:.1f} % right on training examples, {validation:.1f} % on validation examples, "
            "{gap:+.1f} points apart ({low:+.1f} to {high:+.1f})."
        ),
        "no": N_(
            "It does not overfit: {train:.1f} % right on training examples, {validation:.1f} % on validation examples, "
            "{gap:+.1f} points apart ({low:+.1f} to {high:+.1f}; more than {limit:.0f} would be overfitting)."
        ),
        "unknown": N_(
            "Whether it overfits cannot be told: {train:.1f} % right on training examples, {validation:.1f} % on "
            "validation examples, {gap:+.1f} points apart ({low:+.1f} to {high:+.1f}; the line is {limit:.0f})."
        ),
    }[found.overfits]
    gap = found.gap
    figures: dict[str, object] = {"train": 100 * found.train.value, "validation": 100 * found.validation.value}
    figures |= {"gap": 100 * gap.value, "low": 100 * gap.low, "high": 100 * gap.high, "limit": 100 * GAP}
    return Message(template, figures)


def _about_data(curve: Curve, helps: Answer) -> Message:
    template = {
        "yes": N_(
            "More data would help: going from {half} to {all} training examples brought {gain:+.1f} points "
            "({low:+.1f} to {high:+.1f}) to a linear head on the features of {features}."
        ),
        "no": N_(
            "More data of this kind would not help: going from {half} to {all} training examples brought {gain:+.1f} "
            "points ({low:+.1f} to {high:+.1f}) to a linear head on the features of {features}."
        ),
        "unknown": N_(
            "Whether more data would help cannot be told: going from {half} to {all} training examples brought "
            "{gain:+.1f} points ({low:+.1f} to {high:+.1f}) to a linear head on the features of {features}."
        ),
    }[helps]
    gain = curve.doubling
    figures: dict[str, object] = {"half": curve.points[-2].n, "all": curve.points[-1].n, "features": curve.features}
    figures |= {"gain": 100 * gain.value, "low": 100 * gain.low, "high": 100 * gain.high}
    return Message(template, figures)


def _about_control(curve: Curve, leaks: bool) -> Message:
    template = (
        N_(
            "The control failed: after learning shuffled labels the head is right on {value:.1f} % of validation "
            "examples ({low:.1f} to {high:.1f}), though guessing gives {chance:.1f} %. Do not trust the other figures."
        )
        if leaks
        else N_(
            "Control: given shuffled labels, the same head learns {memorised:.0f} % of them by heart and is right on "
            "{value:.1f} % of validation examples ({low:.1f} to {high:.1f}; guessing gives {chance:.1f} %)."
        )
    )
    figures = {"value": curve.shuffled.value, "low": curve.shuffled.low, "high": curve.shuffled.high}
    figures |= {"chance": curve.chance, "memorised": curve.memorised}
    return Message(template, {name: 100 * value for name, value in figures.items()})
