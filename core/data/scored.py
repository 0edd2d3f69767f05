"""Scored transactions as a CSV to take away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.contracts import Decisions
from core.data.transactions import Transactions
from core.intake.exports import safe_cell
from core.intake.table_exports import safe_texts, write_batches

_AT_ONCE = 100_000
_RESULTS: Final = ("score", "threshold", "decision", "notice")
"""Columns of ours; scripts look for them by these names, whatever the file's own columns are called."""


def write_scored(path: Path, table: Transactions, found: Decisions, notice: str = "") -> None:
    """Write one line per scored row to `path`, see `scored_csv`.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("wb") as file:
        write_batches(file, _batches(table, found, notice))


def scored_csv(table: Transactions, found: Decisions, notice: str = "") -> bytes:
    """One line per scored row in UTF-8 with a byte order mark: what the row was, its score and the decision.

    Cells that a spreadsheet would run as formulas are escaped. `notice` stands in every line, so that a line cut out
    of the file still carries it.
    """
    buffer = io.BytesIO()
    write_batches(buffer, _batches(table, found, notice))
    return buffer.getvalue()


def _batches(table: Transactions, found: Decisions, notice: str) -> Iterator[pa.RecordBatch]:
    for start in range(0, max(1, len(found.scores)), _AT_ONCE):
        yield _batch(table, found, slice(start, start + _AT_ONCE), notice)


def _batch(table: Transactions, found: Decisions, part: slice, notice: str) -> pa.RecordBatch:
    """The lines of a part of the scored rows."""
    scores = found.scores[part].astype(np.float64).round(6)
    labels = pa.array(["", ""] if found.abstained else found.labels, pa.large_string())
    columns = _columns(table, slice(table.context + part.start, table.context + part.stop))
    columns += zip(
        _RESULTS,
        (
            pa.array(scores),
            pa.array(np.full(len(scores), found.threshold)),
            safe_texts(labels).take(pa.array(found.decided[part].astype(np.int64))),
            *([pa.array([safe_cell(notice)] * len(scores), pa.large_string())] if notice else []),
        ),
        strict=False,
    )
    return pa.record_batch([values for _, values in columns], [str(safe_cell(name)) for name, _ in columns])


def _columns(table: Transactions, rows: slice) -> list[tuple[str, pa.Array]]:
    """Name and cells of each column of some rows; named as in the file, else by its role, and never twice the same."""
    values = dict(_values(table, rows))
    names: dict[str, str] = {}
    for role in sorted(values, key=lambda role: role not in table.columns):
        taken = (*_RESULTS, *names.values())
        names[role] = next(name for name in _names(table.columns.get(role, role), role) if name not in taken)
    return [(names[role], cells) for role, cells in values.items()]


def _names(first: str, role: str) -> Iterator[str]:
    yield from (first, role)
    yield from (f"{role} {number}" for number in range(2, 10))


def _values(table: Transactions, rows: slice) -> Iterator[tuple[str, pa.Array]]:
    yield "id", safe_texts(_texts(table.ids[rows]))
    if table.time is not None:
        yield "time", _texts(np.datetime_as_string(table.time[rows], "s"))
    for role, places, names in (
        ("customer", table.customer, table.customers),
        ("terminal", table.terminal, table.terminals),
    ):
        if places is not None:
            known = safe_texts(pa.array([*names, ""], pa.large_string()))
            # The last name stands for nobody.
            yield role, known.take(pa.array(places[rows].astype(np.int64) % len(known)))
    yield "amount", pa.array(table.amount[rows])


def _texts(values: NDArray[Any]) -> pa.Array:
    return pa.array(values, pa.large_string())
