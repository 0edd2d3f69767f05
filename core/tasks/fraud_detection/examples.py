"""The rows of a run: transactions with their features, split by time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import Message, RunContext, TransactionCase
from core.data.catalog import DATA_SETS
from core.data.mapping import parse_mapping
from core.data.read_transactions import open_transactions
from core.data.time_split import TimeSplit, blocked, split_by_time
from core.data.transaction_check import check_transactions
from core.data.transactions import LABELS, UNKNOWN, Transactions
from core.errors import InputRefused, RunCancelled
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.features import FeaturePlan, FeatureTable

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]
RECENT_DAYS = 7
"""A known fraud blocks its card when it is of the last so many days that could be learned from, or later.

So does the published protocol, which trains on one week. Older cards have been replaced: counted over a year, nearly
every customer was a victim once, and hardly anybody would be left to measure on.
"""

WHOLE = "all"
"""Split of data that do not allow one."""
TOO_SHORT = ("data.span", "data.part")
"""Why a split by time may be refused although there is something to measure on."""


@dataclass(frozen=True)
class Examples:
    """All rows of the data with their features, and which of them are for what."""

    transactions: Transactions
    plan: FeaturePlan
    table: FeatureTable
    split: TimeSplit
    name: str
    extra: Rows | None = field(default=None, repr=False)
    """Corrections of visitors: features (C, F) and labels (C,) that join the training rows."""
    warnings: tuple[str, ...] = ()
    """Of the data check, for the record of the run."""

    def rows(self, part: str) -> Rows:
        """Features (N, F) and labels (N,) of a part: `train`, `validation` or `test`."""
        places = self.split.parts[part]
        values, targets = self.table.values[places], np.asarray(self.transactions.label)[places].astype(np.int64)
        if part != "train" or self.extra is None:
            return values, targets
        return np.concatenate([values, self.extra[0]]), np.concatenate([targets, self.extra[1]])

    @property
    def notices(self) -> tuple[Message, ...]:
        """What a reader of the figures has to know."""
        return (*self.split.notices, *self.plan.notices)

    def counts(self) -> dict[str, dict[str, int]]:
        """Rows per part and label, corrections among them."""
        found = {}
        for part in self.split.parts:
            targets = self.rows(part)[1]
            found[part] = {label: int((targets == place).sum()) for place, label in enumerate(LABELS)}
        return found

    def boundaries(self) -> dict[str, list[str]]:
        """First day of each part and the day after its last; empty without times."""
        return {part: [str(day) for day in days] for part, days in self.split.boundaries.items()}


def read_examples(data: Path, config: FraudConfig, run: RunContext) -> Examples:
    """Read, check and split a table of transactions, and compute the features of all of its rows.

    Raises:
        InputRefused: It cannot be read or learned from.
        RunCancelled: Somebody asked for it to stop.
    """
    run.stage("read")
    transactions = open_transactions(data, data.name, parse_mapping(config.columns) or None, need_label=True)
    going_on(run)
    run.stage("check")
    report = check_transactions(transactions, config.label_delay_days)
    report.refuse_if_blocked()
    going_on(run)
    split = split_by_time(transactions, config.label_delay_days, config.validation_share, config.test_share)
    going_on(run)
    plan = FeaturePlan.fit(transactions, split.train, config.label_delay_days)
    going_on(run)
    table = plan.build(transactions)
    return Examples(
        transactions, plan, table, split, run.data_name or known_name(data), warnings=tuple(map(str, report.warnings))
    )


def examples_to_measure(
    plan: FeaturePlan, shares: tuple[float, float], data: Path, columns: Mapping[str, str] | None
) -> Examples:
    """Labelled rows to measure a model on, as its test part: by its own split, or all where they do not allow one.

    Args:
        plan: Features of the model.
        shares: Of validation and test, as the model was trained with.
        data: A table with labels.
        columns: Its columns by role, where they cannot be guessed.

    Raises:
        InputRefused: It cannot be read, or lacks columns that the model reads.
    """
    transactions = open_transactions(data, data.name, columns or None, need_label=True)
    table = plan.build(transactions)
    try:
        split = split_by_time(transactions, plan.delay_days, *shares)
    except InputRefused as error:
        if error.code not in TOO_SHORT:
            raise
        none = np.array([], np.int64)
        split = TimeSplit(none, none, np.flatnonzero(np.asarray(transactions.label) != UNKNOWN), WHOLE)
    return Examples(transactions, plan, table, split, known_name(data))


def known_name(data: Path) -> str:
    """What the catalogue calls a data set that lies where it was put; for other files their name."""
    places = (entry.name for entry in DATA_SETS if entry.table == data.name and entry.name == data.parent.name)
    return next(places, data.name)


def not_blocked(transactions: Transactions, split: TimeSplit, part: str, delay_days: int) -> NDArray[np.int64]:
    """Places of the rows of a part whose card the bank had not blocked by then."""
    rows = split.parts[part]
    learned = split.train
    if part in split.boundaries and transactions.time is not None:
        until = split.boundaries[part][0] - np.timedelta64(delay_days, "D")
        since = (until - np.timedelta64(RECENT_DAYS, "D")).astype(transactions.time.dtype)
        learned = np.flatnonzero((transactions.time >= since) & (transactions.time < until.astype(since.dtype)))
    return rows[~blocked(transactions, delay_days, learned, rows)] if len(learned) else rows


def cases(transactions: Transactions, table: FeatureTable, places: NDArray[np.int64]) -> tuple[TransactionCase, ...]:
    """Scored rows as a person judges them; `places` count from the first row after the history."""
    return tuple(_case(transactions, table, int(place)) for place in places)


def _case(transactions: Transactions, table: FeatureTable, place: int) -> TransactionCase:
    row = transactions.context + place
    values: dict[str, float | str] = {
        name: float(value) for name, value in zip(table.names, table.values[place], strict=True) if np.isfinite(value)
    }
    values["amount"] = float(transactions.amount[row])
    if transactions.time is not None:
        values["time"] = str(transactions.time[row].astype("datetime64[s]"))
    return TransactionCase(str(transactions.ids[row]), values, _digest(values))


def _digest(values: dict[str, float | str]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def going_on(run: RunContext) -> None:
    """Raise `RunCancelled` when somebody asked for the run to stop."""
    if run.should_stop():
        raise RunCancelled
