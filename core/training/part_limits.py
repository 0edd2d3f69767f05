"""Limits of scores of parts: what a rate of false alarms comes to on test images, and what prices are weighed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import betabinom

from core.contracts import Evaluation, Metric
from core.training.false_alarms import Promise, promise
from core.training.metrics import Array, share
from core.training.quality import take

HALF_MIN = 3
"""Defects below which a table neither chooses a limit by prices nor measures one."""


@dataclass(frozen=True)
class Promised:
    """What a version promises about good parts, and from how many of them."""

    rate: float
    held_out: int

    def chance(self, alarms: int, good: int) -> float:
        """Probability of at least so many alarms among `good` new parts if the promise is kept.

        A limit that is the k-th highest of n held-out scores lets a share of new parts pass that is distributed as
        Beta(k, n + 1 - k); the doubt about the limit is in it.
        """
        return float(betabinom.sf(alarms - 1, good, *self._spread))

    def expected(self, good: int) -> tuple[int, int]:
        """Between how many alarms among `good` new parts 95 of 100 limits give, if the promise is kept."""
        low, high = (betabinom.ppf(tail, good, *self._spread) for tail in (0.025, 0.975))
        return int(low), int(high)

    @property
    def _spread(self) -> tuple[int, int]:
        above = max(1, round(self.rate * (self.held_out + 1)))
        return above, max(1, self.held_out + 1 - above)


@dataclass(frozen=True)
class LimitFigures:
    """A limit that keeps a rate, and what it does on test images."""

    promise: Promise
    alarms: Metric
    """Share of the good test parts above the limit; `n` of them."""
    expected: tuple[int, int]
    """Between how many of them chance allows, if the promise is kept."""
    escapes: Metric
    """Share of the test defects that are not above the limit; `n` of them."""

    @property
    def count(self) -> int:
        """Good test parts above the limit."""
        return round(self.alarms.value * self.alarms.n) if self.alarms.n else 0


def limit_figures(choosing: Evaluation, test: Evaluation, rate: float) -> LimitFigures:
    """The limit that held-out good parts give for a rate of false alarms, measured on other images.

    Args:
        choosing: What thresholds are chosen on; its good parts give the limit.
        test: Measures it, without those of its rows that gave it.
        rate: Of false alarms, in (0, 1).
    """
    found = promise(_scores(choosing)[np.asarray(choosing.table["truth"]) == 0], rate)
    test = take(test, np.flatnonzero(~_in_both(test, choosing)))
    called, defect = _scores(test) > found.limit, np.asarray(test.table["truth"]) == 1
    good = int((~defect).sum())
    return LimitFigures(
        found,
        share(int(called[~defect].sum()), good),
        Promised(found.rate, found.held_out).expected(good),
        share(int((~called[defect]).sum()), int(defect.sum())),
    )


def tables_of_prices(choosing: Evaluation, test: Evaluation) -> tuple[Evaluation, Evaluation] | None:
    """What chooses a limit by prices, and what measures it; None where too few defects are known for both.

    Where the held-out table holds too few defects, every other one of the test, in order of their ids, joins it and is
    measured no more. Where held-out good parts stand in for those of the test, every other one does the same.
    """
    if int((np.asarray(choosing.table["truth"]) == 1).sum()) >= HALF_MIN:
        return choosing, test
    defect, twice = np.asarray(test.table["truth"]) == 1, _in_both(test, choosing)
    if int(defect.sum()) < 2 * HALF_MIN:
        return None
    chooses = np.concatenate([_every_other(test, defect), _every_other(test, twice)])
    chosen, rest = take(test, chooses), take(test, np.setdiff1d(np.arange(len(defect)), chooses))
    held = take(choosing, np.flatnonzero(~_in_both(choosing, test)))
    shared = sorted(held.table.keys() & chosen.table.keys())
    joined = {name: np.concatenate([held.table[name], chosen.table[name]]) for name in shared}
    return _of(choosing, joined), _of(test, rest.table)


def _in_both(evaluation: Evaluation, other: Evaluation) -> Array:
    """Which rows (N,) of an evaluation are in another one of the same data too."""
    if evaluation.data.fingerprint != other.data.fingerprint:
        return np.zeros(len(evaluation.table["id"]), bool)
    return np.isin(evaluation.table["id"], other.table["id"])


def _every_other(evaluation: Evaluation, rows: Array) -> Array:
    """Every other one of the marked rows (N,), in order of their ids."""
    places = np.flatnonzero(rows)
    return places[np.argsort(np.asarray(evaluation.table["id"])[places], kind="stable")][::2]


def _of(evaluation: Evaluation, table: Mapping[str, Array]) -> Evaluation:
    return replace(evaluation, table=table, data=replace(evaluation.data, n=len(table["id"])))


def _scores(evaluation: Evaluation) -> Array:
    return np.asarray(evaluation.table["scores"])[:, 1].astype(np.float64)
