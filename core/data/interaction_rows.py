"""Rows of one table of interactions: columns are matched to roles, unusable rows are listed with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.cells import as_text, read_numbers
from core.data.interaction_columns import unread_columns
from core.data.interaction_parts import parts_of
from core.data.times import read_times
from core.intake.labels import clean_text
from core.intake.profiles import ID_LENGTH
from core.intake.table_refusals import ROWS_KEPT, RefusedRows
from core.intake.tables import Table

SCALES = (1.0, 5.0, 10.0)
"""Highest ratings of the usual scales."""
ON_SCALE = 0.98
"""Share of the ratings that must lie on a scale for the others to be mistakes."""
_ID_HINT = N_("Write the ids of a user and of an item into every row.")
_RATING_HINT = N_("Write ratings as numbers on one scale.")
_TIME_HINT = N_("Write the time as 2024-05-31 14:05:09, or in seconds since 1970.")
_UNREADABLE = N_("Row {row}: {column} cannot be used: {found}.")
_LONG = N_("Row {row}: {column} is longer than the {limit} characters that an id may have: {found}…")
_OFF_SCALE = N_("Row {row}: {column} lies outside the scale of the other rows: {found}.")
_FUTURE = N_("Row {row}: {column} lies in the future: {found}.")


@dataclass(frozen=True)
class Rows:
    """Usable rows of one file, as they come; arrays (N,)."""

    user: pd.Series[Any]
    item: pd.Series[Any]
    rating: NDArray[np.float64] | None
    time: NDArray[np.datetime64] | None
    part: NDArray[np.int8]
    columns: Mapping[str, str]
    notices: tuple[Message, ...]
    refused: tuple[Refusal, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """As those of `Interactions`, without `repeated`."""
    name: str = ""
    """Of the file."""


def rows_of(table: Table, chosen: Mapping[str, str], part: int) -> Rows:
    """The rows that name a user and an item, with readable ratings and times; the others are listed.

    Args:
        table: As it was read.
        chosen: Role -> column.
        part: Of all rows, where no column says it.

    Raises:
        InputRefused: Too many rows are unusable, or a cell of the column of parts names none.
    """
    frame, n = table.frame, len(table.frame)
    refused = RefusedRows(table.name, table.refused, table.refused_count)
    ids = {
        role: as_text(frame[chosen[role]]).to_pandas().set_axis(frame.index).rename(chosen[role])
        for role in ("user", "item")
    }
    usable, notices = np.ones(n, bool), [*table.notices, *unread_columns(table, chosen)]
    counts = {"rows": n + table.refused_count}
    for cells in ids.values():
        # All ids of a column take as much memory as the longest.
        long = (cells.str.len() > ID_LENGTH).to_numpy(bool)
        # An array of texts drops a NUL at the end, and two ids would be one.
        unusable = ((cells == "") | cells.str.contains("\0", regex=False)).to_numpy(bool)
        _refuse(refused, cells, usable & unusable, _UNREADABLE, _ID_HINT)
        _refuse(refused, cells, usable & long, _LONG, _ID_HINT)
        usable &= ~(unusable | long)
    rating = time = None
    if "rating" in chosen:
        rating, good, counts["off_scale"] = _ratings(refused, frame[chosen["rating"]], usable, notices)
        usable &= good
    if "time" in chosen:
        time, good, counts["future"] = _times(refused, frame[chosen["time"]], usable, notices)
        usable &= good
    refused.check(int(usable.sum()))
    parts = parts_of(frame[chosen["part"]], table.name) if "part" in chosen else np.full(n, part, np.int8)
    return Rows(
        ids["user"][usable],
        ids["item"][usable],
        None if rating is None else rating[usable],
        None if time is None else time[usable],
        parts[usable],
        chosen,
        (*notices, *refused.notices()),
        tuple(refused.listed),
        {**counts, "unusable": counts["rows"] - int(usable.sum())},
        table.name,
    )


def _ratings(
    refused: RefusedRows, column: pd.Series[Any], usable: NDArray[np.bool_], notices: list[Message]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """Ratings (N,), NaN where there is none, which rows may be used, and how many of the usable lie off the scale."""
    read = read_numbers(column)
    notices += read.notices
    outside = _off_scale(read.values) & ~read.missing & ~read.bad
    _refuse(refused, column, usable & read.bad, _UNREADABLE, _RATING_HINT)
    _refuse(refused, column, usable & outside, _OFF_SCALE, _RATING_HINT)
    return read.values, ~(read.bad | outside), int((usable & outside).sum())


def _times(
    refused: RefusedRows, column: pd.Series[Any], usable: NDArray[np.bool_], notices: list[Message]
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_], int]:
    """Times (N,), which rows may be used, and how many of the usable lie in the future."""
    read = read_times(column)
    notices += read.notices
    absent = read.bad | read.missing
    future = (read.values > np.datetime64("now", "s") + np.timedelta64(1, "D")) & ~absent
    _refuse(refused, column, usable & absent, _UNREADABLE, _TIME_HINT)
    _refuse(refused, column, usable & future, _FUTURE, _TIME_HINT)
    return read.values, ~(absent | future), int((usable & future).sum())


def _off_scale(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which ratings lie outside the scale that nearly all others are on; a scale may reach as far below zero."""
    known = values[np.isfinite(values)]
    both_ways = bool(len(known)) and float((known < 0).mean()) > 1 - ON_SCALE
    size = np.abs(known) if both_ways else np.where(known < 0, np.inf, known)
    top = next((top for top in SCALES if len(known) and (size <= top).mean() >= ON_SCALE), np.inf)
    with np.errstate(invalid="ignore"):
        return np.asarray((values < (-top if both_ways else 0)) | (values > top))


def _refuse(refused: RefusedRows, cells: pd.Series[Any], rows: NDArray[np.bool_], template: str, hint: str) -> None:
    places = np.flatnonzero(rows)
    for place in places[:ROWS_KEPT]:
        row, cell = int(cells.index[place]), clean_text(str(cells.iloc[place])[: 2 * ID_LENGTH])[:40]
        found = {"row": row, "column": cells.name, "found": cell, "limit": ID_LENGTH}
        message = Message(template if cell else N_("Row {row}: {column} is empty."), found)
        refused.add(row, "interactions.unusable_row", message, Message(hint))
    refused.more(max(0, len(places) - ROWS_KEPT))
