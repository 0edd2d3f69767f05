"""Calibration against cases whose answer is known."""

import numpy as np
import pytest

from core.training.calibration import (
    conformal_quantile,
    conformal_scores,
    fit_beta,
    fit_temperature,
    prediction_set,
    scores_of,
)


def draw(n, temperature, seed=0):
    """Targets drawn from softmax(logits), and the logits multiplied by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 3))
    chances = scores_of(logits, 1.0).astype(float)
    targets = np.array([rng.choice(3, p=row / row.sum()) for row in chances])
    return logits * temperature, targets


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_recovered(temperature):
    logits, targets = draw(4000, temperature)
    assert fit_temperature(logits, targets) == pytest.approx(temperature, rel=0.1)


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_conformal_sets_cover_fresh_examples(coverage):
    logits, targets = draw(2000, 1.0)
    quantile = conformal_quantile(conformal_scores(scores_of(logits, 1.0), targets), coverage)
    fresh, truth = draw(4000, 1.0, seed=1)
    inside = [t in prediction_set(row, quantile) for row, t in zip(scores_of(fresh, 1.0), truth, strict=True)]
    assert np.mean(inside) == pytest.approx(coverage, abs=0.025)


def test_too_few_examples_promise_nothing_and_give_every_label():
    quantile = conformal_quantile(np.array([0.1, 0.2]), 0.9)
    assert quantile == 1.0
    assert prediction_set(np.array([0.7, 0.2, 0.1]), quantile) == [0, 1, 2]


def test_prediction_set_is_never_empty():
    assert prediction_set(np.array([0.4, 0.6]), 0.0) == [1]


def test_beta_calibration_finds_the_map_that_made_the_labels():
    random = np.random.default_rng(0)
    raw = random.normal(-1, 2, 40_000)
    wanted = 1 / (1 + np.exp(-(0.7 * np.logaddexp(0, raw) - 1.4 * np.logaddexp(0, -raw) - 0.5)))
    found = fit_beta(raw, (random.random(len(raw)) < wanted).astype(int))
    assert np.abs(found.probability(raw) - wanted).max() < 0.02


def test_beta_calibration_keeps_the_order_whatever_the_labels_say():
    raw = np.linspace(-5, 5, 400)
    found = fit_beta(raw, (raw < 0).astype(int))
    assert np.all(np.diff(found.probability(raw)) > 0)
