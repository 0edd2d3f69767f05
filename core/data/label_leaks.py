"""Single columns that tell frauds from genuine payments by themselves: answer keys, traces of how labels were written.

No fraud is that easy. A column that ranks nearly all frauds before all genuine payments was most often filled in after
the fraud was known, and will not be there, or not like this, when the next payment is to be scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from core.contracts import N_, Message
from core.data.mapping import IGNORE
from core.data.time_split import days_of
from core.data.transactions import FRAUD, UNKNOWN, Transactions

AUC_LIMIT = 0.99
"""Area under the ROC curve of a single column above which it is said to give the label away."""
FEW_VALUES = 50
"""Distinct values up to which a column of numbers is looked at as codes too."""
ROWS_LOOKED_AT = 200_000
"""Labelled rows beyond which all frauds and evenly spaced genuine payments stand for all."""
LEAST_FRAUDS = 10
"""Frauds below which chance alone may separate the classes."""
_FOLDS = 5
_RUNS = 0.1
"""Frauds stand in so few runs of neighbours, against what chance gives, only when rows were sorted by label."""

Kind = Literal["number", "code", "text", "empty"]


@dataclass(frozen=True)
class Leak:
    """A column that gives the label away."""

    column: str
    kind: Kind
    """As what: a number that ranks, a code or a text of its own for a class, or cells that are empty for one class."""
    auc: float


def column_leaks(transactions: Transactions) -> list[Leak]:
    """The columns whose single AUC is above `AUC_LIMIT`, in the order of the table; the answer key is not looked at."""
    rows, fraud = _looked_at(transactions)
    if not _enough(fraud):
        return []
    found = {}
    for column, kind, values in _candidates(transactions, rows):
        auc = _auc(fraud, values if kind in {"number", "empty"} else _told_by_others(values, fraud))
        if auc > AUC_LIMIT and column not in found:
            found[column] = Leak(column, kind, auc)
    return list(found.values())


def time_separates(transactions: Transactions) -> bool:
    """Whether the time of day or the day alone tells frauds from genuine payments."""
    rows, fraud = _looked_at(transactions)
    if transactions.time is None or not _enough(fraud):
        return False
    time = transactions.time[rows]
    # The day, the hour, and the second: made-up frauds often carry times that no genuine payment has.
    since_midnight = (time - time.astype("datetime64[D]")).astype(np.int64)
    codes = (days_of(time), since_midnight // 3600, since_midnight % 60)
    return _auc(fraud, time.astype(np.int64)) > AUC_LIMIT or any(
        _auc(fraud, _told_by_others(code, fraud)) > AUC_LIMIT for code in codes
    )


def sorted_by_label(transactions: Transactions) -> bool:
    """Whether the frauds stand together when the rows are put in the order of their ids."""
    if transactions.label is None:
        return False
    try:
        order = np.argsort(transactions.ids.astype(np.float64), kind="stable")
    except ValueError:  # not all are numbers
        order = np.argsort(transactions.ids, kind="stable")
    label = transactions.label[order]
    fraud = label[label != UNKNOWN] == FRAUD
    if not _enough(fraud):
        return False
    runs = int(fraud[0]) + int((fraud[1:] & ~fraud[:-1]).sum())
    by_chance = fraud.sum() * (1 - fraud.mean()) + 1
    return bool(runs < _RUNS * by_chance)


def filled_where_labelled(transactions: Transactions) -> list[str]:
    """Columns with a value exactly where the label is known: they were written together with it."""
    if transactions.label is None:
        return []
    known = transactions.label != UNKNOWN
    if known.all() or not known.any():
        return []
    filled = {name: ~np.isnan(values) for name, values in transactions.numbers.items()}
    filled |= {name: values != "" for name, values in transactions.categories.items()}
    return [name for name, values in filled.items() if np.array_equal(values, known)]


def leak_message(leak: Leak, transactions: Transactions) -> Message:
    """What to say about a leak of these transactions, and what can be done about it."""
    templates = {
        "number": N_(
            "Column {column} alone tells frauds from genuine transactions (AUC {auc}). Was it filled in after the "
            "fraud was known? {remedy}"
        ),
        "code": N_(
            "Column {column} separates frauds from genuine transactions (AUC {auc}): it looks like an "
            "answer key. {remedy}"
        ),
        "text": N_(
            "The values in column {column} say which transactions are frauds (AUC {auc}): it looks like an answer key. "
            "{remedy}"
        ),
        "empty": N_(
            "Column {column} is empty for one class and filled for the other (AUC {auc}): it was written when the "
            "label was known. {remedy}"
        ),
    }
    found = {"column": leak.column, "auc": f"{leak.auc:.3f}", "remedy": remedy(leak.column, transactions)}
    return Message(templates[leak.kind], found)


def remedy(column: str, transactions: Transactions) -> Message:
    """What helps against a column that gives the label away; amounts cannot be left out."""
    if column == transactions.columns.get("amount", "amount"):
        return Message(
            N_(
                "No model can do without amounts: find out how those of the frauds came about, and send amounts as "
                "they were when the payment was made."
            )
        )
    template = N_("Choose it under “Columns to leave out” (on the command line: {option}), or take it out of the file.")
    return Message(template, {"option": f"--column {IGNORE}={column}"})


def _looked_at(transactions: Transactions) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Places of labelled rows (M,) and which are frauds (M,)."""
    if transactions.label is None:
        return np.zeros(0, np.int64), np.zeros(0, bool)
    frauds = np.flatnonzero(transactions.label == FRAUD)
    genuine = np.flatnonzero((transactions.label != UNKNOWN) & (transactions.label != FRAUD))
    frauds, genuine = (
        rows[np.linspace(0, len(rows) - 1, min(len(rows), ROWS_LOOKED_AT)).astype(np.int64)]
        for rows in (frauds, genuine)
    )
    rows = np.sort(np.concatenate([frauds, genuine]))
    return rows, transactions.label[rows] == FRAUD


def _enough(fraud: NDArray[np.bool_]) -> bool:
    return bool(min(fraud.sum(), (~fraud).sum()) >= LEAST_FRAUDS)


def _candidates(
    transactions: Transactions, rows: NDArray[np.int64]
) -> Iterator[tuple[str, Kind, NDArray[np.int64] | NDArray[np.float64]]]:
    """Column, as what it is looked at, and a number or a code for each row."""
    numbers = {transactions.columns.get("amount", "amount"): transactions.amount, **transactions.numbers}
    for name, column in numbers.items():
        values = column[rows]
        missing = np.isnan(values)
        if missing.any():
            yield name, "empty", missing.astype(float)
        yield name, "number", np.where(missing, np.nanmedian(values) if not missing.all() else 0.0, values)
        codes, distinct = pd.factorize(values)
        if len(distinct) <= FEW_VALUES:
            yield name, "code", codes
    for name, text in transactions.categories.items():
        if (text[rows] == "").any():
            yield name, "empty", (text[rows] == "").astype(float)
        yield name, "text", pd.factorize(text[rows])[0]
    for role, places in (("customer", transactions.customer), ("terminal", transactions.terminal)):
        if places is not None:
            yield transactions.columns.get(role, role), "text", places[rows].astype(np.int64)


def _told_by_others(codes: NDArray[np.int64] | NDArray[np.float64], fraud: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of frauds among the rows of other folds with the same code (M,): a name that occurs once tells nothing."""
    place = pd.factorize(codes)[0] + 1
    count = int(place.max(initial=0)) + 1
    # Neighbours in a file are alike; folds by turns keep a block of them in all folds.
    fold = np.arange(len(place)) % _FOLDS
    everyone, bad = (np.bincount(place * _FOLDS + fold, weights, count * _FOLDS) for weights in (None, fraud))
    others, bad_others = (
        table.reshape(count, _FOLDS).sum(axis=1)[place] - table[place * _FOLDS + fold] for table in (everyone, bad)
    )
    overall = fraud.mean()
    return np.asarray((bad_others + overall) / (others + 1))


def _auc(fraud: NDArray[np.bool_], values: NDArray[np.int64] | NDArray[np.float64]) -> float:
    """Area under the ROC curve of the better direction."""
    ranks = rankdata(values)
    positive, negative = int(fraud.sum()), int((~fraud).sum())
    area = (ranks[fraud].sum() - positive * (positive + 1) / 2) / (positive * negative)
    return float(max(area, 1 - area))
