"""Views of quality as functions of an evaluation table; numpy, scipy and scikit-learn only, cheap enough for a page.

The positive class of a problem with two labels is the second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.metrics import precision_recall_curve, roc_curve

from core.contracts import N_, Evaluation, Message, Metric
from core.training.card_precision import clusters_of
from core.training.evaluation import ANSWERS, same_labels
from core.training.metrics import RESAMPLES, share, statistic_of
from core.training.resampling import CUSTOMER, means_in, table_bootstrap

Array = NDArray[Any]


@dataclass(frozen=True)
class OperatingFigures:
    """What a threshold on the positive score means on the evaluation's examples."""

    threshold: float
    sensitivity: Metric
    specificity: Metric
    precision: Metric
    f1: Metric
    accuracy: Metric
    counts: Counts


@dataclass(frozen=True)
class Counts:
    """Examples called positive and negative, rightly and wrongly."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


@dataclass(frozen=True)
class ClassFigures:
    """One class against the rest, by the decisions of the model; `n` examples are of the class."""

    target: int
    n: int
    precision: Metric
    recall: Metric
    f1: Metric


@dataclass(frozen=True)
class ReliabilityBin:
    """Examples whose top score falls into one bin: how sure the model was, and how often it was right."""

    low: float
    high: float
    confidence: float
    accuracy: Metric


@dataclass(frozen=True)
class Comparison:
    """Two versions on the same examples, matched by id."""

    n: int
    fixed: tuple[str, ...]
    """Ids that the first version had wrong and the second has right."""
    broke: tuple[str, ...]
    accuracy_difference: Metric
    p_value: float
    """Exact McNemar test: chance of a split at least as uneven as fixed : broke if both were equally good; over
    customers where the table has any, see `sign_test`."""
    by_customer: bool = False


def positive_of(evaluation: Evaluation, target: int = 1) -> tuple[Array, Array]:
    """Whether each example is of class `target` (N,) bool, and its score for it (N,).

    A table of a task with one score carries it as the column `score`, of class 1.
    """
    table = evaluation.table
    score = np.asarray(table["scores"])[:, target] if "scores" in table else np.asarray(table["score"])
    return np.asarray(table["truth"]) == target, score


def curve_area(evaluation: Evaluation, name: str, target: int = 1, seed: int = 0) -> Metric:
    """`auroc` or `average_precision` of class `target` against the rest, with its interval."""
    truth, score = positive_of(evaluation, target)
    two = np.stack([1 - score, score], axis=1)
    statistic = statistic_of(name, truth.astype(np.int64), truth.astype(np.int64), two)
    return table_bootstrap(evaluation.table, statistic, seed)


def roc_points(evaluation: Evaluation, target: int = 1) -> tuple[Array, Array, Array]:
    """False-positive rate, true-positive rate and threshold of class `target` against the rest."""
    truth, score = positive_of(evaluation, target)
    false_rate, true_rate, threshold = roc_curve(truth, score)
    return false_rate, true_rate, threshold


def pr_points(evaluation: Evaluation, target: int = 1) -> tuple[Array, Array, Array]:
    """Recall, precision and threshold of class `target` against the rest; the threshold has one entry less."""
    truth, score = positive_of(evaluation, target)
    precision, recall, threshold = precision_recall_curve(truth, score)
    return recall, precision, threshold


def confusion(evaluation: Evaluation) -> Array:
    """Counts (K, K), true class in rows, decided class in columns."""
    k = len(evaluation.labels)
    counts = np.zeros((k, k), int)
    np.add.at(counts, (evaluation.table["truth"], evaluation.table["prediction"]), 1)
    return counts


def confusion_ids(evaluation: Evaluation, truth: int, prediction: int) -> list[str]:
    """Ids of the examples in one cell of the confusion matrix, the most confident first."""
    inside = (evaluation.table["truth"] == truth) & (evaluation.table["prediction"] == prediction)
    rows = np.flatnonzero(inside)
    order = np.argsort(-np.asarray(evaluation.table["scores"])[rows, prediction], kind="stable")
    return [str(name) for name in np.asarray(evaluation.table["id"])[rows[order]]]


def reliability_bins(evaluation: Evaluation, bins: int = 10) -> list[ReliabilityBin]:
    """Confidence against accuracy over equally wide bins of the top score; empty bins are left out."""
    scores, truth = np.asarray(evaluation.table["scores"]), np.asarray(evaluation.table["truth"])
    top, correct = scores.max(axis=1), scores.argmax(axis=1) == truth
    place = np.minimum((top * bins).astype(int), bins - 1)
    found = []
    for index in range(bins):
        inside = place == index
        if inside.any():
            accuracy = share(int(correct[inside].sum()), int(inside.sum()))
            found.append(ReliabilityBin(index / bins, (index + 1) / bins, float(top[inside].mean()), accuracy))
    return found


def at_threshold(evaluation: Evaluation, threshold: float, target: int = 1) -> OperatingFigures:
    """What follows for `target` against the rest when scores of at least `threshold` count as positive."""
    truth, score = positive_of(evaluation, target)
    counts = _counted(truth, score >= threshold)
    return OperatingFigures(
        threshold=threshold,
        sensitivity=share(counts.true_positive, counts.true_positive + counts.false_negative),
        specificity=share(counts.true_negative, counts.true_negative + counts.false_positive),
        precision=share(counts.true_positive, counts.true_positive + counts.false_positive),
        f1=_f1(counts),
        accuracy=share(counts.true_positive + counts.true_negative, len(truth)),
        counts=counts,
    )


def class_figures(evaluation: Evaluation) -> list[ClassFigures]:
    """Precision, recall and F1 of every class that the data hold or the model decides for."""
    truth, decided = np.asarray(evaluation.table["truth"]), np.asarray(evaluation.table["prediction"])
    found = []
    for target in range(len(evaluation.labels)):
        counts = _counted(truth == target, decided == target)
        own, called = counts.true_positive + counts.false_negative, counts.true_positive + counts.false_positive
        if own or called:
            right = counts.true_positive
            found.append(ClassFigures(target, own, share(right, called), share(right, own), _f1(counts)))
    return found


def _counted(truth: Array, called: Array) -> Counts:
    right = int((truth & called).sum())
    false_positive, false_negative = int(called.sum()) - right, int(truth.sum()) - right
    return Counts(right, false_positive, false_negative, len(truth) - right - false_positive - false_negative)


def _f1(counts: Counts, seed: int = 0) -> Metric:
    """Harmonic mean of precision and recall; its interval is a bootstrap over the four cells of the counts."""
    cells = np.array([counts.true_positive, counts.false_positive, counts.false_negative, counts.true_negative])
    n = int(cells.sum())
    if not cells[:3].any():
        return Metric(float("nan"), 0.0, 1.0, n)
    draws = np.random.default_rng(seed).multinomial(n, cells / n, size=RESAMPLES)
    right, wrong = 2 * draws[:, 0], draws[:, 1] + draws[:, 2]
    found = right / np.maximum(right + wrong, 1)
    low, high = np.quantile(found, [0.025, 0.975])
    return Metric(float(2 * cells[0] / (2 * cells[0] + cells[1] + cells[2])), float(low), float(high), n)


def threshold_curves(evaluation: Evaluation, thresholds: Array, target: int = 1) -> dict[str, Array]:
    """Sensitivity, specificity, precision, F1 and accuracy (T,) at each of T rising thresholds; NaN where undefined."""
    truth, score = positive_of(evaluation, target)
    positives, negatives = np.sort(score[truth]), np.sort(score[~truth])
    right = len(positives) - np.searchsorted(positives, thresholds, side="left")
    false = len(negatives) - np.searchsorted(negatives, thresholds, side="left")
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "sensitivity": right / len(positives),
            "specificity": 1 - false / len(negatives),
            "precision": right / (right + false),
            "f1": 2 * right / (right + false + len(positives)),
            "accuracy": (right + len(negatives) - false) / len(truth),
        }


def threshold_for(
    evaluation: Evaluation, sensitivity: float | None = None, specificity: float | None = None, target: int = 1
) -> float:
    """The threshold that reaches the asked sensitivity (the highest such) or specificity (the lowest such).

    Raises:
        ValueError: Unless exactly one of the two is given.
    """
    if (sensitivity is None) == (specificity is None):
        raise ValueError("give either a sensitivity or a specificity")
    truth, score = positive_of(evaluation, target)
    if sensitivity is not None:
        positives = np.sort(score[truth])[::-1]
        needed = max(int(np.ceil(sensitivity * len(positives) - 1e-9)), 1)
        return float(positives[needed - 1]) if len(positives) else 0.5
    negatives = np.sort(score[~truth])
    needed = max(int(np.ceil(float(specificity or 0.0) * len(negatives) - 1e-9)), 1)
    return float(np.nextafter(negatives[needed - 1], 2.0)) if len(negatives) else 0.5


def ppv(sensitivity: float, specificity: float, prevalence: float) -> float:
    """Positive predictive value by Bayes' rule: of those called positive, the share that is."""
    true_positive = sensitivity * prevalence
    called = true_positive + (1.0 - specificity) * (1.0 - prevalence)
    return true_positive / called if called > 0 else float("nan")


def why_incomparable(champion: Evaluation, challenger: Evaluation) -> Message | None:
    """Why two evaluations cannot be compared example by example; None when they can.

    Data count as the same by their fingerprint alone: the same images under other names, in another order or split
    otherwise are other data, because nothing says which row belongs to which.
    """
    if not same_labels(champion.labels, challenger.labels):
        return Message(
            N_("Their labels differ. In use: {champion}. Challenger: {challenger}."),
            {"champion": _listed(champion.labels), "challenger": _listed(challenger.labels)},
        )
    if champion.data.fingerprint != challenger.data.fingerprint:
        return Message(
            N_(
                "They were measured on different data: {champion} ({champion_print}) and {challenger} "
                "({challenger_print}). Where examples are in both, it is not known which belong together."
            ),
            {
                "champion": champion.data.name,
                "champion_print": champion.data.fingerprint[:8],
                "challenger": challenger.data.name,
                "challenger_print": challenger.data.fingerprint[:8],
            },
        )
    old, new = matched_rows(champion, challenger)
    if not len(old):
        return Message(N_("They were measured on different examples of the same data: none is in both tests."))
    if ANSWERS in champion.table and ANSWERS in challenger.table:
        others = int((champion.table[ANSWERS][old] != challenger.table[ANSWERS][new]).sum())
        if others:
            template = N_("Of {n} examples that are in both tests, {count} have another right answer in each.")
            return Message(template, {"n": len(old), "count": others})
    return None


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(labels[:8]) + (", …" if len(labels) > 8 else "")


def matched_rows(champion: Evaluation, challenger: Evaluation) -> tuple[Array, Array]:
    """Rows of the champion's and of the challenger's table that hold the same examples, in the challenger's order."""
    _, old, new = np.intersect1d(champion.table["id"], challenger.table["id"], assume_unique=False, return_indices=True)
    order = np.argsort(new, kind="stable")
    return old[order], new[order]


def compare(champion: Evaluation, challenger: Evaluation) -> Comparison | None:
    """What the challenger fixed and broke, on the examples that both tables hold.

    Returns None when the two cannot be compared; `why_incomparable` says why.
    """
    if why_incomparable(champion, challenger) is not None:
        return None
    old_rows, new_rows = matched_rows(champion, challenger)
    return changed(take(champion, old_rows), take(challenger, new_rows))


def take(evaluation: Evaluation, rows: Array) -> Evaluation:
    """The same evaluation with these rows of its table, in this order; its summary stays that of all rows."""
    return replace(evaluation, table={name: np.asarray(column)[rows] for name, column in evaluation.table.items()})


def changed(champion: Evaluation, challenger: Evaluation) -> Comparison:
    """What `challenger` fixed and broke, where both tables hold the same examples row by row."""
    was, now = (np.asarray(one.table["truth"] == one.table["prediction"]) for one in (champion, challenger))
    names, n = np.asarray(challenger.table["id"]), len(now)
    fixed, broke = names[~was & now], names[was & ~now]
    moved, table = now.astype(np.int64) - was, challenger.table
    (difference,) = means_in(table, moved, np.ones((n, 1), bool))
    by_customer = CUSTOMER in table
    return Comparison(
        n, tuple(map(str, fixed)), tuple(map(str, broke)), difference, sign_test(moved, table), by_customer
    )


def sign_test(moved: Array, table: Mapping[str, Array], *, worse: bool = False) -> float:
    """Exact paired test that changes have no direction; 1.0 when nothing changed.

    The examples that changed sides stand or fall with their customer, where the table has any: under the hypothesis
    the sign of each customer's sum is a coin. Without customers this is McNemar's exact test.

    Args:
        moved: 1 for each example that was fixed, -1 for one that broke, 0 for the rest, (N,).
        table: Of the same rows.
        worse: One-sided: only changes for the worse count.
    """
    sums = moved
    if CUSTOMER in table:
        sums = np.bincount(clusters_of(np.asarray(table[CUSTOMER])), moved).round().astype(np.int64)
    sizes, counts = np.unique(np.abs(sums[sums != 0]), return_counts=True)
    chance = np.ones(1)  # of each total from -limit to limit
    for size, count in zip(sizes, counts, strict=True):
        spread = np.zeros(2 * size * count + 1)
        spread[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chance = np.convolve(chance, spread)
    totals = np.arange(len(chance)) - len(chance) // 2
    found = int(sums.sum())
    beyond = totals <= found if worse else np.abs(totals) >= abs(found)
    return float(min(1.0, chance[beyond].sum()))
