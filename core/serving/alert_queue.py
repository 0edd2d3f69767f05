"""Which transactions a person looks at first: of each day the k with the highest expected loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.transactions import Transactions

NO_DAY = np.datetime64("NaT", "D")
"""The day of every row where a table has no times: its alerts are one list."""


@dataclass(frozen=True)
class AlertQueue:
    """Alerts of all days, the latest day first, the highest expected loss first; every array has shape (A,)."""

    rows: NDArray[np.int64]
    """Places among the scored rows."""
    day: NDArray[np.datetime64]
    rank: NDArray[np.int64]
    """Within its day, from 1."""
    expected_loss: NDArray[np.float64]
    """Score times amount, in the currency of the table."""

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, wanted: NDArray[np.bool_] | slice) -> AlertQueue:
        """The alerts for which `wanted` (A,) holds, or a slice of them, with the ranks that they have among all."""
        return AlertQueue(self.rows[wanted], self.day[wanted], self.rank[wanted], self.expected_loss[wanted])


def alert_queue(transactions: Transactions, scores: NDArray[np.floating], a_day: int) -> AlertQueue:
    """The `a_day` transactions of every day that lose most on average if nobody looks.

    Args:
        transactions: Its rows after the first `context` were scored.
        scores: Of those rows, (N,), in [0, 1].
        a_day: Alerts that people can look at on one day; of a table without times, in all.

    A refund has no loss to expect and comes last. Equal losses stand in the order of the table.
    """
    loss = np.asarray(scores, np.float64) * np.maximum(transactions.amount[transactions.context :], 0.0)
    day = scored_days(transactions)
    order = np.lexsort((np.arange(len(loss)), -loss, -day.astype("datetime64[D]").astype(np.int64)))
    first = np.flatnonzero(np.append(True, _differs(day[order])))[: len(order)]
    starts = np.repeat(first, np.diff(np.append(first, len(order))))
    rank = np.arange(len(order)) - starts + 1
    kept = rank <= a_day
    rows = order[kept]
    return AlertQueue(rows, day[rows], rank[kept], loss[rows])


def scored_days(transactions: Transactions) -> NDArray[np.datetime64]:
    """Day of every scored row, (N,); `NO_DAY` where there are no times."""
    if transactions.time is None:
        return np.full(len(transactions) - transactions.context, NO_DAY)
    return transactions.time[transactions.context :].astype("datetime64[D]")


def _differs(day: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Whether each day is another than the one before it, (N - 1,); no day equals no day."""
    numbers = day.astype(np.int64)
    return np.asarray(np.diff(numbers) != 0)
