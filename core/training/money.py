"""What a threshold is worth: the cheapest one under given prices, chosen on validation and measured on test examples.

Works on any evaluation table with a score. Every item scored at or above the threshold goes to a person, who finds out
what it is; every other one passes unseen. So an item costs: a review when it is looked at, a false alarm on top when it
was harmless, and a miss when it was not and nobody looked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Evaluation, Message, Metric
from core.errors import InputRefused
from core.training.metrics import interval_of
from core.training.quality import positive_of
from core.training.resampling import resampled_sums

Array = NDArray[Any]
AMOUNT = "amount"
"""Column of a table whose misses cost a share of what is at stake, in the unit of the prices."""
CURVE_POINTS = 160
NEVER = math.inf
"""The threshold of looking at nothing."""


@dataclass(frozen=True)
class Prices:
    """Costs in one currency, and how much work there is. Checked on construction; raises `InputRefused`."""

    miss: float
    """Of a positive item that nobody looked at."""
    false_alarm: float
    """Of a negative item that was called positive, on top of its review."""
    review: float
    """Of a person looking at one item."""
    volume: int
    """Items a month."""
    miss_share: float = 0.0
    """Share of the item's `amount` that a miss costs besides `miss`, none of one below zero; needs that column."""
    prevalence: float | None = None
    """Share of items that are positive where the model is used; None for that of the examples."""
    capacity: int | None = None
    """Reviews that can be made a month; None for as many as are asked for."""

    def __post_init__(self) -> None:
        for name in ("miss", "false_alarm", "review", "miss_share"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise _refused(name, getattr(self, name), "0 or more")
        if self.volume < 1:
            raise _refused("volume", self.volume, "1 or more")
        if self.prevalence is not None and not 0 < self.prevalence < 1:
            raise _refused("prevalence", self.prevalence, "between 0 and 1")
        if self.capacity is not None and self.capacity < 0:
            raise _refused("capacity", self.capacity, "0 or more")


@dataclass(frozen=True)
class Worth:
    """What a threshold costs a month, with 95 % intervals over the test examples, or their customers."""

    threshold: float
    """Chosen on validation; `NEVER` when looking at nothing is cheapest."""
    today: float
    """The threshold in use, whatever the capacity."""
    compared: float
    """The threshold it is compared with: today's, or as far down to it as the capacity reaches."""
    asked: float
    """Items a month that today's threshold asks a person to look at, by the validation examples: above the capacity
    exactly where `compared` is above `today`."""
    cost: Metric
    against_today: Metric
    """Saved a month against today's threshold; negative when it costs more."""
    against_nothing: Metric
    """Saved a month against looking at nothing."""
    against_everything: Metric | None
    """Saved a month against looking at everything; None where there are not the people to do so."""
    reviews: Metric
    """Items a month that a person looks at."""
    caught: Metric
    """Share of positive items that are looked at."""


@dataclass(frozen=True)
class _Items:
    """Columns of a table that matter for costs, all (N,)."""

    truth: Array
    score: Array
    loss: Array
    """Cost of not looking at the item; zero for a negative one."""


def _refused(name: str, value: object, allowed: str) -> InputRefused:
    return InputRefused(
        "money.price",
        Message(
            N_("The figure {name} was {value}; allowed: {allowed}."), {"name": name, "value": value, "allowed": allowed}
        ),
        N_("Change it."),
    )


def _items(evaluation: Evaluation, prices: Prices, target: int) -> _Items:
    truth, score = positive_of(evaluation, target)
    loss = np.full(len(truth), float(prices.miss))
    if prices.miss_share:
        if AMOUNT not in evaluation.table:
            raise InputRefused(
                "money.no_amount",
                N_("A share of the amount was asked for, but these examples carry no amount."),
                N_("Give the cost of a miss as a figure of its own."),
            )
        # As in the queue of alerts: nobody gains by a refund that was missed.
        loss = loss + prices.miss_share * np.maximum(np.asarray(evaluation.table[AMOUNT], np.float64), 0.0)
    return _Items(truth, np.asarray(score, np.float64), np.where(truth, loss, 0.0))


def _weights(truth: Array, prices: Prices) -> Array:
    """How much each example counts (N,), mean one, so that positives are as common as `prices` says."""
    if prices.prevalence is None or not 0 < truth.mean() < 1:
        return np.ones(len(truth))
    share = float(truth.mean())
    return np.where(truth, prices.prevalence / share, (1 - prices.prevalence) / (1 - share))


def cost_curve(evaluation: Evaluation, prices: Prices, target: int = 1) -> tuple[Array, Array, Array]:
    """Cost and reviews a month at every threshold that makes a difference.

    Returns:
        Thresholds (T,), rising, the last one `NEVER`; cost (T,) and reviews (T,) a month.
    """
    items = _items(evaluation, prices, target)
    order = np.argsort(-items.score, kind="stable")
    weight = _weights(items.truth, prices)[order]
    truth, score, loss = items.truth[order], items.score[order], items.loss[order]
    looked = np.where(truth, prices.review, prices.review + prices.false_alarm)
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    saved = np.cumsum(weight * (loss - looked))[last]
    reviews = np.cumsum(weight)[last]
    scale = prices.volume / len(score)
    thresholds = np.append(score[last][::-1], NEVER)
    costs = scale * np.append((weight * loss).sum() - saved[::-1], (weight * loss).sum())
    return thresholds, costs, scale * np.append(reviews[::-1], 0.0)


def best_threshold(evaluation: Evaluation, prices: Prices, target: int = 1) -> float:
    """The cheapest threshold that the capacity allows; of equally cheap ones the highest, which asks for least work."""
    thresholds, costs, reviews = cost_curve(evaluation, prices, target)
    allowed = reviews <= (math.inf if prices.capacity is None else prices.capacity) + 1e-9
    cheapest = np.where(allowed, costs, math.inf)
    return float(thresholds[np.flatnonzero(cheapest <= cheapest.min() + 1e-9)[-1]])


def reviews_at(evaluation: Evaluation, prices: Prices, threshold: float, target: int = 1) -> float:
    """Items a month that score at least `threshold`."""
    thresholds, _, reviews = cost_curve(evaluation, prices, target)
    return float(reviews[np.searchsorted(thresholds, threshold)])


def within_capacity(evaluation: Evaluation, prices: Prices, threshold: float, target: int = 1) -> float:
    """`threshold`, or the lowest one above it that asks for no more reviews than the capacity."""
    if prices.capacity is None or reviews_at(evaluation, prices, threshold, target) <= prices.capacity + 1e-9:
        return threshold
    thresholds, _, reviews = cost_curve(evaluation, prices, target)
    return float(thresholds[np.flatnonzero(reviews <= prices.capacity + 1e-9)[0]])


def worth(
    validation: Evaluation, test: Evaluation, prices: Prices, today: float, target: int = 1, seed: int = 0
) -> Worth:
    """What the threshold that is cheapest on `validation` costs and saves on `test`, examples it was not chosen on.

    Args:
        validation: Chooses.
        test: Measures.
        prices: Costs and volume.
        today: The threshold in use.
        target: The class that counts as positive.
        seed: Of the bootstrap over test examples, or their customers.

    Raises:
        InputRefused: A share of the amount is asked for where there is no amount, or one of the tables holds no
            positive or no negative example.
    """
    for evaluation in (validation, test):
        _needs_both(positive_of(evaluation, target)[0])
    threshold = best_threshold(validation, prices, target)
    now = within_capacity(validation, prices, today, target)
    asked = reviews_at(validation, prices, today, target)
    items = _items(test, prices, target)
    paid = _paid(items, prices, threshold)
    others = (_paid(items, prices, other) - paid for other in (now, NEVER, -NEVER))
    each = np.stack([paid, *others, items.score >= threshold], axis=1)
    cost, saved, nothing, everything, reviews, caught = _figures(items, prices, each, test.table, seed)
    enough = prices.capacity is None or prices.capacity >= prices.volume
    return Worth(threshold, today, now, asked, cost, saved, nothing, everything if enough else None, reviews, caught)


def curve(evaluation: Evaluation, prices: Prices, target: int = 1) -> tuple[Array, Array]:
    """`cost_curve` thinned for drawing, without `NEVER`: thresholds and cost a month, at most `CURVE_POINTS` each.

    Half of the points are evenly spread over the examples and half over the scores: where the class is rare nearly all
    examples lie at scores that nobody would choose.
    """
    thresholds, costs, _ = cost_curve(evaluation, prices, target)
    last, half = len(thresholds) - 2, CURVE_POINTS // 2
    by_score = np.searchsorted(thresholds[:-1], np.linspace(thresholds[0], thresholds[last], half))
    places = np.unique([*np.linspace(0, last, half).round().astype(int), *np.minimum(by_score, last)])
    return thresholds[places], costs[places]


def _paid(items: _Items, prices: Prices, threshold: float) -> Array:
    """Cost of each item (N,) when those scored at least `threshold` are looked at."""
    looked = np.where(items.truth, prices.review, prices.review + prices.false_alarm)
    return np.where(items.score >= threshold, looked, items.loss)


def _figures(items: _Items, prices: Prices, each: Array, table: Mapping[str, Array], seed: int) -> list[Metric]:
    """Sums over a month of the S columns of `each` (N, S), and the mean of the last one over positives."""
    held = np.hstack(
        [np.hstack([each, np.ones((len(each), 1))]) * rows[:, None] for rows in (items.truth, ~items.truth)]
    )
    drawn = _monthly(resampled_sums(table, held.astype(np.float64), seed), prices)
    values = _monthly(held.sum(axis=0)[None], prices)[0]
    return [interval_of(float(value), drawn[:, place], len(each)) for place, value in enumerate(values)]


def _monthly(sums: Array, prices: Prices) -> Array:
    """Figures (R, S + 1) from sums over positives and over negatives, (R, S + 1) each, with their number last."""
    half = sums.shape[1] // 2
    positive, negative = sums[:, :half], sums[:, half:]
    with np.errstate(invalid="ignore", divide="ignore"):
        if prices.prevalence is None:
            means = (positive + negative)[:, :-1] / (positive + negative)[:, -1:]
        else:
            share = prices.prevalence
            means = share * positive[:, :-1] / positive[:, -1:] + (1 - share) * negative[:, :-1] / negative[:, -1:]
        return np.hstack([prices.volume * means, positive[:, -2:-1] / positive[:, -1:]])


def _needs_both(truth: Array) -> None:
    if not 0 < int(truth.sum()) < len(truth):
        raise InputRefused(
            "money.one_class",
            N_("The examples hold only positive or only negative items, so no threshold can be weighed up."),
            N_("Choose another label, or evaluate on data with both."),
        )
