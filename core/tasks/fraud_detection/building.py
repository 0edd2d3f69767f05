"""From the columns of a table to the columns of its features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.transactions import FRAUD, GENUINE, UNKNOWN, Transactions
from core.tasks.fraud_detection.definitions import (
    CATEGORY_COUNT,
    CATEGORY_DAYS,
    CATEGORY_RISK,
    DAYS,
    FRAUD_RUN_DAYS,
    LARGE_DAYS,
    LARGE_TIMES,
    LONG_DAYS,
    NUMBER,
    RATIO_DAYS,
    SHIFT_DAYS,
)
from core.tasks.fraud_detection.windows import DAY_S, Windows, mean_amounts, whole_amounts

RATIO_LIMIT = 100.0
"""An amount that many times the customer's mean, or more, counts as that many times."""
NUMBER_LIMIT = 1e30
"""Numbers beyond count as this much: differences of such still fit into 32 bits."""
NIGHT_UNTIL = 6
"""Last hour of the night, which begins at midnight."""
_UNKNOWN, _NONE = np.float32(np.nan), np.int32(0)
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0.


@dataclass(frozen=True)
class FeatureTable:
    """The features of the N rows that were to be scored."""

    names: tuple[str, ...]
    values: NDArray[np.float32]
    """Shape (N, F); NaN where a feature is unknown."""
    known_frauds: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    """By the name of each risk: known frauds in its window, (N,)."""
    known_payments: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    """By the name of each risk: payments in its window of which it is known whether they were fraud, (N,)."""
    notices: tuple[Message, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def column(self, name: str) -> NDArray[np.float32]:
        """The values of one feature, (N,)."""
        return self.values[:, self.names.index(name)]


def build_features(transactions: Transactions, names: tuple[str, ...], delay_days: int) -> FeatureTable:
    """The features called `names` of the rows after `transactions.context`; the columns they need must be there.

    Raises:
        ValueError: The rows are not in order of time.
    """
    builder = _Builder(transactions, names, delay_days)
    builder.add_amounts()
    if transactions.time is not None:
        builder.add_hours()
        builder.add_customers()
        builder.add_terminals()
        builder.add_categories()
    for column in builder.columns_of(NUMBER):
        values = transactions.numbers[column][transactions.context :]
        builder.put(NUMBER + column, values.clip(-NUMBER_LIMIT, NUMBER_LIMIT))
    return FeatureTable(names, builder.values, builder.frauds, builder.known, builder.notices())


class _Builder:
    """Fills the columns of one table, group by group; features that were not asked for are not computed."""

    def __init__(self, transactions: Transactions, names: tuple[str, ...], delay_days: int) -> None:
        self.transactions, self.delay_days = transactions, delay_days
        self.places = {name: place for place, name in enumerate(names)}
        self.values = np.full((len(transactions) - transactions.context, len(names)), np.nan, np.float32)
        self.frauds: dict[str, NDArray[np.int32]] = {}
        self.known: dict[str, NDArray[np.int32]] = {}
        if transactions.time is not None:
            self.seconds = transactions.time.astype("datetime64[s]").astype(np.int64)
            if np.any(np.diff(self.seconds) < 0):
                raise ValueError("the rows are not in order of time")

    def put(self, name: str, values: NDArray[Any], rows: NDArray[np.int64] | None = None) -> None:
        """Set one feature of all scored rows, or of those among them that are in `rows` of the whole table."""
        if name in self.places:
            self.values[:, self.places[name]] = values if rows is None else self._spread(values, rows, _UNKNOWN)

    def wants(self, *beginnings: str) -> bool:
        """Whether a feature was asked for whose name begins like that."""
        return any(name.startswith(beginnings) for name in self.places)

    def columns_of(self, prefix: str) -> Iterator[str]:
        return (name.removeprefix(prefix) for name in self.places if name.startswith(prefix))

    def add_amounts(self) -> None:
        amount = self.transactions.amount[self.transactions.context :]
        self.put("amount", amount)
        if self.wants("log_amount"):
            self.put("log_amount", np.sign(amount) * np.log1p(np.abs(amount)))

    def add_hours(self) -> None:
        if not self.wants("night", "weekend", "hour_"):
            return
        seconds = self.seconds[self.transactions.context :]
        hour = seconds % DAY_S / 3600
        self.put("night", hour < NIGHT_UNTIL + 1)
        self.put("weekend", (seconds // DAY_S + _EPOCH_WEEKDAY) % 7 >= 5)
        self.put("hour_sin", np.sin(hour * (2 * np.pi / 24)))
        self.put("hour_cos", np.cos(hour * (2 * np.pi / 24)))

    def add_customers(self) -> None:
        whole = self.transactions
        if whole.customer is None or not self.wants("customer_", "amount_ratio"):
            return
        # Also of the history: whether an earlier payment was large shows in the windows before it.
        windows, units = Windows(whole.customer, self.seconds, LONG_DAYS), whole_amounts(whole.amount)
        running = windows.running(units)
        for days in DAYS:
            run = windows.recent(days)
            self.put(f"customer_count_{days}d", run.count, windows.rows)
            self.put(f"customer_mean_{days}d", mean_amounts(run, running), windows.rows)
        if self.wants("amount_ratio"):
            mean = mean_amounts(windows.recent(RATIO_DAYS), running)
            self.put("amount_ratio", _times(whole.amount[windows.rows], mean), windows.rows)
        if self.wants("customer_shift_", "customer_large_"):
            self._add_habits(windows, running, units)

    def _add_habits(self, windows: Windows, running: NDArray[np.int64], units: NDArray[np.int64]) -> None:
        """How the customer's last days and payments compare with the long window."""
        recent, long = windows.recent(SHIFT_DAYS), windows.recent(LONG_DAYS)
        shift = _times(mean_amounts(recent, running), mean_amounts(long, running))
        self.put(f"customer_shift_{SHIFT_DAYS}d", shift, windows.rows)
        total, large = long.sum(running), np.zeros(len(units), bool)
        large[windows.rows] = (total > 0) & (units[windows.rows] * long.count > LARGE_TIMES * total)
        earlier = windows.recent(LARGE_DAYS).sum(windows.running(large)) - large[windows.rows]
        self.put(f"customer_large_{LARGE_DAYS}d", earlier, windows.rows)

    def add_terminals(self) -> None:
        terminal, label = self.transactions.terminal, self.transactions.label
        if terminal is None or not self.wants("terminal_"):
            return
        windows = self._add_delayed(terminal, {d: (f"terminal_count_{d}d", f"terminal_risk_{d}d") for d in DAYS})
        if self.wants("terminal_fraud_days"):
            since = np.zeros(len(windows.rows), np.int64)
            if label is not None:
                run = windows.delayed([FRAUD_RUN_DAYS], self.delay_days)[FRAUD_RUN_DAYS]
                since = windows.since_unbroken(label == FRAUD, label == GENUINE, run)
            self.put("terminal_fraud_days", since / DAY_S, windows.rows)

    def add_categories(self) -> None:
        wanted = {*self.columns_of(CATEGORY_COUNT), *self.columns_of(CATEGORY_RISK)}
        for column in sorted(wanted):
            texts = self.transactions.categories[column].astype(object)
            codes, different = pd.factorize(texts)
            empty = np.flatnonzero(different == "")
            codes[np.isin(codes, empty)] = -1
            self._add_delayed(codes, {CATEGORY_DAYS: (CATEGORY_COUNT + column, CATEGORY_RISK + column)})

    def _add_delayed(self, entity: NDArray[Any], names: Mapping[int, tuple[str, str]]) -> Windows:
        """Payments and share of known frauds of an entity, by length of the window; no known label, no risk."""
        label = self.transactions.label
        windows = Windows(entity, self.seconds, max(names) + self.delay_days, self.transactions.context)
        frauds = None if label is None else windows.running(label == FRAUD)
        known = None if label is None else windows.running(label != UNKNOWN)
        for days, run in windows.delayed(names, self.delay_days).items():
            count_name, risk_name = names[days]
            self.put(count_name, run.count, windows.rows)
            if risk_name not in self.places:
                continue
            nothing = np.zeros_like(run.count)
            found, of = (nothing if sums is None else run.sum(sums) for sums in (frauds, known))
            self.put(risk_name, np.divide(found, of, out=np.zeros(len(of)), where=of > 0), windows.rows)
            self.frauds[risk_name] = self._spread(found, windows.rows, _NONE)
            self.known[risk_name] = self._spread(of, windows.rows, _NONE)
        return windows

    def _spread(self, values: NDArray[Any], rows: NDArray[np.int64], absent: np.generic) -> NDArray[Any]:
        """Values of `rows` of the whole table as a column of all scored rows; `absent` for the others."""
        column = np.full(len(self.transactions), absent)
        column[rows] = values
        return column[self.transactions.context :]

    def notices(self) -> tuple[Message, ...]:
        if self.frauds and self.transactions.label is None:
            return (
                Message(
                    N_("The payments carry no labels, so that no earlier frauds are known: each risk counts as 0.")
                ),
            )
        return ()


def _times(value: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values over means, within the limit; unknown where the mean is not above zero."""
    times = np.divide(value, mean, out=np.full(len(mean), np.nan), where=mean > 0)
    return np.asarray(times.clip(-RATIO_LIMIT, RATIO_LIMIT))
