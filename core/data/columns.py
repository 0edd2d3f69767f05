"""Which column of a table plays which role: as a person said, or guessed by its name and what its cells can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import clean_text

SAMPLE_ROWS = 2_000

Frame = TypeVar("Frame", pd.DataFrame, "pd.Series[Any]")


@dataclass(frozen=True)
class Role:
    """What a column may be used as."""

    name: str
    patterns: tuple[str, ...]
    """Regular expressions for the whole `plain_name` of a column, the surest first."""
    fits: Callable[[pd.Series[Any]], bool]
    """Whether a sample of a column can be read in this role."""


def plain_name(name: str) -> str:
    """A column's name in lower case with single underscores: "TransactionAmt ($)" -> "transaction_amt"."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\W_]+", "_", text.casefold()).strip("_")


def guess_roles(frame: pd.DataFrame, roles: Sequence[Role], given: Mapping[str, str]) -> dict[str, str]:
    """Role -> column, for those that were given and those that can be guessed; no column is used twice.

    Args:
        frame: The table.
        roles: In the order in which they choose.
        given: Role -> column as a person said; an empty column means that there is none.
    """
    sample = sample_rows(frame)
    found = {role: column for role, column in given.items() if column}
    for role in roles:
        if role.name in given:
            continue
        free = [column for column in frame.columns if column not in found.values()]
        for pattern in role.patterns:
            named = (column for column in free if re.fullmatch(pattern, plain_name(column)))
            if chosen := next((column for column in named if role.fits(sample[column])), None):
                found[role.name] = chosen
                break
    return found


def sample_rows(table: Frame) -> Frame:
    """At most `SAMPLE_ROWS` rows, evenly spread."""
    return table.iloc[np.linspace(0, len(table) - 1, min(len(table), SAMPLE_ROWS)).astype(int)]


def check_mapping(
    given: Mapping[str, str], roles: Sequence[Role], columns: Sequence[str], label: str
) -> dict[str, str]:
    """The given mapping with the columns' exact names.

    Raises:
        InputRefused: When a role or column does not exist, or a column is given twice.
    """
    names = [role.name for role in roles]
    found: dict[str, str] = {}
    for role, column in given.items():
        if role not in names:
            values: dict[str, object] = {"role": clean_text(role), "roles": ", ".join(names)}
            raise InputRefused(
                "columns.unknown_role",
                Message(N_("There is no role {role} for a column."), values),
                Message(N_("Choose one of: {roles}."), values),
            )
        actual = exact_name(column, columns, label) if column else ""
        if actual and actual in found.values():
            raise used_twice(actual, label)
        found[role] = actual
    return found


def exact_name(column: str, columns: Sequence[str], label: str) -> str:
    """A column of the table called `label` as it is written there; raises `InputRefused` when there is none."""
    exact = {plain_name(name): name for name in reversed(columns)} | {name: name for name in columns}
    actual = exact.get(column) or exact.get(plain_name(column), "")
    if not actual:
        values = {"name": label, "column": clean_text(column), "columns": named(columns)}
        raise InputRefused(
            "columns.unknown_column",
            Message(N_("{name}: there is no column {column}."), values),
            Message(N_("It has: {columns}."), values),
        )
    return actual


def used_twice(column: str, label: str) -> InputRefused:
    """One column was given for two things."""
    template = N_("{name}: the column {column} is given two roles.")
    hint = Message(N_("Give every column one role."))
    return InputRefused("columns.used_twice", Message(template, {"name": label, "column": column}), hint)


def named(columns: Sequence[str], most: int = 30) -> str:
    """The columns' names for a message, the first `most` of them."""
    shown = ", ".join(columns[:most])
    return f"{shown}, … ({len(columns)})" if len(columns) > most else shown
