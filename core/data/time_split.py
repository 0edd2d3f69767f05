"""Which payments a model learns from and which it is measured on: by time alone, as it will be used.

On the day when a model is trained, the frauds of the last days are not known yet, and the payments that it is to score
lie ahead. So the order is [train | label delay | validation | label delay | test], on boundaries of days; the payments
within a delay belong to no part. A random split would put payments of one stolen card into training and test.

Without times no such split exists. Then customers (else equal rows) are kept apart by a hash of their names, and the
test part is named for what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.transactions import FRAUD, UNKNOWN, Transactions
from core.errors import InputRefused

Rows = NDArray[np.int64]

BY_TIME = "test"
NOT_BY_TIME = "test, not by time"
"""Names of the test part in evaluations."""
FEW_FRAUDS = 30
"""Frauds in a part below which its figures say little."""
PART_NAMES = {"train": N_("training"), "validation": N_("validation"), "test": N_("test")}


@dataclass(frozen=True)
class TimeSplit:
    """Places of the labelled rows of each part, ascending; rows of unknown label are in none."""

    train: Rows
    validation: Rows
    test: Rows
    name: str
    """Of the test part: `BY_TIME` or `NOT_BY_TIME`."""
    boundaries: Mapping[str, tuple[np.datetime64, np.datetime64]] = field(default_factory=dict)
    """Part -> first day and the day after the last, datetime64[D]; empty without times."""
    notices: tuple[Message, ...] = ()
    unlabelled: Mapping[str, int] = field(default_factory=dict)
    """Part -> rows of unknown label that would belong to it."""

    @property
    def parts(self) -> dict[str, Rows]:
        """Name of each part -> its rows, in order of time."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def days_of(time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Day of each time (N,), counted from 1970-01-01."""
    return time.astype("datetime64[D]").astype(np.int64)


def split_by_time(
    transactions: Transactions, delay_days: int, validation_share: float = 0.15, test_share: float = 0.2
) -> TimeSplit:
    """Divide the labelled rows that are not history.

    Args:
        transactions: With labels.
        delay_days: Whole days after which a fraud is known.
        validation_share: Of the days that are left after both delays (without times: of the customers).
        test_share: Likewise.

    Raises:
        InputRefused: `data.no_labels`, `data.span` when there are too few days, `data.part` when a part would hold no
            fraud or nothing but frauds.
    """
    if transactions.label is None or not (transactions.label[transactions.context :] != UNKNOWN).any():
        raise _no_labels()
    rows = np.arange(transactions.context, len(transactions))
    if transactions.time is None:
        split = _by_group(transactions, rows, validation_share, test_share)
    else:
        day, known = days_of(transactions.time[rows]), transactions.label[rows] != UNKNOWN
        split = _by_days(day, rows, day[known], delay_days, (validation_share, test_share))
    split = _labelled(split, transactions.label)
    frauds = {part: int((transactions.label[rows] == FRAUD).sum()) for part, rows in split.parts.items()}
    _refuse_one_class(split, frauds)
    return replace(split, notices=(*split.notices, *_few(frauds)))


def _labelled(split: TimeSplit, label: NDArray[np.int8]) -> TimeSplit:
    """The split without its rows of unknown label, which it counts."""
    known = {part: rows[label[rows] != UNKNOWN] for part, rows in split.parts.items()}
    unlabelled = {part: len(rows) - len(known[part]) for part, rows in split.parts.items()}
    return replace(split, **known, unlabelled=unlabelled)


def _by_days(
    day: NDArray[np.int64], rows: Rows, labelled: NDArray[np.int64], delay_days: int, shares: tuple[float, float]
) -> TimeSplit:
    """Parts of `rows` of the days `day` (N,); the days of those with a label, `labelled`, say where it ends."""
    first, end = int(labelled.min()), int(labelled.max()) + 1
    left, needed = end - first - 2 * delay_days, 2 * delay_days + 3
    if left < 3:
        raise InputRefused(
            "data.span",
            Message(
                N_(
                    "The labelled transactions span {days} days. With a label delay of {delay} days at least {needed} "
                    "are needed: a day each to train, to validate and to test, and the delay twice."
                ),
                {"days": end - first, "delay": delay_days, "needed": needed},
            ),
            Message(N_("Choose a shorter label delay, or send transactions of more days.")),
        )
    validation, test = (max(1, round(left * share)) for share in shares)
    starts = {"test": end - test, "validation": end - test - delay_days - validation, "train": first}
    ends = {"test": end, "validation": end - test - delay_days, "train": starts["validation"] - delay_days}
    parts = {part: rows[(day >= starts[part]) & (day < ends[part])] for part in PART_NAMES}
    days = {part: (np.datetime64(starts[part], "D"), np.datetime64(ends[part], "D")) for part in PART_NAMES}
    return TimeSplit(parts["train"], parts["validation"], parts["test"], BY_TIME, days)


def _by_group(transactions: Transactions, rows: Rows, validation_share: float, test_share: float) -> TimeSplit:
    place = group_places(transactions)[rows]
    kept = N_("customers") if transactions.customer is not None else N_("equal rows")
    said = Message(
        N_(
            "There are no times, so no test on later transactions can be claimed. Training and test keep {kept} apart "
            "instead. How the model does in the future, drift and alerts a day cannot be measured."
        ),
        {"kept": Message(kept)},
    )
    return TimeSplit(
        train=rows[place >= test_share + validation_share],
        validation=rows[(place >= test_share) & (place < test_share + validation_share)],
        test=rows[place < test_share],
        name=NOT_BY_TIME,
        notices=(said,),
    )


def group_places(transactions: Transactions) -> NDArray[np.float64]:
    """A place in [0, 1) for each row (N,), the same for all rows of a customer (else for equal rows)."""
    rows = (content_hashes(transactions) >> np.uint64(11)) / 2.0**53
    if transactions.customer is None:
        return np.asarray(rows)
    digests = [hashlib.sha256(name.encode()).digest()[:6] for name in transactions.customers]
    of_customer = np.array([int.from_bytes(digest) / 2.0**48 for digest in digests] or [0.0])
    return np.where(transactions.customer >= 0, of_customer[transactions.customer], rows)


def content_hashes(transactions: Transactions, *, with_time: bool = True) -> NDArray[np.uint64]:
    """A hash of each row (N,) without id and label: equal rows have equal hashes, in every file and process."""
    columns: dict[str, object] = {"amount": transactions.amount}
    if with_time and transactions.time is not None:
        columns["time"] = transactions.time.astype(np.int64)
    for role, names in (("customer", transactions.customers), ("terminal", transactions.terminals)):
        places = getattr(transactions, role)
        if places is not None:
            columns[role] = pd.util.hash_array(np.array([*names, ""], dtype=object))[places]
    columns |= {f"numbers.{name}": values for name, values in sorted(transactions.numbers.items())}
    columns |= {f"categories.{name}": values for name, values in sorted(transactions.categories.items())}
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns), index=False), np.uint64)


def _few(frauds: Mapping[str, int]) -> tuple[Message, ...]:
    return tuple(
        Message(
            N_("The {part} part holds {count} frauds; its figures say little below {limit}."),
            {"part": Message(PART_NAMES[part]), "count": count, "limit": FEW_FRAUDS},
        )
        for part, count in frauds.items()
        if count < FEW_FRAUDS
    )


def _refuse_one_class(split: TimeSplit, frauds: Mapping[str, int]) -> None:
    for part, rows in split.parts.items():
        if 0 < frauds[part] < len(rows):
            continue
        found: dict[str, object] = {"part": Message(PART_NAMES[part]), "rows": len(rows), "frauds": frauds[part]}
        template = N_(
            "The {part} part would hold {rows} labelled transactions, {frauds} of them frauds; it needs at least one "
            "fraud and one genuine transaction."
        )
        if split.boundaries:
            begin, end = split.boundaries[part]
            found |= {"begin": str(begin), "end": str(end - 1)}
            template = N_(
                "The {part} part ({begin} to {end}) would hold {rows} labelled transactions, {frauds} of them frauds; "
                "it needs at least one fraud and one genuine transaction."
            )
        hint = N_("Send more transactions with known frauds, spread over the whole time.")
        raise InputRefused("data.part", Message(template, found), Message(hint))


def _no_labels() -> InputRefused:
    return InputRefused(
        "data.no_labels",
        Message(N_("No transaction is labelled as genuine or fraud.")),
        Message(N_("Name the column that says which transactions were frauds.")),
    )


def blocked(
    transactions: Transactions, delay_days: int, train_rows: Rows, rows: Rows, since: np.datetime64 | None = None
) -> NDArray[np.bool_]:
    """Which of `rows` are payments of a customer who is known as bad on their day: a bank has blocked that card.

    Known on a day are the frauds from `since` up to `delay_days` whole days before that day. Without times it is the
    frauds of the training rows; without customers nothing is blocked.

    Args:
        transactions: With labels.
        delay_days: Whole days after which a fraud is known.
        train_rows: Places of the training rows.
        rows: Places of the rows asked about, (M,).
        since: First day whose frauds count; the first day of training when omitted.

    Returns:
        (M,), in the order of `rows`.
    """
    begun = len(train_rows) or (since is not None and transactions.time is not None)
    if transactions.customer is None or transactions.label is None or not begun:
        return np.zeros(len(rows), bool)
    bad = (transactions.label == FRAUD) & (transactions.customer >= 0)
    never = np.iinfo(np.int64).max
    known = np.full(len(transactions.customers), never)
    if transactions.time is None:
        known[transactions.customer[train_rows[bad[train_rows]]]] = 0
        day = np.zeros(len(transactions), np.int64)
    else:
        day = days_of(transactions.time)
        bad &= day >= (day[train_rows].min() if since is None else since.astype("datetime64[D]").astype(np.int64))
        np.minimum.at(known, transactions.customer[bad], day[bad] + delay_days + 1)
    customer = transactions.customer[rows]
    return (customer >= 0) & (known[customer.clip(0)] <= day[rows]) if len(known) else np.zeros(len(rows), bool)
