"""A table of n-grams moved by a handful of corrections, in seconds and without the training texts.

Logistic regression on the corrections alone, over the weights of the n-grams that stand in them and that the table
knows, held near the weights in use. What it costs to move a weight is the mean squared change of the log odds of the
held-out validation texts, plus `RIDGE` for texts that are not among them: a word that stands everywhere is dear, a rare
one is cheap. The pull towards the weights in use is loosened step by step until every correction is decided right, and
no further; it ends sooner where the validation texts lose more than whoever asks allows.

With few corrections the move is a combination of them, so the problem is solved over one number for each. Source of
the pull: a Gaussian prior as in Kirkpatrick et al., Overcoming catastrophic forgetting, PNAS 2017, arXiv:1612.00796,
with the diagonal of the second moments in the place of the Fisher matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from core.contracts import N_, Message
from core.errors import InputRefused
from core.tasks.text_classification.answers import UNSURE
from core.tasks.text_classification.held_out import HeldPart, Occurrences, occurrences
from core.tasks.text_classification.model import CALIBRATED, NgramTable, TextModel, slopes_and_shifts

STRENGTHS = tuple(float(10.0**power) for power in np.arange(4.0, -0.01, -0.25))
"""Pulls towards the weights in use, strongest first, in corrections: 1 weighs a squared log odd like one correction."""
RIDGE = 1e-4
"""Cost of a weight that no validation text depends on.

Chosen among 1e-2 to 1e-5 with five wrongly answered validation texts as corrections: the smaller, the fewer other
answers change; below, what is learned is these very texts and nothing else.
"""
SURE = float(np.log((0.5 + UNSURE) / (0.5 - UNSURE)))
"""Log odds, to either side, from which an answer is a decision."""
LEAST = 100
"""Validation texts of a language from which they alone may stop the fit."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """Texts as the table sees them; arrays (N,)."""

    found: Occurrences
    log_odds: Floats
    factors: Floats
    """What a weight is multiplied by in the log odds of each text."""
    targets: Ints


def look(model: TextModel, texts: list[str], targets: Ints) -> Seen:
    """Corrections, with their right answers."""
    reading = model.read(texts)
    slopes, _ = slopes_and_shifts(model.calibrations, reading)
    found = occurrences(model, texts)
    return Seen(found, model.log_odds(reading), slopes / np.sqrt(np.maximum(found.counts, 1)), targets)


def look_again(model: TextModel, held: HeldPart, targets: Ints) -> Seen:
    """Texts that were kept as what the table sees of them."""
    reading = held.reading(model.table, model.bias)
    slopes, _ = slopes_and_shifts(model.calibrations, reading)
    factors = slopes / np.sqrt(np.maximum(held.found.counts, 1))
    return Seen(held.found, model.log_odds(reading), factors, targets)


class Pull:
    """Solves for tables near the one of `model`; the costly parts are prepared once and shared by all strengths."""

    def __init__(self, model: TextModel, taught: Seen, validation: Seen) -> None:
        self.model, self.taught = model, taught
        self.buckets, column = np.unique(taught.found.buckets, return_inverse=True)
        n = len(taught.targets)
        self.design = np.zeros((n, len(self.buckets)))
        np.add.at(self.design, (taught.found.owners, column), taught.factors[taught.found.owners])
        self.cost = RIDGE + _squares(validation, self.buckets) / max(len(validation.targets), 1)
        self.kernel = (self.design / self.cost) @ self.design.T
        self.sign = np.where(taught.targets == 1, 1.0, -1.0)

    def solve(self, strength: float) -> TextModel:
        """The model that minimises the corrections' log loss plus half of `strength` times what the move costs."""

        def objective(part: Floats) -> tuple[float, Floats]:
            change = self.kernel @ part
            margin = self.sign * (self.taught.log_odds + change)
            value = float(np.logaddexp(0.0, -margin).sum() + strength / 2 * part @ change)
            return value, self.kernel @ (strength * part - self.sign * expit(-margin))

        start = np.zeros(len(self.sign))
        found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12})
        weights = self.model.table.weights.copy()
        weights[self.buckets] += (self.design.T @ found.x) / self.cost
        return replace(self.model, table=NgramTable(self.model.table.checks, weights))

    def learned(self, model: TextModel, threshold: float) -> bool:
        """Whether a model decides every correction right, with the label that begins at `threshold` log odds."""
        found = moved_log_odds(self.taught, self.model, model)
        positive, negative = found >= max(threshold, SURE), (found < threshold) & (found <= -SURE)
        return bool(np.where(self.taught.targets == 1, positive, negative).all())


def moved_log_odds(seen: Seen, before: TextModel, after: TextModel) -> Floats:
    """Log odds (N,) of texts that `before` was asked, with the weights of `after`."""
    change = after.table.weights[seen.found.buckets].astype(np.float64) - before.table.weights[seen.found.buckets]
    sums = np.bincount(seen.found.owners, change, minlength=len(seen.targets))
    return np.asarray(seen.log_odds + seen.factors * sums)


def choose_strength(
    pull: Pull, validation: Seen, languages: NDArray[np.str_], threshold: float, tolerance: float
) -> tuple[float, TextModel]:
    """The strongest pull with which every correction is learned, or the weakest that validation texts allow.

    Args:
        pull: The problem.
        validation: Texts that neither teach nor measure.
        languages: Of each; where there are enough of one, they too may not lose more.
        threshold: Log odds from which the answer is the second label.
        tolerance: Share of the texts by which right decisions may become fewer.

    Raises:
        InputRefused: The strongest pull allows more than that already.
    """
    groups = [np.ones(len(languages), bool)] + [languages == name for name in CALIBRATED]
    groups = [group for place, group in enumerate(groups) if place == 0 or group.sum() >= LEAST]

    def right(log_odds: Floats) -> NDArray[np.float64]:
        correct = (log_odds >= threshold) == (validation.targets == 1)
        return np.array([correct[group].mean() for group in groups])

    before = right(validation.log_odds)
    chosen: tuple[float, TextModel] | None = None
    for strength in STRENGTHS:
        model = pull.solve(strength)
        if (before - right(moved_log_odds(validation, pull.model, model)) > tolerance + 1e-9).any():
            break
        chosen = strength, model
        if pull.learned(model, threshold):
            break
    if chosen is None:
        raise _too_dear(tolerance)
    return chosen


def _too_dear(tolerance: float) -> InputRefused:
    template = N_(
        "Even the smallest move towards these corrections costs more than {tolerance:.1%} of the right answers."
    )
    return InputRefused(
        "refit.too_dear",
        Message(template, {"tolerance": tolerance}),
        Message(N_("Allow it to cost more, take back what contradicts other texts, or train a new version.")),
    )


def _squares(seen: Seen, buckets: Ints) -> Floats:
    """Sum over texts of the squared factor of each of some buckets, ascending, (U,)."""
    if not len(buckets):
        return np.zeros(0)
    place = np.minimum(np.searchsorted(buckets, seen.found.buckets), len(buckets) - 1)
    hit = buckets[place] == seen.found.buckets
    return np.asarray(np.bincount(place[hit], seen.factors[seen.found.owners[hit]] ** 2, minlength=len(buckets)))
