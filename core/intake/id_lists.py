"""Lines of ids between blanks, a user and then his items in order: the form of many public sets of interactions."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.encodings import to_utf8
from core.intake.labels import display_label
from core.intake.table_refusals import too_many_rows
from core.settings import Limits, settings

GZIP = b"\x1f\x8b"
_HEAD = 4096
_LINE = re.compile(rb"[^\s,;|\"<>{}]+([ \t]+[^\s,;|\"<>{}]+)+\s*")
_BLANK = re.compile(rb"[ \t]+")
_HINT = N_("Write one line per user: the user's id and then the ids of the items, oldest first, with blanks between.")


def is_id_lists(path: Path) -> bool:
    """Whether a file on this machine begins with lines of ids between blanks, packed with gzip or not."""
    lines = _head(path).split(b"\n")[:20]
    whole = [line for line in lines[: max(1, len(lines) - 1)] if line.strip()]
    if not whole or not all(_LINE.fullmatch(line) for line in whole):
        return False
    # A tab-separated table has the same number of cells everywhere, and no blanks.
    return any(b" " in line for line in whole) and not all(b"\t" in line for line in whole)


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


def unpacked(path: Path, limit: int) -> bytes:
    """The bytes of a file on this machine, unpacked where gzip packed them; never more than `limit`.

    Raises:
        InputRefused: It is larger, damaged or unreadable.
    """
    label = display_label(path.name)
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            data = gzip.GzipFile(fileobj=file).read(limit + 1) if packed else file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        template = N_("{name}: the file cannot be read.")
        hint = Message(N_("Check the path and the file's permissions."))
        raise InputRefused("table.unreadable", Message(template, {"name": label}), hint) from None
    if len(data) > limit:
        values = {"name": label, "limit": f"{limit / 2**20:g}"}
        template = N_("{name}: more than {limit} MB once it is unpacked.")
        hint = Message(N_("Send it as Parquet, or in several parts."))
        raise InputRefused("table.too_many_bytes", Message(template, values), hint)
    return data


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
            file.seek(0)
            return gzip.GzipFile(fileobj=file).read(_HEAD) if packed else file.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return b""
