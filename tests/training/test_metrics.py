"""Metrics and their intervals."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score

from core.training import metrics
from core.training.metrics import auroc_of, bootstrap, classification_summary, mean_of, share


def test_share_is_the_wilson_interval():
    found = share(8, 10)
    assert (found.value, found.n) == (0.8, 10)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))


def test_interval_of_a_share_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    draws = [share(int(rng.binomial(200, 0.9)), 200) for _ in range(500)]
    assert np.mean([d.low <= 0.9 <= d.high for d in draws]) > 0.92


def test_bootstrap_interval_holds_the_value():
    values = np.random.default_rng(0).normal(size=300)
    found = bootstrap(mean_of(values), 300)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(4 * values.std() / np.sqrt(300), rel=0.2)


def test_bootstrap_in_pieces_has_the_width_of_one_piece(monkeypatch):
    values = np.random.default_rng(0).normal(size=300)
    whole = bootstrap(mean_of(values), 300)
    monkeypatch.setattr(metrics, "CELLS_AT_ONCE", 1000)
    pieces = bootstrap(mean_of(values), 300)
    assert pieces.high - pieces.low == pytest.approx(whole.high - whole.low, rel=0.2)


def made(k, n=200, ties=True):
    rng = np.random.default_rng(k)
    truth = rng.integers(0, k, n)
    scores = np.eye(k)[truth] * 0.3 + rng.dirichlet(np.ones(k), n) * 0.7
    return truth, np.round(scores, 1) if ties else scores


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("k", [2, 4])
def test_values_equal_those_of_scikit_learn(k, ties):
    truth, scores = made(k, ties=ties)
    prediction = scores.argmax(1)
    found = classification_summary(truth, prediction, scores)
    classes = [1] if k == 2 else range(k)
    assert found["auroc"].value == pytest.approx(np.mean([roc_auc_score(truth == c, scores[:, c]) for c in classes]))
    expected = np.mean([average_precision_score(truth == c, scores[:, c]) for c in classes])
    assert found["average_precision"].value == pytest.approx(expected)
    assert found["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, prediction))
    assert found["f1_macro"].value == pytest.approx(f1_score(truth, prediction, average="macro"))
    for metric in found.values():
        assert metric.low <= metric.value <= metric.high or metric is found["ece"]


def test_resampled_values_equal_those_of_scikit_learn():
    truth, scores = made(2)
    rows = np.random.default_rng(1).integers(0, 200, 200)
    weights = np.bincount(rows, minlength=200)[None].astype(float)
    assert auroc_of(truth == 1, scores[:, 1])(weights)[0] == pytest.approx(roc_auc_score(truth[rows], scores[rows, 1]))


def test_calibration_error_by_hand():
    # Ten answers at 0.9, seven of them right: the gap is 0.2.
    scores = np.tile([0.1, 0.9], (10, 1))
    truth = np.array([1] * 7 + [0] * 3)
    assert classification_summary(truth, np.ones(10, int), scores)["ece"].value == pytest.approx(0.2)


def test_one_class_alone_has_no_auroc():
    scores = np.array([[0.2, 0.8], [0.4, 0.6]])
    summary = classification_summary(np.array([1, 1]), np.array([1, 1]), scores)
    assert "auroc" not in summary
    assert summary["accuracy"].value == 1.0
