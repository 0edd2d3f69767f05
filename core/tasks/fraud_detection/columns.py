"""Which features a table allows, and which of its other columns are worth one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.transactions import FRAUD, UNKNOWN, Transactions
from core.tasks.fraud_detection.definitions import (
    CATEGORY_COUNT,
    CATEGORY_RISK,
    FIXED,
    NUMBER,
    definition_of,
)

DISTINCT_SHARE_MAX = 0.5
"""Text, and whole numbers, with more different values than this share of the rows are ids."""
KEY_VALUES_MAX = 20
"""A column with up to this many values, each of them of one class, is taken for an answer key."""

_ABSENT = {
    "time": N_("The data have no times: features of hours, customers and terminals over time are left out."),
    "customer": N_("The data have no customers: features of a customer's past are left out."),
    "terminal": N_("The data have no terminals: features of a terminal's past are left out."),
}


def present_roles(transactions: Transactions) -> tuple[str, ...]:
    """Those of time, customer and terminal that the table has."""
    return tuple(role for role in ("time", "customer", "terminal") if getattr(transactions, role) is not None)


def possible_features(transactions: Transactions, rows: NDArray[Any]) -> tuple[tuple[str, ...], tuple[Message, ...]]:
    """Names of the features that the table allows, judged by the training `rows`, and what was left out and why."""
    roles = present_roles(transactions)
    names = [name for name, definition in FIXED.items() if set(definition.roles) <= set(roles)]
    notices = [Message(template) for role, template in _ABSENT.items() if role not in roles]
    label = None if transactions.label is None else transactions.label[rows]
    for column, numbers in transactions.numbers.items():
        if said := _useless(column, numbers[rows], label):
            notices.append(said)
        else:
            names.append(NUMBER + column)
    for column, texts in transactions.categories.items():
        if said := _useless(column, texts[rows], label):
            notices.append(said)
        elif "time" in roles:
            names += [CATEGORY_COUNT + column, CATEGORY_RISK + column]
        else:
            notices.append(
                Message(N_("Column {column} is left out: text is used with times only."), {"column": column})
            )
    return tuple(names), tuple(notices)


def _useless(column: str, values: NDArray[Any], label: NDArray[np.int8] | None) -> Message | None:
    """Why a column is no feature; None when it is one."""
    named = {"column": column}
    if definition_of(NUMBER + column) is None:
        return Message(N_("A column is left out: its name is longer than 280 characters or not printable."))
    codes, different = pd.factorize(values if values.dtype.kind == "f" else values.astype(object))
    if len(different) + bool((codes < 0).any()) < 2:
        return Message(N_("Column {column} is left out: it has the same value everywhere."), named)
    whole = values.dtype.kind != "f" or bool(np.all(np.mod(values[codes >= 0], 1) == 0))
    if whole and len(different) > DISTINCT_SHARE_MAX * len(values):
        template = N_("Column {column} is left out: {different} different values in {rows} rows, as ids have.")
        return Message(template, named | {"different": len(different), "rows": len(values)})
    if label is not None and _tells_the_label(codes, len(different), label):
        return Message(N_("Column {column} is left out: each of its values belongs to one class alone."), named)
    return None


def _tells_the_label(codes: NDArray[Any], different: int, label: NDArray[np.int8]) -> bool:
    known = (label != UNKNOWN) & (codes >= 0)
    if different > KEY_VALUES_MAX or len(np.unique(label[known])) < 2:
        return False
    frauds = np.bincount(codes[known], label[known] == FRAUD, different)
    rows = np.bincount(codes[known], minlength=different)
    return bool(np.all((frauds == 0) | (frauds == rows)))


def missing_columns(names: Iterator[str], transactions: Transactions) -> list[str]:
    """Roles and other columns that features of these names need and the table has not; each once, in order."""
    held = {*present_roles(transactions)}
    missing: dict[str, None] = {}
    for name in names:
        definition = definition_of(name)
        if definition is None:
            continue
        missing |= dict.fromkeys(role for role in definition.roles if role not in held)
        others = transactions.numbers if name.startswith(NUMBER) else transactions.categories
        if definition.column and definition.column not in others:
            missing[definition.column] = None
    return list(missing)
