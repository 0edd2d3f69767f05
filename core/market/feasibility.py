"""Is it worth building? Months to break-even and the money needed until then, with ranges instead of one number."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.contracts import N_, Message
from core.errors import InputRefused

DRAWS: Final = 4000
LONGEST: Final = 60
"""Months that are looked ahead."""


@dataclass(frozen=True)
class Range:
    """What is assumed of one quantity: at least, most likely, at most."""

    low: float
    likely: float
    high: float

    def drawn(self, generator: np.random.Generator) -> npt.NDArray[np.float64]:
        """`DRAWS` values of the PERT distribution: a beta between the bounds, four parts of it at the likely value."""
        width = self.high - self.low
        if width <= 0:
            return np.full(DRAWS, self.likely)
        first = 1 + 4 * (self.likely - self.low) / width
        second = 1 + 4 * (self.high - self.likely) / width
        return np.asarray(self.low + width * generator.beta(first, second, DRAWS), np.float64)


@dataclass(frozen=True)
class Canvas:
    """A founder's assumptions; money in one currency, which is not named. Raises `InputRefused`."""

    months_to_build: Range
    """Months until the first customer pays."""
    team_cost: Range
    """Per month, all people together."""
    data_cost: Range
    """Once, before the first training."""
    training_hours: Range
    """Hours of one machine for one training, of which one a month is assumed."""
    machine_price: Range
    """Per hour of such a machine."""
    new_customers: Range
    """Per month, once it is built."""
    price: Range
    """Per customer and month."""
    cost_to_serve: Range
    """Per customer and month: answers, support, insurance."""
    churn: Range
    """Share of customers lost in a month, 0 to 1."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            given: Range = getattr(self, entry.name)
            if not (0 <= given.low <= given.likely <= given.high) or not np.isfinite(given.high):
                raise InputRefused(
                    "market.range",
                    Message(
                        N_("{name}: at least {low:g}, likely {likely:g}, at most {high:g} are no range."),
                        {"name": entry.name, "low": given.low, "likely": given.likely, "high": given.high},
                    ),
                    Message(N_("Each has to be zero or more, and none smaller than the one before it.")),
                )
        if self.churn.high > 1:
            raise InputRefused("market.range", Message(N_("A share of customers is at most 1.")))


@dataclass(frozen=True)
class Outcome:
    """What follows from a canvas."""

    reached: float
    """Share of draws that earn back everything within `LONGEST` months."""
    months: tuple[float, float, float] | None
    """Tenth, fiftieth and ninetieth percentile of the months to break-even; None where fewer than half reach it.
    Draws that do not reach it count as later than all others: a percentile among them is infinite."""
    money: tuple[float, float, float]
    """The same percentiles of the deepest point of the account."""
    path: npt.NDArray[np.float64]
    """(3, LONGEST + 1): the same percentiles of the account month by month."""
    drivers: tuple[tuple[str, float], ...]
    """Assumption -> rank correlation with the account at the end, the strongest first."""


def simulate(canvas: Canvas, seed: int = 0) -> Outcome:
    """Draw every assumption on its own and follow the account of each draw."""
    generator = np.random.default_rng(seed)
    drawn = {entry.name: getattr(canvas, entry.name).drawn(generator) for entry in fields(canvas)}
    account = _accounts(drawn)
    broke_even = (account >= 0) & (np.arange(account.shape[1]) > drawn["months_to_build"][:, None])
    ever = broke_even.any(axis=1)
    months = np.where(ever, broke_even.argmax(axis=1), np.inf)
    reached = float(ever.mean())
    return Outcome(
        reached,
        _percentiles(months) if reached >= 0.5 else None,
        _percentiles(np.maximum(0.0, -account.min(axis=1))),
        np.quantile(account, (0.1, 0.5, 0.9), axis=0),
        _drivers(drawn, account[:, -1]),
    )


def _accounts(drawn: dict[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """(DRAWS, LONGEST + 1): money after each month; month 0 is after the data were paid."""
    account = np.empty((DRAWS, LONGEST + 1))
    account[:, 0] = -drawn["data_cost"]
    customers = np.zeros(DRAWS)
    running = drawn["team_cost"] + drawn["training_hours"] * drawn["machine_price"]
    margin = drawn["price"] - drawn["cost_to_serve"]
    for month in range(1, LONGEST + 1):
        built = month > drawn["months_to_build"]
        customers = customers * (1 - drawn["churn"]) + np.where(built, drawn["new_customers"], 0.0)
        account[:, month] = account[:, month - 1] + customers * margin - running
    return account


def _percentiles(values: npt.NDArray[Any]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9), method="nearest")
    return float(low), float(middle), float(high)


def _drivers(drawn: dict[str, npt.NDArray[np.float64]], end: npt.NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    from scipy.stats import spearmanr

    moved = {name: values for name, values in drawn.items() if np.ptp(values) > 0 and np.ptp(end) > 0}
    found = [(name, float(spearmanr(values, end).statistic)) for name, values in moved.items()]
    return tuple(sorted(found, key=lambda one: -abs(one[1])))
