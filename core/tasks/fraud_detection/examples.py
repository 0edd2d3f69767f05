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
from core.data.time_split import TimeSplit, split_by_time
from core.data.transaction_check import check_transactions
from core.data.transactions import LABELS, Transactions
from core.errors import RunCancelled
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.features import FeaturePlan, FeatureTable
from core.tasks.fraud_detection.held_out import held_out

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True)
class Examples:
    """All rows of the data with their features, and which of them are for what."""

    transactions: Transactions
    plan: FeaturePlan
    table: FeatureTable
    split: TimeSplit
    name: str
    measured: Mapping[str, NDArray[np.int64]]
    """Places of the rows that figures are computed from: of `test`, and in a training run of `validation`."""
    said: tuple[Message, ...] = ()
    """What a reader has to know of the measured rows."""
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
        return (*self.split.notices, *self.plan.notices, *self.said)

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
    delay, shares = config.label_delay_days, (config.validation_share, config.test_share)
    report = check_transactions(transactions, delay, *shares)
    report.refuse_if_blocked()
    going_on(run)
    split = split_by_time(transactions, delay, *shares)
    measured, said = held_out(transactions, split, delay)
    going_on(run)
    plan, table = FeaturePlan.fit_and_build(transactions, split.train, delay)
    warnings = tuple(map(str, report.warnings))
    return Examples(
        transactions, plan, table, split, run.data_name or known_name(data), measured, said, warnings=warnings
    )


def known_name(data: Path) -> str:
    """What the catalogue calls a data set that lies where it was put; for other files their name."""
    places = (entry.name for entry in DATA_SETS if entry.table == data.name and entry.name == data.parent.name)
    return next(places, data.name)


def cases(
    transactions: Transactions, plan: FeaturePlan, table: FeatureTable, places: NDArray[np.int64]
) -> tuple[TransactionCase, ...]:
    """Scored rows as a person judges them, from the `table` that `plan` built of them.

    `places` count from the first row after the history.
    """
    return tuple(_case(transactions, plan, table, int(place)) for place in places)


def _case(transactions: Transactions, plan: FeaturePlan, table: FeatureTable, place: int) -> TransactionCase:
    row = transactions.context + place
    values: dict[str, float | str] = {
        name: float(value) for name, value in zip(table.names, table.values[place], strict=True) if np.isfinite(value)
    }
    values["amount"] = float(transactions.amount[row])
    if transactions.time is not None:
        values["time"] = str(transactions.time[row].astype("datetime64[s]"))
    name, digest = str(transactions.ids[row]), _digest(values)
    return TransactionCase(name, values, digest, features=plan.names, delay_days=plan.delay_days)


def _digest(values: dict[str, float | str]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def going_on(run: RunContext) -> None:
    """Raise `RunCancelled` when somebody asked for the run to stop."""
    if run.should_stop():
        raise RunCancelled
