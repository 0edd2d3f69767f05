"""Metrics of classifiers with 95 % intervals.

Shares of examples get a Wilson interval; everything else a percentile bootstrap over examples. A statistic takes
weights (R, N), how often each example was drawn in each of R resamples, and returns its values (R,): one pass of
array arithmetic instead of a thousand calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import binomtest

from core.contracts import Metric

Array = NDArray[Any]
Statistic = Callable[[Array], Array]
RESAMPLES = 1000
CELLS_AT_ONCE = 4_000_000
"""Weights held at one time; bounds the memory of the bootstrap for large tables."""
SMALL_TABLE = 10_000
"""Up to this many examples the draws are those that published intervals were made with; above, quicker ones."""
RESAMPLED_CELLS = 50_000_000
"""Weights drawn in all where `resamples_for` decides; bounds the time of the bootstrap for large tables."""


def share(successes: int, n: int) -> Metric:
    """A proportion with its Wilson interval."""
    if n == 0:
        return Metric(float("nan"), 0.0, 1.0, 0)
    interval = binomtest(successes, n).proportion_ci(confidence_level=0.95, method="wilson")
    return Metric(successes / n, float(interval.low), float(interval.high), n)


def resamples_for(n: int) -> int:
    """How many resamples a large table can afford: all up to 50,000 examples, fewer above, never under 200."""
    return int(np.clip(RESAMPLED_CELLS // max(n, 1), 200, RESAMPLES))


def resampled(statistic: Statistic, n: int, seed: int = 0, resamples: int = RESAMPLES) -> Array:
    """Values of `statistic` on resamples of n examples: (R,), or (R, S) for a statistic that returns S values each."""
    generator = np.random.default_rng(seed)
    rows = max(1, min(resamples, CELLS_AT_ONCE // n))
    draws = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for begin in range(0, resamples, rows):
            count = min(rows, resamples - begin)
            draws.append(statistic(_weights(generator, n, count)))
    return np.concatenate(draws)


def _weights(generator: np.random.Generator, n: int, count: int) -> Array:
    """How often each of n examples is drawn in each of `count` resamples, (count, n)."""
    if n <= SMALL_TABLE:
        return generator.multinomial(n, np.full(n, 1 / n), size=count).astype(np.float64)
    return np.stack([np.bincount(generator.integers(0, n, n), minlength=n) for _ in range(count)]).astype(np.float64)


def whole(statistic: Statistic, n: int) -> Array:
    """Value of `statistic` on all n examples as they are: a scalar array, or (S,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(statistic(np.ones((1, n)))[0])


def bootstrap(
    statistic: Statistic, n: int, seed: int = 0, resamples: int = RESAMPLES, confidence: float = 0.95
) -> Metric:
    """`statistic` of all n examples, with a percentile interval over resamples of the examples.

    Resamples on which the statistic is not defined (one class missing) are left out.
    """
    found = resampled(statistic, n, seed, resamples)
    return interval_of(float(whole(statistic, n)), found, n, confidence)


def interval_of(value: float, draws: Array, n: int, confidence: float = 0.95) -> Metric:
    """A value with the percentile interval of its finite `draws` (R,)."""
    finite = draws[np.isfinite(draws)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(finite, [tail, 1 - tail]) if len(finite) else (float("nan"), float("nan"))
    return Metric(value, float(low), float(high), n)


def mean_of(values: Array) -> Statistic:
    """The mean of one value per example, (N,)."""
    return lambda weights: weights @ values / weights.sum(axis=1)


class _Ranked:
    """Weighted counts of positives, and of negatives above and beside them, at every distinct score of a positive.

    Negatives between two positives only count together, so that a large table with few positives costs little.
    """

    def __init__(self, truth: Array, score: Array) -> None:
        order = np.argsort(-score, kind="stable")
        ranked, positive = score[order], truth[order].astype(bool)
        group = np.cumsum(np.append(0, np.diff(ranked) != 0)) if len(ranked) else np.zeros(0, np.int64)
        marked = np.unique(group[positive])
        self.groups = len(marked)
        place = np.searchsorted(marked, group)  # of the first positive score at or below the row's
        beside = (place < self.groups) & np.isin(group, marked)
        # Columns: positives of each group, negatives beside them, negatives above them since the group before.
        column = np.where(positive, place, np.where(beside, self.groups + place, 2 * self.groups + place))
        ones, shape = np.ones(len(order)), (len(order), 3 * self.groups + 1)
        self.members = csr_array((ones, (order, column)), shape=shape).T.tocsr()

    def counts(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """Positives (R, G), negatives beside them (R, G) and all above them (R, G); all negatives (R,)."""
        sums, g = np.asarray(self.members @ np.ascontiguousarray(weights.T)).T, self.groups
        positives, beside, between = sums[:, :g], sums[:, g : 2 * g], sums[:, 2 * g : 3 * g]
        above = np.cumsum(between + beside, axis=1) - beside
        return positives, beside, above, sums[:, g:].sum(axis=1)


def auroc_of(truth: Array, score: Array) -> Statistic:
    """Area under the ROC curve; `truth` (N,) bool, `score` (N,). Ties count half."""
    ranked = _Ranked(truth, score)

    def statistic(weights: Array) -> Array:
        positives, beside, above, negatives = ranked.counts(weights)
        passed = (positives * (above + beside / 2)).sum(axis=1)
        return np.asarray(1 - passed / (positives.sum(axis=1) * negatives))

    return statistic


def average_precision_of(truth: Array, score: Array) -> Statistic:
    """Average precision: precision at every distinct score, weighted by the recall gained there."""
    ranked = _Ranked(truth, score)

    def statistic(weights: Array) -> Array:
        positives, beside, above, _ = ranked.counts(weights)
        found = np.cumsum(positives, axis=1)
        called = found + above + beside
        precision = np.divide(found, called, out=np.zeros_like(called), where=called > 0)
        return np.asarray((precision * positives).sum(axis=1) / positives.sum(axis=1))

    return statistic


def _class_counts(truth: Array, prediction: Array, k: int) -> Callable[[Array], tuple[Array, Array, Array]]:
    """Weighted true positives, examples and calls of every class, each (R, K)."""
    is_class, called = (
        (truth[:, None] == np.arange(k)).astype(float),
        (prediction[:, None] == np.arange(k)).astype(float),
    )
    return lambda weights: (weights @ (is_class * called), weights @ is_class, weights @ called)


def balanced_accuracy_of(truth: Array, prediction: Array, k: int) -> Statistic:
    """Mean recall of the classes that are present."""
    counts = _class_counts(truth, prediction, k)

    def statistic(weights: Array) -> Array:
        right, present, _ = counts(weights)
        return np.asarray(np.nanmean(right / np.where(present > 0, present, np.nan), axis=1))

    return statistic


def f1_macro_of(truth: Array, prediction: Array, k: int) -> Statistic:
    """Mean F1 of all K classes; a class neither present nor called counts 0."""
    counts = _class_counts(truth, prediction, k)

    def statistic(weights: Array) -> Array:
        right, present, called = counts(weights)
        total = present + called
        return np.asarray((2 * right / np.where(total > 0, total, 1.0)).mean(axis=1))

    return statistic


def calibration_error_of(scores: Array, truth: Array, bins: int = 15) -> Statistic:
    """Expected calibration error: mean gap between confidence and accuracy over equally wide bins of the top score.

    Source: Naeini et al., AAAI 2015; 15 bins as in Guo et al., ICML 2017, arXiv:1706.04599.
    """
    confidence = scores.max(axis=1).astype(np.float64)
    gap = (scores.argmax(axis=1) == truth).astype(np.float64) - confidence
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    member = (place[:, None] == np.arange(bins)) * gap[:, None]
    return lambda weights: np.abs(weights @ member).sum(axis=1) / weights.sum(axis=1)


STATISTICS = frozenset({"accuracy", "balanced_accuracy", "f1_macro", "ece", "auroc", "average_precision"})
"""What `statistic_of` knows."""


def statistic_of(name: str, truth: Array, prediction: Array, scores: Array) -> Statistic:
    """The metric `name` of one evaluation table as a function of how often each example counts.

    `auroc` and `average_precision` are of the second of two classes, or the mean of one class against the rest over
    the classes that are present.

    Raises:
        KeyError: There is no such metric.
    """
    k = scores.shape[1]
    if name == "accuracy":
        return mean_of((truth == prediction).astype(np.float64))
    if name == "balanced_accuracy":
        return balanced_accuracy_of(truth, prediction, k)
    if name == "f1_macro":
        return f1_macro_of(truth, prediction, k)
    if name == "ece":
        return calibration_error_of(scores, truth)
    of = {"auroc": auroc_of, "average_precision": average_precision_of}[name]
    targets = [1] if k == 2 else [c for c in range(k) if np.any(truth == c)]
    one_by_one = [of(truth == c, scores[:, c]) for c in targets]
    return lambda weights: np.asarray(np.mean([one(weights) for one in one_by_one], axis=0))


def classification_summary(truth: Array, prediction: Array, scores: Array, seed: int = 0) -> dict[str, Metric]:
    """The metrics of the command line for one evaluation table.

    Args:
        truth: Class numbers, (N,).
        prediction: Class numbers decided at the operating point, (N,).
        scores: Calibrated scores, (N, K).
        seed: Of the bootstrap.

    Returns:
        accuracy, balanced_accuracy, f1_macro, ece, and, when the data hold two classes or more, auroc and
        average_precision (see `statistic_of`).
    """
    n = len(truth)
    summary = {"accuracy": share(int(np.sum(truth == prediction)), n)}
    ranked = ("auroc", "average_precision") if len(np.unique(truth)) > 1 else ()
    for name in ("balanced_accuracy", "f1_macro", "ece", *ranked):
        summary[name] = bootstrap(statistic_of(name, truth, prediction, scores), n, seed)
    return summary
