"""A limit for scores of good parts that keeps a chosen rate of false alarms, and what n of them can promise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from core.contracts import N_, Message

CONFIDENCE = 0.8
"""Of the band of scores on which the limit may fall."""
HELD_OUT = "held-out good parts"
"""Split of an evaluation of the good parts that gave a limit, each judged by a memory without it."""
STAND_IN = "test, good parts held out"
"""Split of an evaluation of test defects beside the held-out good parts, where the test images hold no good ones."""
GAVE_LIMIT = (HELD_OUT, STAND_IN)
"""Splits whose good parts gave the limit themselves: false alarms among them are no measurement."""


@dataclass(frozen=True)
class Promise:
    """A limit, and the share of good parts that will pass it at most, on average over sets of held-out parts."""

    asked: float
    rate: float
    """What is promised; more than `asked` where the held-out parts are too few for that."""
    limit: float
    """An alarm is a score above this one."""
    unsure: tuple[float, float]
    """The limit that infinitely many good parts would have given for the promised rate lies between these with 80 %
    confidence; beyond the highest held-out score that is an extrapolation."""
    held_out: int
    left_out: int = 0
    """Good parts that were taken for defects and are not among the held-out ones."""

    @property
    def kept(self) -> bool:
        """Whether the rate that was asked for can be promised."""
        return self.rate <= self.asked

    @property
    def likely(self) -> tuple[float, float]:
        """Between these the true rate lies in 95 of 100 sets of held-out parts."""
        alarms = max(1, round(self.rate * (self.held_out + 1)))
        low, high = beta.ppf([0.025, 0.975], alarms, self.held_out + 1 - alarms)
        return float(low), float(high)


def promise(scores: NDArray[np.floating], rate: float) -> Promise:
    """The lowest limit that keeps a false-alarm rate, by split conformal prediction.

    Of n + 1 exchangeable scores the newest is above the k-th smallest of the others with probability (n + 1 - k) /
    (n + 1) at most, whatever their distribution. Where even the highest of them is not enough, it is the limit, and
    what it can promise is said instead.

    Args:
        scores: Of held-out good parts, (n,), n of one or more.
        rate: In (0, 1).

    Source: Angelopoulos and Bates, A Gentle Introduction to Conformal Prediction, arXiv:2107.07511.
    """
    ranked = np.sort(np.asarray(scores, np.float64))
    n = len(ranked)
    rank = min(n, math.ceil((n + 1) * (1 - rate) - 1e-9))
    return Promise(rate, (n + 1 - rank) / (n + 1), float(ranked[rank - 1]), _unsure(ranked, rate), n)


def _unsure(ranked: NDArray[np.float64], rate: float) -> tuple[float, float]:
    """Of sorted scores (n,), see `Promise.unsure`; both ends rise as the rate falls, down to the lowest promised one.

    Above the highest score lies as much again as its own band reaches below it.
    """
    n = len(ranked)
    lowest, tail = 1 / (n + 1), (1 - CONFIDENCE) / 2
    lower, least = (max(1, int(binom.ppf(tail, n, 1 - share))) for share in (max(rate, lowest), lowest))
    upper = int(binom.ppf(1 - tail, n, 1 - max(rate, lowest))) + 1
    beyond = 2 * ranked[-1] - ranked[least - 1]
    return float(ranked[lower - 1]), float(ranked[upper - 1] if upper <= n else beyond)


def in_words(found: Promise) -> Message:
    """What a limit promises, for somebody who sets it, and on what condition."""
    if not found.left_out:
        return _in_words(found)
    template = N_(
        "{promise} That holds if the images that were left out as suspicious ({count}) really show defects; if they "
        "are good parts, there are more false alarms."
    )
    return Message(template, {"promise": _in_words(found), "count": found.left_out})


def _in_words(found: Promise) -> Message:
    low, high = (f"{100 * share:.1f}" for share in found.likely)
    params = {"asked": _one_in(found.asked), "count": found.held_out, "low": low, "high": high}
    if not found.kept:
        return Message(
            N_(
                "With {count} held-out good parts, 1 false alarm in {best} good parts on average is the lowest rate "
                "that can be promised; 1 in {asked} was asked for. The true rate of this limit is likely between {low} "
                "and {high} %."
            ),
            params | {"best": _one_in(found.rate)},
        )
    return Message(
        N_(
            "On average at most 1 good part in {asked} is called defective, by {count} held-out good parts; the true "
            "rate of this limit is likely between {low} and {high} %."
        ),
        params,
    )


def _one_in(rate: float) -> str:
    return f"{1 / rate:,.0f}"
