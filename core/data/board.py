"""What many read texts say together: shares with intervals, over time, by category, and the lines that hold a word.

Pure functions over columns; rows that the model could not read (empty, another language) are in no share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.contracts import Metric

NEGATIVE, UNDECIDED, POSITIVE, UNREAD = range(4)
"""What was made of a text, in the order in which shares are given; `UNREAD` is in none."""
READ: Final = 3
UNSURE: Final = "text.unsure"
"""Code of the reason that makes a text undecided rather than unread."""
CONFIDENT_AWAY: Final = 0.2
"""A score at least this far from one half is called a confident one."""
CATEGORIES_KEPT: Final = 15
_Z: Final = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""

Unit = Literal["day", "week", "month", "year"]
_LONGEST: Final[tuple[tuple[int, Unit], ...]] = ((45, "day"), (370, "week"), (3660, "month"))
"""Days that a span may have, for points of this unit; a longer one goes by year."""
_MONDAY: Final = np.datetime64("1970-01-05", "D")

Verdicts = NDArray[np.int8]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Shares:
    """How many of each group are negative, undecided and positive; all arrays (G, 3) in this order."""

    counts: NDArray[np.int64]
    low: NDArray[np.float64]
    """Wilson's 95 % interval of the share; 0 to 1 for a group of none."""
    high: NDArray[np.float64]

    @property
    def n(self) -> NDArray[np.int64]:
        """Texts read in each group, (G,)."""
        return np.asarray(self.counts.sum(axis=1), np.int64)

    @property
    def values(self) -> NDArray[np.float64]:
        """Shares in [0, 1]; 0 for a group of none."""
        return np.asarray(self.counts / np.maximum(self.n, 1)[:, None])


@dataclass(frozen=True)
class OverTime:
    """Shares of the texts of each stretch of time; stretches without a text are left out."""

    unit: Unit
    starts: NDArray[np.datetime64]
    """First day of each stretch, (G,)."""
    shares: Shares
    undated: int
    """Texts that were read and have no time."""


@dataclass(frozen=True)
class ByCategory:
    """Shares of the texts of each category, the largest first."""

    names: tuple[str, ...]
    shares: Shares
    others: int
    """Categories beyond `CATEGORIES_KEPT`, which are put together in the last group; 0 where there are none."""


def verdicts_of(scores: NDArray[np.floating], reasons: NDArray[np.str_], threshold: float) -> Verdicts:
    """What was made of each text, (N,).

    Args:
        scores: Calibrated probability of positive, (N,).
        reasons: Why a text is not decided, (N,); empty where it is.
        threshold: Score from which on a decided text is positive.
    """
    decided = np.where(scores >= threshold, POSITIVE, NEGATIVE)
    return np.select([reasons == "", reasons == UNSURE], [decided, UNDECIDED], UNREAD).astype(np.int8)


def shares_of(verdicts: Verdicts, groups: NDArray[np.integer] | None = None, n_groups: int = 1) -> Shares:
    """Shares of every group; a group below 0 is none."""
    places = np.zeros(len(verdicts), np.int64) if groups is None else groups.astype(np.int64)
    counted = (verdicts < UNREAD) & (places >= 0)
    flat = np.bincount(places[counted] * READ + verdicts[counted], minlength=n_groups * READ)
    return shares_from(flat.reshape(n_groups, READ).astype(np.int64))


def shares_from(counts: NDArray[np.int64]) -> Shares:
    """Shares with Wilson's interval (E. B. Wilson, JASA 22, 1927) from counts (G, 3)."""
    low, high = wilson(counts, counts.sum(axis=1, keepdims=True))
    return Shares(counts, low, high)


def wilson(hits: NDArray[Any], n: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of Wilson's 95 % interval of `hits` out of `n`; arrays that fit each other."""
    size = np.maximum(n, 1)
    share, square = hits / size, _Z**2 / size
    middle = (share + square / 2) / (1 + square)
    half = _Z * np.sqrt(share * (1 - share) / size + square / (4 * size)) / (1 + square)
    none = np.asarray(n) == 0
    return np.where(none, 0.0, np.maximum(middle - half, 0.0)), np.where(none, 1.0, np.minimum(middle + half, 1.0))


def over_time(verdicts: Verdicts, time: NDArray[np.datetime64]) -> OverTime | None:
    """Shares by day, week, month or year, as the span asks for; None where no text has a time."""
    days = time.astype("datetime64[D]")
    dated = ~np.isnat(days)
    undated = int((~dated & (verdicts < UNREAD)).sum())
    dated &= verdicts < UNREAD
    if not dated.any():
        return None
    unit = time_unit(days[dated])
    starts, places = np.unique(_starts(days[dated], unit), return_inverse=True)
    return OverTime(unit, starts, shares_of(verdicts[dated], places, len(starts)), undated)


def time_unit(days: NDArray[np.datetime64]) -> Unit:
    """The stretch that makes between a few and some dozens of points of a span."""
    span = int((days.max() - days.min()).astype(int)) + 1
    return next((unit for longest, unit in _LONGEST if span <= longest), "year")


def _starts(days: NDArray[np.datetime64], unit: Unit) -> NDArray[np.datetime64]:
    """First day of the stretch of each day; weeks begin on Monday."""
    if unit == "day":
        return days
    if unit == "week":
        return np.asarray(days - (days - _MONDAY).astype(int) % 7)
    return days.astype("datetime64[M]" if unit == "month" else "datetime64[Y]").astype("datetime64[D]")


def by_category(verdicts: Verdicts, category: NDArray[np.integer], names: Sequence[str]) -> ByCategory:
    """Shares by category, the one with the most texts first; small ones beyond `CATEGORIES_KEPT` together.

    Args:
        verdicts: Shape (N,).
        category: Place in `names`, (N,); -1 for none.
        names: Of the categories.
    """
    counts = np.bincount(category[(category >= 0) & (verdicts < UNREAD)], minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    kept = order if len(order) <= CATEGORIES_KEPT else order[: CATEGORIES_KEPT - 1]
    others = len(order) - len(kept)
    group = np.full(len(names) + 1, len(kept) if others else -1)
    group[kept], group[-1] = np.arange(len(kept)), -1
    shares = shares_of(verdicts, group[category], len(kept) + bool(others))
    return ByCategory(tuple(names[place] for place in kept), shares, others)


def accuracy_against(verdicts: Verdicts, label: NDArray[np.integer]) -> Metric | None:
    """Share of the decided texts whose verdict is the table's own label; None where nothing can be compared.

    Args:
        verdicts: Shape (N,).
        label: 0 negative, 1 positive, (N,); -1 for none.
    """
    known = (label >= 0) & ((verdicts == NEGATIVE) | (verdicts == POSITIVE))
    n = int(known.sum())
    if not n:
        return None
    right = int(((verdicts[known] == POSITIVE) == (label[known] == 1)).sum())
    low, high = wilson(np.array(right), np.array(n))
    return Metric(right / n, float(low), float(high), n)


def lines_with(texts: pa.ChunkedArray | pa.Array, words: str) -> Mask:
    """Which texts hold all words of a search, in any case, (N,); all of them where it is blank."""
    found = np.ones(len(texts), bool)
    for word in words.split():
        hits = pc.match_substring(texts, word, ignore_case=True)
        found &= np.asarray(hits.to_numpy(zero_copy_only=False), bool)
    return found
