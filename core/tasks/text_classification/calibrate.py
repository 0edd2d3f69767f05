"""From raw scores of validation texts to log odds that mean what they say, for each language on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from core.tasks.text_classification.model import CALIBRATED, LengthCalibration, Reading
from core.training.calibration import conformal_scores

Floats = NDArray[np.float64]
LEAST_TEXTS = 50
"""Validation texts of a language below which its calibration is not fitted."""
HELD_OUT_DECLINED = 0.005
"""Share of the validation texts that may be declined for unknown words."""
UNKNOWN_RANGE = (0.3, 0.8)
"""Limits of the share of unknown words at which a text is declined."""
EXPECTED_CHANGE = 0.2
"""Standard deviation that the parameters of a known calibration are given when other texts are added to its model."""
STEADY = 0.01
"""Pull of the growth towards zero, as a share of the loss: few texts shall not bend the curve."""


@dataclass(frozen=True)
class Limits:
    """What is learned from validation texts besides the calibration."""

    unknown: float
    """Share of unknown words from which a text is unlike the training texts."""
    conformal: Floats
    """One minus the score of the true class, ascending."""


def fit_calibration(
    raw: Floats,
    sizes: Floats,
    targets: NDArray[np.int64],
    weights: Floats,
    known: LengthCalibration | None = None,
) -> LengthCalibration:
    """The calibration with the smallest weighted log loss, near `known` where few texts say otherwise; arrays (N,)."""
    centre = np.zeros(3) if known is None else np.array([np.log(known.slope), known.growth, known.shift])
    stiffness = np.full(3, 1 / (2 * EXPECTED_CHANGE**2 * len(raw))) if known is not None else np.array([0, STEADY, 0])
    sign, logs = np.where(targets == 1, 1.0, -1.0), np.log(np.maximum(sizes, 1.0))
    share = weights / weights.sum()

    def loss(found: Floats) -> tuple[float, Floats]:
        slopes = np.exp(found[0] + found[1] * logs)
        margin = sign * (raw * slopes + found[2])
        pull = -share * sign * expit(-margin)
        away = found - centre
        value = float(share @ np.logaddexp(0.0, -margin)) + float(stiffness @ away**2)
        along = pull * raw * slopes
        return value, np.array([along.sum(), along @ logs, pull.sum()]) + 2 * stiffness * away

    best = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=[(-5, 5), (-1, 1), (-3, 3)]).x
    return LengthCalibration(float(np.exp(best[0])), float(best[1]), float(best[2]))


def fit_calibrations(
    reading: Reading,
    targets: NDArray[np.int64],
    sources: NDArray[np.str_],
    known: Mapping[str, LengthCalibration] | None = None,
) -> dict[str, LengthCalibration]:
    """A calibration for each language, every source counting alike.

    Args:
        reading: Of the validation texts.
        targets: Their labels, (N,).
        sources: What kind of text each is, (N,).
        known: Calibrations of the model that the run started from: those of languages with few texts stay as they are,
            the others move as far as their texts say so plainly. Without any, a language with few texts gets the
            calibration of all together.
    """
    _, number, count = np.unique(sources, return_inverse=True, return_counts=True)
    weights = 1.0 / count[number]
    found = {}
    for language in CALIBRATED:
        rows = np.flatnonzero(reading.languages == language)
        if len(rows) < LEAST_TEXTS or len(np.unique(targets[rows])) < 2:
            if known is not None:
                found[language] = known[language]
                continue
            rows = np.arange(len(targets))
        prior = None if known is None else known[language]
        found[language] = fit_calibration(reading.raw[rows], reading.sizes[rows], targets[rows], weights[rows], prior)
    return found


def limits_of(reading: Reading, log_odds: Floats, targets: NDArray[np.int64]) -> Limits:
    """From the validation texts, arrays (N,): how many unknown words are too many, and the conformal scores."""
    positive = expit(log_odds)
    unknown = float(np.quantile(1 - reading.known, 1 - HELD_OUT_DECLINED))
    scores = np.stack([1 - positive, positive], axis=1)
    return Limits(float(np.clip(unknown, *UNKNOWN_RANGE)), conformal_scores(scores, targets))
