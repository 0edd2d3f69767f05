"""Transactions that a program sends, as a file or as JSON, which is turned into a table for the same intake."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core import answers
from core.contracts import N_, Message
from core.data.mapping import parse_mapping
from core.errors import InputRefused
from core.settings import settings

JSON_BYTES: Final = 8 * 2**20
"""Of a body: read from JSON it takes up to thirty times as much memory."""
ROWS_MAX: Final = 100_000
"""Rows of one request: each is an entry of the answer, which is made in memory."""
CELLS_MAX: Final = 5_000_000
"""Rows times columns: every row has a cell for each column that any of them names."""
_SEPARATOR: Final = "sep=,\r\n"
"""A line that says how the cells are separated, so that no text among them is taken for that."""


@dataclass(frozen=True)
class Sent:
    """A table as it came: its name, its bytes and the columns that were named by their role."""

    name: str
    data: bytes
    columns: Mapping[str, str] = field(default_factory=dict)
    header: bool | None = None
    """Whether its first row names the columns; None where nobody said so."""


def parse_columns(parts: Sequence[str]) -> dict[str, str]:
    """Role -> column of `column=role=name` query parameters; raises `InputRefused`."""
    found: dict[str, str] = {}
    for part in parts:
        found |= parse_mapping(part)
    return found


def table_of_json(body: bytes) -> Sent:
    """`{"transactions": [{...}, ...], "columns": {...}}` as CSV; columns are those of all rows together.

    Raises:
        InputRefused: it is no such JSON, a value is no text, number, truth value or null, or it is too much.
    """
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _refused(N_("The body is no JSON.")) from None
    rows = document.get("transactions") if isinstance(document, dict) else None
    columns = document.get("columns", {}) if isinstance(document, dict) else {}
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise _refused(N_("`transactions` has to be a list of objects, one for each row."))
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        raise _refused(N_("`columns` has to be an object of role and column."))
    names = list(dict.fromkeys(name for row in rows for name in row))
    _check_size(len(rows), len(names))
    return Sent("transactions.csv", _as_csv(names, rows), columns, header=True)


def too_many_rows(rows: int) -> InputRefused:
    """One request asks for more answers than it may."""
    return InputRefused(
        "api.too_many_rows",
        Message(N_("The table has {rows} rows; one request may have {limit}."), {"rows": rows, "limit": ROWS_MAX}),
        N_("Send it in parts, or use the page or the command line."),
    )


def _check_size(rows: int, names: int) -> None:
    """Refuse what would be a large table, however few bytes it came in."""
    if rows > ROWS_MAX:
        raise too_many_rows(rows)
    most = settings().limits.table_columns
    if names > most or rows * names > CELLS_MAX:
        found = {"rows": rows, "columns": names, "most": most, "cells": CELLS_MAX}
        template = N_("{rows} rows with {columns} columns; allowed are {most} columns and {cells} cells together.")
        hint = N_("Send only the columns that are needed, or send it in parts.")
        raise InputRefused("api.too_many_cells", Message(template, found), Message(hint))


def _as_csv(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    buffer = io.StringIO()
    buffer.write(_SEPARATOR)
    writer = csv.writer(buffer)
    writer.writerow(names)
    writer.writerows([_cell(name, row.get(name)) for name in names] for row in rows)
    try:
        return buffer.getvalue().encode()
    except UnicodeEncodeError:
        raise _refused(N_("A text holds half of a surrogate pair, which is no character.")) from None


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    raise _refused(N_("The value of {name} is no text, number, truth value or null."), name=name[:80])


def _no_number(name: str) -> None:
    raise ValueError(name)


def _refused(template: str, **params: object) -> InputRefused:
    example = '{"transactions": [{"amount": 12.5, "time": "2026-01-31 08:15"}]}'
    return InputRefused(
        "api.json", Message(template, params), Message(N_("An example: {example}"), {"example": example})
    )


def answer_table(slug: str, ref: str, threshold: float | None, sent: Sent) -> dict[str, Any]:
    """What a version says of the rows of a table, as JSON.

    Raises:
        InputRefused: It is no table that can be used.
    """
    from core.data.read_transactions import transactions_of
    from core.intake.tables import read_table
    from core.serving import service
    from core.store import audit

    try:
        table = transactions_of(read_table(sent.data, sent.name, header=sent.header), sent.columns)
        if len(table) > ROWS_MAX:
            raise too_many_rows(len(table))
    except InputRefused as error:
        audit.note_refused(slug, [error.code])
        raise
    (answer,) = service.predict(slug, [table], ref, threshold=threshold)
    return answers.table_document(slug, table, answer)
