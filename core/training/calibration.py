"""Turning network outputs into scores that mean what they say: temperature, operating points, conformal sets.

All functions take logits or scores of held-out images, never of training images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


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
