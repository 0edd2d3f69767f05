"""Turning model outputs into scores that mean what they say: temperature, beta calibration, conformal sets.

All functions take logits or scores of held-out examples, never of training examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, softmax

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
LEAST_SLOPE = 1e-3
"""A beta calibration rises everywhere at least so much, so that it keeps the order of the scores."""


def fit_temperature(logits: Floats, targets: Ints) -> float:
    """The divisor of the logits (N, K) that minimises the negative log likelihood of `targets` (N,).

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599.
    """

    def loss(log_temperature: float) -> float:
        scores = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scores[np.arange(len(targets)), targets].mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def scores_of(logits: Floats, temperature: float) -> NDArray[np.float32]:
    """Calibrated class scores (N, K), rows sum to one."""
    return np.asarray(softmax(np.asarray(logits, np.float64) / temperature, axis=1), np.float32)


def conformal_scores(scores: Floats, targets: Ints) -> NDArray[np.float64]:
    """How badly each held-out image fits its own label: one minus the score of the true class, sorted, (N,)."""
    return np.sort(1.0 - np.asarray(scores, np.float64)[np.arange(len(targets)), targets])


def conformal_quantile(sorted_scores: Floats, coverage: float) -> float:
    """The limit below which a label enters the prediction set so that `coverage` of the true labels do.

    Split conformal prediction with the finite-sample correction ceil((n + 1) * coverage) / n; returns 1.0, every
    label, when n is too small to promise that coverage. Holds for images exchangeable with the calibration images.
    Source: Angelopoulos and Bates, A Gentle Introduction to Conformal Prediction, arXiv:2107.07511.
    """
    n = len(sorted_scores)
    rank = int(np.ceil((n + 1) * coverage))
    return 1.0 if rank > n else float(sorted_scores[rank - 1])


def prediction_set(scores: Floats, quantile: float) -> list[int]:
    """Indices of the classes in the conformal set of one image, best first; never empty."""
    order = np.argsort(-np.asarray(scores))
    inside = [int(k) for k in order if 1.0 - scores[k] <= quantile + 1e-9]
    return inside or [int(order[0])]


@dataclass(frozen=True)
class BetaCalibration:
    """A rising map from the log odds of a binary model to probabilities, with three parameters."""

    rise: float
    """Slope of the log odds far above zero."""
    fall: float
    """Slope far below zero."""
    shift: float

    def probability(self, raw: Floats) -> NDArray[np.float64]:
        """Calibrated probabilities (N,) of log odds (N,); their order is kept."""
        above, below = _parts(raw)
        return np.asarray(expit(self.rise * above - self.fall * below + self.shift))


def fit_beta(raw: Floats, targets: Ints) -> BetaCalibration:
    """The map with the smallest log loss on held-out log odds (N,) and their labels (N,), 0 or 1.

    Source: Kull, Silva Filho and Flach, Beta calibration, AISTATS 2017; written for log odds instead of probabilities.
    """
    above, below = _parts(raw)
    sign = np.where(np.asarray(targets) == 1, 1.0, -1.0)

    def loss(found: Floats) -> tuple[float, Floats]:
        margin = sign * (found[0] * above - found[1] * below + found[2])
        slope = -sign * expit(-margin) / len(sign)
        return float(np.logaddexp(0.0, -margin).mean()), np.array([slope @ above, -(slope @ below), slope.sum()])

    limits = [(LEAST_SLOPE, None), (LEAST_SLOPE, None), (None, None)]
    found = minimize(loss, np.array([1.0, 1.0, 0.0]), jac=True, bounds=limits, method="L-BFGS-B")
    return BetaCalibration(*(float(value) for value in found.x))


def _parts(raw: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Softly, how far log odds lie above and below zero; their difference is the log odds themselves."""
    values = np.asarray(raw, np.float64)
    return np.logaddexp(0.0, values), np.logaddexp(0.0, -values)
