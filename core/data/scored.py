"""Scored transactions as a CSV to take away."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import Decisions
from core.data.transactions import Transactions
from core.intake.exports import safe_cell

_AT_ONCE = 10_000


def write_scored(path: Path, table: Transactions, found: Decisions, notice: str = "") -> None:
    """Write one line per scored row to `path`, see `scored_csv`.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        _write(file, table, found, notice)


def scored_csv(table: Transactions, found: Decisions, notice: str = "") -> bytes:
    """One line per scored row in UTF-8 with a byte order mark: what the row was, its score and the decision.

    Cells that a spreadsheet would run as formulas are escaped. `notice` stands in every line, so that a line cut out
    of the file still carries it.
    """
    buffer = io.StringIO()
    _write(buffer, table, found, notice)
    return buffer.getvalue().encode("utf-8-sig")


def _write(file: IO[str], table: Transactions, found: Decisions, notice: str) -> None:
    writer = csv.writer(file)
    columns = _columns(table)
    header = [*columns, "score", "threshold", "decision", *(["notice"] if notice else [])]
    writer.writerow([safe_cell(name) for name in header])  # columns are called as the sent file says
    more = [safe_cell(notice)] if notice else []
    for start in range(0, len(found.scores), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        cells = [[safe_cell(value) for value in column[part].tolist()] for column in columns.values()]
        scores = [round(score, 6) for score in found.scores[part].tolist()]
        decided = ["" if found.abstained else found.labels[over] for over in found.decided[part].astype(int).tolist()]
        writer.writerows(
            [*row, score, found.threshold, label, *more]
            for *row, score, label in zip(*cells, scores, decided, strict=True)
        )


def _columns(table: Transactions) -> dict[str, NDArray[Any]]:
    """Columns of the scored rows by the name they had in the file, else by their role."""
    rows = slice(table.context, None)
    found: dict[str, NDArray[Any]] = {"id": table.ids[rows]}
    if table.time is not None:
        found["time"] = np.datetime_as_string(table.time[rows], "s")
    for role, places, names in (
        ("customer", table.customer, table.customers),
        ("terminal", table.terminal, table.terminals),
    ):
        if places is not None:
            found[role] = np.array([*names, ""], dtype=np.str_)[places[rows]]
    found["amount"] = table.amount[rows]
    return {table.columns.get(role, role): values for role, values in found.items()}
