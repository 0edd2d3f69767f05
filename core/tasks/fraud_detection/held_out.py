"""Which rows of a part are measured: those whose card the bank had not blocked by then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.time_split import PART_NAMES, TimeSplit, blocked
from core.data.transactions import FRAUD, Transactions

RECENT_DAYS = 7
"""A known fraud blocks its card when it is of the last so many days that could be learned from, or later.

So does the published protocol, which trains on one week. Older cards have been replaced: counted over a year, nearly
every customer was a victim once, and hardly anybody would be left to measure on.
"""
HELD_OUT = ("validation", "test")


def held_out(
    transactions: Transactions, split: TimeSplit, delay_days: int
) -> tuple[Mapping[str, NDArray[np.int64]], tuple[Message, ...]]:
    """Places of the measured rows of validation and test, and what a reader has to know of them.

    Where nothing could be measured without the blocked cards, as when one card pays for everything, none is left out.
    """
    found, notices = {}, []
    for part in HELD_OUT:
        rows, kept = split.parts[part], not_blocked(transactions, split, part, delay_days)
        frauds = int((np.asarray(transactions.label)[kept] == FRAUD).sum())
        if len(kept) < len(rows) and not 0 < frauds < len(kept):
            template = N_(
                "Without the cards that the bank had blocked by then, the {part} part would hold {rows} transactions, "
                "{frauds} of them frauds: no card is left out of it."
            )
            said = {"part": Message(PART_NAMES[part]), "rows": len(kept), "frauds": frauds}
            notices.append(Message(template, said))
            kept = rows
        found[part] = kept
    return found, tuple(notices)


def not_blocked(transactions: Transactions, split: TimeSplit, part: str, delay_days: int) -> NDArray[np.int64]:
    """Places of the rows of a part whose card the bank had not blocked by then."""
    rows, since = split.parts[part], None
    if part in split.boundaries:
        since = split.boundaries[part][0] - np.timedelta64(delay_days + RECENT_DAYS, "D")
    return rows[~blocked(transactions, delay_days, split.train, rows, since)]
