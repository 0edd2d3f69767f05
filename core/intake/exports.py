"""CSV that goes back to a visitor: no cell of it may run as a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import IO

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Signs that make a cell a formula, or that a spreadsheet skips before it looks for one."""

NEGATIVE = re.compile(r"-\d+(\.\d+)?([eE][-+]?\d+)?")


def safe_cell(value: object) -> object:
    """`value` so that a spreadsheet shows it and never runs it; numbers stay numbers, negative ones in text too."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not NEGATIVE.fullmatch(value):
        return f"'{value}"
    return value


def write_rows(file: IO[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows, the header among them, into a text file that was opened with `newline=""`."""
    csv.writer(file).writerows([safe_cell(cell) for cell in row] for row in rows)


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """The rows as CSV in UTF-8 with a byte order mark, so that spreadsheets read Chinese."""
    buffer = io.StringIO()
    write_rows(buffer, rows)
    return buffer.getvalue().encode("utf-8-sig")
