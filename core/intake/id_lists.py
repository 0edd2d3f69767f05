"""Lines of cells between blanks: a user and then his items in order, or a user, an item and a rating or a time.

Both are forms of public sets of interactions, and nothing but the cells tells them apart.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.encodings import to_utf8
from core.intake.labels import display_label
from core.intake.packed import head_of, unpacked
from core.intake.table_refusals import too_many_rows
from core.intake.tables import Table, read_table
from core.settings import Limits, settings

_HEAD = 4096
_LINE = re.compile(rb"[^\s,;|\"<>{}]+([ \t]+[^\s,;|\"<>{}]+)+\s*")
_FEW, _MANY = 11, 10
"""Values of the usual scales of ratings, and lines that must be there to see that there are no more."""
_RATING_MAX = 100.0
TIMES = (1e8, 5e12)
"""Seconds since 1970 from 1973 on, up to milliseconds; smaller bare figures are ratings rather than times."""
_HINT = N_("Write one line per user: the user's id and then the ids of the items, oldest first, with blanks between.")


def is_id_lists(path: Path) -> bool:
    """Whether a file on this machine begins with a user and his items between blanks, packed with gzip or not."""
    lines = _blank_lines(path)
    return bool(lines) and not _tabular(lines)


def is_blank_table(path: Path) -> bool:
    """Whether a file on this machine begins with a user, an item and a rating, a time or both between blanks."""
    return _tabular(_blank_lines(path))


def _blank_lines(path: Path) -> list[list[bytes]]:
    """Cells of the first lines, or nothing where it is not blanks that part them."""
    lines = head_of(path, _HEAD).split(b"\n")
    whole = [line for line in lines[: max(1, len(lines) - 1)] if line.strip()]
    if not all(_LINE.fullmatch(line) for line in whole[:20]):
        return []
    # A tab-separated table has the same number of cells everywhere, and no blanks.
    if not any(b" " in line for line in whole[:20]) or all(b"\t" in line for line in whole[:20]):
        return []
    return [line.split() for line in whole]


def _tabular(lines: list[list[bytes]]) -> bool:
    """Whether lines that all have three or four cells end in a rating or a time; items would be of many kinds."""
    if {len(cells) for cells in lines} not in ({3}, {4}):
        return False
    body = lines[1:] if _numbers(lines[:1]) is None else lines
    numbers = _numbers(body)
    if numbers is None or not len(numbers):
        return False
    items = [cells[1] for cells in body]
    if bool(((numbers[:, -1] >= TIMES[0]) & (numbers[:, -1] <= TIMES[1])).all()):
        return numbers.shape[1] == 2 or not all(item.isdigit() and float(item) >= TIMES[0] for item in items)
    ratings = numbers[:, 0]
    few = len(np.unique(ratings)) <= min(_FEW, len(set(items)) / 2)
    return numbers.shape[1] == 1 and len(body) >= _MANY and few and bool((np.abs(ratings) <= _RATING_MAX).all())


def _numbers(lines: list[list[bytes]]) -> NDArray[np.float64] | None:
    """What stands behind user and item, (N, 1) or (N, 2); None where that is no number."""
    try:
        return np.array([[float(cell) for cell in cells[2:]] for cells in lines], np.float64)
    except ValueError:
        return None


def read_blank_table(path: Path, limits: Limits | None = None) -> Table:
    """Read such a table, with or without a line of names.

    Args:
        path: A file on this machine.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: As `read_table`.
    """
    limits, label = limits or settings().limits, display_label(path.name)
    text, notices = to_utf8(unpacked(path, limits.table_file_bytes), label)
    rows = (line.replace(b'"', b'""').split() for line in text.splitlines())
    sign = b'"' if b'"' in text else b""
    cells = b"\n".join(b"\t".join(sign + cell + sign for cell in row) for row in rows) + b"\n"
    wide = {"table_bytes": 2 * limits.table_file_bytes, "table_rows": limits.table_file_rows}
    table = read_table(cells, path.name, limits.model_copy(update=wide))
    said = Message(N_("The cells are separated by: {separator}."), {"separator": "blank"})
    kept = (notice for notice in table.notices if notice.template != said.template)
    return replace(table, notices=(*notices, said, *kept))


def read_id_lists(path: Path, limits: Limits | None = None) -> pd.DataFrame:
    """Users and items as text, `user` and `item`, a row for each item of each line; the index counts from 1.

    A user may have several lines; they follow each other.

    Args:
        path: A file on this machine.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: It is too large, cannot be unpacked, or holds a line without an item.
    """
    limits, label = limits or settings().limits, display_label(path.name)
    text, _ = to_utf8(unpacked(path, limits.table_file_bytes), label)
    lines = [line.split() for line in text.decode("utf-8").splitlines()]
    sizes = np.array([max(len(line) - 1, 0) for line in lines], np.int64)
    if int(sizes.sum()) > limits.table_file_rows:
        raise too_many_rows(label, int(sizes.sum()), limits.table_file_rows)
    if not sizes.sum():
        template = N_("{name}: no line holds a user and an item.")
        raise InputRefused("id_lists.empty", Message(template, {"name": label}), Message(_HINT))
    users = np.array([line[0] if line else "" for line in lines], object)
    items = [item for line in lines for item in line[1:]]
    frame = pd.DataFrame({"user": np.repeat(users, sizes), "item": items}, dtype="str")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame
