"""One transaction that somebody asks about, on top of the history of a bank that knows its customer and terminal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.transactions import FRAUD, UNKNOWN, Transactions

NEW_ID = "new"
"""What the row that is asked about is called; a bank's own ids are kept beside it."""


@dataclass(frozen=True)
class NewTransaction:
    """What a person types in. An empty name stands for nobody and nowhere."""

    amount: float
    time: np.datetime64 | None = None
    customer: str = ""
    terminal: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fields:
    """What a model has to be told of a transaction, with the values that were usual where it learned.

    Ranges are (1 %, median, 99 %) of its training rows.
    """

    amount: tuple[float, float, float]
    numbers: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    delay_days: int = 0
    """A fraud is known this long after it happened."""


@dataclass(frozen=True)
class Recent:
    """What a bank knows of a customer and a terminal in the days before a transaction."""

    days: int
    customer_count: int
    customer_mean: float
    """Of the amounts; NaN without any."""
    terminal_count: int
    terminal_frauds: int
    """Those among them whose label was known by then."""


def transaction_at(bank: Transactions, place: int) -> NewTransaction:
    """The transaction in row `place` of a bank, to be asked about anew or changed."""
    return NewTransaction(
        amount=float(bank.amount[place]),
        time=None if bank.time is None else bank.time[place],
        customer=_name(bank.customers, bank.customer, place),
        terminal=_name(bank.terminals, bank.terminal, place),
        numbers={name: float(values[place]) for name, values in bank.numbers.items()},
        categories={name: str(values[place]) for name, values in bank.categories.items()},
    )


def row_with_history(bank: Transactions, place: int) -> Transactions:
    """Row `place` of a table behind the earlier rows that share its customer, terminal or groups: one row to score.

    A feature of the row is the same as in the whole table, and is computed from a small part of it.
    """
    earlier = np.arange(len(bank)) < place
    history = np.flatnonzero(_shares(bank, transaction_at(bank, place)) & earlier)
    table = bank.take(np.append(history, place))
    return replace(table, context=len(history), sha256=hashlib.sha256(f"{bank.sha256}|{place}".encode()).hexdigest())


def on_history(bank: Transactions, new: NewTransaction) -> Transactions:
    """`new` as the last row of a table whose other rows are what the bank knows of its customer, terminal and groups.

    Only rows before its time count; they are `context`, so that the table asks for one score. A number or group of
    which the bank knows nothing is empty in its rows.

    Raises:
        ValueError: The bank's rows have times and `new` has none.
    """
    if bank.time is not None and new.time is None:
        raise ValueError("a transaction without a time has no place in a bank with times")
    history = bank.take(np.flatnonzero(_shares(bank, new) & earlier_rows(bank, new)))
    customer, customers = _appended(history.customer, bank.customers, new.customer)
    terminal, terminals = _appended(history.terminal, bank.terminals, new.terminal)
    return replace(
        history,
        ids=np.append(history.ids, NEW_ID),
        amount=np.append(history.amount, new.amount),
        time=None if history.time is None else np.append(history.time, np.array([new.time], "datetime64[s]")),
        customer=customer,
        customers=customers,
        terminal=terminal,
        terminals=terminals,
        label=None if history.label is None else np.append(history.label, np.int8(UNKNOWN)),
        numbers=_joined(history.numbers, new.numbers, np.full(len(history), np.nan), float("nan")),
        categories=_joined(history.categories, new.categories, np.full(len(history), ""), ""),
        scenario=None,
        context=len(history),
        sha256=hashlib.sha256(f"{bank.sha256}|{new!r}".encode()).hexdigest(),
        notices=(),
        refused=(),
    )


def recent(bank: Transactions, new: NewTransaction, delay_days: int, days: int = 30) -> Recent:
    """What the bank knows when `new` comes in; labels count `delay_days` after their row."""
    before = earlier_rows(bank, new)
    if bank.time is not None and new.time is not None:
        before &= bank.time > new.time - np.timedelta64(days, "D")
    own = before & earlier_of_customer(bank, new)
    there = before & _is(new.terminal, bank.terminals, bank.terminal, len(bank))
    known = np.zeros(len(bank), bool) if bank.label is None else bank.label == FRAUD
    if bank.time is not None and new.time is not None:
        known = known & (bank.time <= new.time - np.timedelta64(delay_days, "D"))
    return Recent(
        days=days,
        customer_count=int(own.sum()),
        customer_mean=float(bank.amount[own].mean()) if own.any() else float("nan"),
        terminal_count=int(there.sum()),
        terminal_frauds=int((there & known).sum()),
    )


def earlier_rows(bank: Transactions, new: NewTransaction) -> NDArray[np.bool_]:
    """Rows before the time of `new`, (N,); all of them where there are no times."""
    if bank.time is None or new.time is None:
        return np.ones(len(bank), bool)
    return np.asarray(bank.time < new.time)


def earlier_of_customer(bank: Transactions, new: NewTransaction) -> NDArray[np.bool_]:
    """Those among them that are of its customer, (N,); none where the bank does not know who that is."""
    return earlier_rows(bank, new) & _is(new.customer, bank.customers, bank.customer, len(bank))


def _shares(bank: Transactions, new: NewTransaction) -> NDArray[np.bool_]:
    same = _is(new.customer, bank.customers, bank.customer, len(bank))
    same = same | _is(new.terminal, bank.terminals, bank.terminal, len(bank))
    for name, values in bank.categories.items():
        if new.categories.get(name):
            same = same | (values == new.categories[name])
    return same


def _is(wanted: str, names: tuple[str, ...], places: NDArray[np.int32] | None, n: int) -> NDArray[np.bool_]:
    if places is None or not wanted or wanted not in names:
        return np.zeros(n, bool)
    return np.asarray(places == names.index(wanted))


def _joined(
    known: Mapping[str, NDArray[Any]], said: Mapping[str, Any], empty: NDArray[Any], missing: object
) -> dict[str, NDArray[Any]]:
    """Columns by name, those of the bank and those that only the new row has, each with the new row at its end."""
    names = dict.fromkeys([*known, *said])
    return {name: np.append(known.get(name, empty), said.get(name, missing)) for name in names}


def _name(names: tuple[str, ...], places: NDArray[np.int32] | None, place: int) -> str:
    return "" if places is None or places[place] < 0 else names[places[place]]


def _appended(places: NDArray[np.int32] | None, names: tuple[str, ...], name: str) -> tuple[Any, tuple[str, ...]]:
    """The column with one more row; a name that the bank has never seen gets a place of its own."""
    if places is None:
        return None, names
    if name and name not in names:
        names = (*names, name)
    code = names.index(name) if name else -1
    return np.append(places, np.int32(code)), names
