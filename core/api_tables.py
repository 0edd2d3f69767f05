"""Transactions that a program sends as JSON: turned into a table that goes through the same intake as a file."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.contracts import N_, Message
from core.data.mapping import parse_mapping
from core.errors import InputRefused


@dataclass(frozen=True)
class Sent:
    """A table as it came: its name, its bytes and the columns that were named by their role."""

    name: str
    data: bytes
    columns: Mapping[str, str] = field(default_factory=dict)


def parse_columns(parts: Sequence[str]) -> dict[str, str]:
    """Role -> column of `column=role=name` query parameters; raises `InputRefused`."""
    found: dict[str, str] = {}
    for part in parts:
        found |= parse_mapping(part)
    return found


def table_of_json(body: bytes) -> Sent:
    """`{"transactions": [{...}, ...], "columns": {...}}` as CSV; columns are those of all rows together.

    Raises:
        InputRefused: it is no such JSON, or a value is no text, number, truth value or null.
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
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    writer.writerows([_cell(name, row.get(name)) for name in names] for row in rows)
    return Sent("transactions.csv", buffer.getvalue().encode(), columns)


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
