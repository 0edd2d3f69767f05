"""Views of quality as functions of an evaluation table; numpy, scipy and scikit-learn only, cheap enough for a page.

The positive class of a problem with two labels is the second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_curve, roc_curve

from core.contracts import Evaluation, Metric
from core.training.evaluation import same_labels
from core.training.metrics import bootstrap, mean_of, share

Array = NDArray[Any]


@dataclass(frozen=True)
class OperatingFigures:
    """What a threshold on the positive score means on the evaluation's examples."""

    threshold: float
    sensitivity: Metric
    specificity: Metric
    accuracy: Metric


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
    """Exact McNemar test: chance of a split at least as uneven as fixed : broke if both were equally good."""


def _positive(evaluation: Evaluation, target: int) -> tuple[Array, Array]:
    return np.asarray(evaluation.table["truth"]) == target, np.asarray(evaluation.table["scores"])[:, target]


def roc_points(evaluation: Evaluation, target: int = 1) -> tuple[Array, Array, Array]:
    """False-positive rate, true-positive rate and threshold of class `target` against the rest."""
    truth, score = _positive(evaluation, target)
    false_rate, true_rate, threshold = roc_curve(truth, score)
    return false_rate, true_rate, threshold


def pr_points(evaluation: Evaluation, target: int = 1) -> tuple[Array, Array, Array]:
    """Recall, precision and threshold of class `target` against the rest; the threshold has one entry less."""
    truth, score = _positive(evaluation, target)
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
    truth, score = _positive(evaluation, target)
    called = score >= threshold
    return OperatingFigures(
        threshold=threshold,
        sensitivity=share(int((called & truth).sum()), int(truth.sum())),
        specificity=share(int((~called & ~truth).sum()), int((~truth).sum())),
        accuracy=share(int((called == truth).sum()), len(truth)),
    )


def threshold_for(
    evaluation: Evaluation, sensitivity: float | None = None, specificity: float | None = None, target: int = 1
) -> float:
    """The threshold that reaches the asked sensitivity (the highest such) or specificity (the lowest such).

    Raises:
        ValueError: Unless exactly one of the two is given.
    """
    if (sensitivity is None) == (specificity is None):
        raise ValueError("give either a sensitivity or a specificity")
    truth, score = _positive(evaluation, target)
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


def compare(champion: Evaluation, challenger: Evaluation) -> Comparison | None:
    """What the challenger fixed and broke, on the examples that both tables hold.

    Returns None when the two cannot be compared: other labels, other data, or no common example.
    """
    same_data = champion.data.fingerprint == challenger.data.fingerprint
    if not same_data or not same_labels(champion.labels, challenger.labels):
        return None
    before = {str(name): row for row, name in enumerate(champion.table["id"])}
    pairs = [(before[str(name)], row) for row, name in enumerate(challenger.table["id"]) if str(name) in before]
    if not pairs:
        return None
    old_rows, new_rows = np.array(pairs).T
    was = (champion.table["truth"] == champion.table["prediction"])[old_rows]
    now = (challenger.table["truth"] == challenger.table["prediction"])[new_rows]
    names = np.asarray(challenger.table["id"])[new_rows]
    fixed, broke = names[~was & now], names[was & ~now]
    change = now.astype(float) - was.astype(float)
    difference = bootstrap(mean_of(change), len(change))
    moved = len(fixed) + len(broke)
    p_value = float(binomtest(len(fixed), moved, 0.5).pvalue) if moved else 1.0
    return Comparison(len(pairs), tuple(map(str, fixed)), tuple(map(str, broke)), difference, p_value)
