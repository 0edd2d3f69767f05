"""Time windows over the rows of one customer, terminal or other entity, for all rows at once.

Rows are sorted by (entity, time), which makes every window a run of rows: its ends are found by binary search and its
sums are differences of running sums. Sums are of whole numbers, so that a window has the same sum whatever lies
before it: a row scored alone has exactly the features it had in a table of a million.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.data.transactions import AMOUNT_LIMIT

Places = NDArray[np.int64]

DAY_S = 86_400
AMOUNT_UNIT = 1e-4
"""Amounts are summed in this unit."""


@dataclass(frozen=True)
class Run:
    """A window of each of M rows: the places `first` up to but not `behind` in the order of `Windows`, both (M,)."""

    first: Places
    behind: Places

    @property
    def count(self) -> Places:
        """Rows in each window, (M,)."""
        return self.behind - self.first

    def sum(self, running: Places) -> Places:
        """Sums over each window, (M,), from running sums made by `Windows.running`.

        Running sums may overflow; their differences are right all the same as long as those fit into 64 bits.
        """
        return running[self.behind] - running[self.first]


class Windows:
    """Windows of the rows of a table that belong to an entity.

    Args:
        entity: Number of the entity of every row, (N,); -1 for rows without one, which get no windows.
        seconds: Times of the rows in whole seconds, (N,), never falling.
        longest_days: No window asked for may reach further back than that.
        context: Windows are asked for the rows from this one on; the earlier ones are only looked back at.

    Attributes:
        rows: Rows that windows are given for, (M,), sorted by (entity, time); rows of the same time keep their order.
    """

    def __init__(self, entity: NDArray[Any], seconds: NDArray[Any], longest_days: int, context: int = 0) -> None:
        order = _stable_order(entity + 1)
        self._order = order[np.count_nonzero(entity < 0) :]
        at = seconds[self._order]
        start, end = (int(at.min()), int(at.max())) if len(at) else (0, 0)
        # One number for (entity, time), spaced so that no window reaches into the entity before.
        span = end - start + (longest_days + 1) * DAY_S
        self._keys = entity[self._order].astype(np.int64) * span + (at - start)
        self._places = np.flatnonzero(self._order >= context)
        self._asked = self._keys[self._places]
        self.rows: Places = self._order[self._places]
        self._seconds, self._behind = at, self._places + 1
        self._recent: dict[int, Run] = {}

    def running(self, values: NDArray[Any]) -> Places:
        """Running sums of whole-number `values` (N,) in the order of the windows, starting with 0."""
        sums = np.zeros(len(self._order) + 1, np.int64)
        np.cumsum(values[self._order], out=sums[1:])
        return sums

    def recent(self, days: int) -> Run:
        """The last `days` days up to each row: it counts itself, and of rows of its time those before it."""
        if days not in self._recent:
            first = np.searchsorted(self._keys, self._asked - days * DAY_S, side="right")
            self._recent[days] = Run(first, self._behind)
        return self._recent[days]

    def delayed(self, lengths: Iterable[int], delay_days: int) -> dict[int, Run]:
        """For each length the days that end `delay_days` before each row, with rows of exactly that age.

        Without a delay it is the days before the row, without any row of its own time: what happens at the same
        moment is not known yet.
        """
        end = self._asked - delay_days * DAY_S
        side: Literal["left", "right"] = "right" if delay_days else "left"
        behind = np.searchsorted(self._keys, end, side=side)
        return {days: Run(np.searchsorted(self._keys, end - days * DAY_S, side=side), behind) for days in lengths}

    def since_unbroken(self, hits: NDArray[np.bool_], breaks: NDArray[np.bool_], run: Run) -> Places:
        """Seconds since the first hit after the last break in each window, (M,); 0 without one.

        Args:
            hits: Rows that such a stretch is made of, (N,).
            breaks: Rows that end it, (N,); rows that are neither do not matter.
            run: The windows.
        """
        places, n = np.arange(len(self._order)), len(self._order)
        last_break = np.append(-1, np.maximum.accumulate(np.where(breaks[self._order], places, -1)))
        next_hit = np.append(np.minimum.accumulate(np.where(hits[self._order], places, n)[::-1])[::-1], n)
        first = next_hit[np.maximum(run.first, last_break[run.behind] + 1)]
        found = np.flatnonzero(first < run.behind)
        since = np.zeros(len(first), np.int64)
        since[found] = self._seconds[self._places[found]] - self._seconds[first[found]]
        return since


def _stable_order(codes: NDArray[Any]) -> Places:
    """Places that sort numbers from 0 up, equal ones in their order.

    Sorting by 16 bits at a time takes time in proportion to N; a table of a million rows is sorted in a fifth of the
    time that whole numbers take.
    """
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    if len(codes) and int(codes.max()) > np.iinfo(np.uint16).max:
        order = order[np.argsort((codes[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def whole_amounts(amount: NDArray[np.float64]) -> Places:
    """Amounts as whole numbers of `AMOUNT_UNIT`, (N,); those beyond `AMOUNT_LIMIT` count as that much."""
    return np.rint(np.clip(amount, -AMOUNT_LIMIT, AMOUNT_LIMIT) / AMOUNT_UNIT).astype(np.int64)


def mean_amounts(run: Run, running: Places) -> NDArray[np.float64]:
    """Mean amount of each window, (M,), from running sums of `whole_amounts`; windows must not be empty."""
    return np.asarray(run.sum(running) / run.count * AMOUNT_UNIT)
