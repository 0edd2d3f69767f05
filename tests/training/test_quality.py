"""Views of quality are functions of the table."""

import numpy as np
import pytest

from core.contracts import DataInfo, Evaluation
from core.training.metrics import classification_summary
from core.training.quality import (
    at_threshold,
    compare,
    confusion,
    confusion_ids,
    ppv,
    pr_points,
    reliability_bins,
    roc_points,
    threshold_for,
)


def table(seed=0, n=300, lift=0.35, fingerprint="f", labels=("no", "yes")):
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(7).integers(0, 2, n)
    positive = np.clip(truth * lift + rng.random(n) * (1 - lift), 0, 1)
    scores = np.stack([1 - positive, positive], 1).astype(np.float32)
    prediction = (positive >= 0.5).astype(np.int64)
    columns = {
        "id": np.array([f"image {i}" for i in range(n)]),
        "truth": truth,
        "prediction": prediction,
        "scores": scores,
        "abstained": np.zeros(n, bool),
        "domain_score": np.zeros(n, np.float32),
    }
    summary = classification_summary(truth, prediction, scores)
    return Evaluation(labels, columns, summary, DataInfo("made", "test", n, fingerprint), 0, "command")


@pytest.mark.slow
def test_labels_are_compared_without_case_and_outer_blanks():
    change = compare(table(labels=("normal", "pneumonia")), table(seed=1, labels=("NORMAL", " Pneumonia")))
    assert change is not None
    assert change.n == 300
    assert compare(table(labels=("no", "yes")), table(seed=1, labels=("yes", "no"))) is None


def test_confusion_counts_every_row_once():
    evaluation = table()
    counts = confusion(evaluation)
    assert counts.sum() == 300
    assert len(confusion_ids(evaluation, 0, 1)) == counts[0, 1]


@pytest.mark.parametrize("asked", [0.8, 0.9, 0.99, 1.0])
def test_threshold_reaches_what_was_asked(asked):
    evaluation = table()
    assert at_threshold(evaluation, threshold_for(evaluation, sensitivity=asked)).sensitivity.value >= asked
    assert at_threshold(evaluation, threshold_for(evaluation, specificity=asked)).specificity.value >= asked


def test_threshold_is_not_looser_than_needed():
    evaluation = table()
    threshold = threshold_for(evaluation, sensitivity=0.9)
    assert at_threshold(evaluation, threshold + 0.02).sensitivity.value < 0.9


def test_threshold_needs_exactly_one_wish():
    with pytest.raises(ValueError, match="either"):
        threshold_for(table())


def test_predictive_value_by_hand():
    # 1,000 people, 10 % ill: 90 of 100 found, 180 of 900 called by mistake.
    assert ppv(0.9, 0.8, 0.1) == pytest.approx(90 / 270)


def test_curves_run_from_corner_to_corner():
    false_rate, true_rate, _ = roc_points(table())
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0, 0, 1, 1)
    recall, precision, threshold = pr_points(table())
    assert len(recall) == len(precision) == len(threshold) + 1


def test_reliability_bins_hold_every_row():
    assert sum(b.accuracy.n for b in reliability_bins(table())) == 300


def test_comparison_of_a_version_with_itself_moves_nothing():
    found = compare(table(), table())
    assert found is not None
    assert (found.fixed, found.broke, found.p_value) == ((), (), 1.0)


def test_better_version_fixes_more_than_it_breaks():
    found = compare(table(lift=0.2), table(seed=1, lift=0.5))
    assert found is not None
    assert len(found.fixed) > len(found.broke)
    assert found.accuracy_difference.low > 0
    assert found.p_value < 0.01


@pytest.mark.parametrize("other", [{"fingerprint": "g"}, {"labels": ("a", "b")}])
def test_other_data_or_labels_cannot_be_compared(other):
    assert compare(table(), table(**other)) is None
