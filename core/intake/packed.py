"""Files on this machine that gzip may have packed: their beginning, or all of them, as if it had not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import display_label
from core.intake.table_refusals import unreadable_file

_GZIP: Final = b"\x1f\x8b"
_BROKEN: Final = (OSError, EOFError, zlib.error)


def is_packed(path: Path) -> bool:
    """Whether a file is packed with gzip; one that cannot be read is not."""
    try:
        with path.open("rb") as file:
            return file.read(len(_GZIP)) == _GZIP
    except OSError:
        return False


def head_of(path: Path, size: int) -> bytes:
    """The first bytes of a file, at most `size`, unpacked; nothing of one that cannot be read."""
    try:
        with _opened(path) as file:
            return file.read(size)
    except _BROKEN:
        return b""


def unpacked(path: Path, limit: int) -> bytes:
    """The bytes of a file, unpacked; never more than `limit`.

    Raises:
        InputRefused: It is larger, damaged or unreadable.
    """
    label = display_label(path.name)
    try:
        with _opened(path) as file:
            data = file.read(limit + 1)
    except _BROKEN:
        raise unreadable_file(label) from None
    if len(data) > limit:
        values = {"name": label, "limit": f"{limit / 2**20:g}"}
        template = N_("{name}: more than {limit} MB once it is unpacked.")
        hint = Message(N_("Send it as Parquet, or in several parts."))
        raise InputRefused("table.too_many_bytes", Message(template, values), hint)
    return data


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    packed = is_packed(path)
    with path.open("rb") as file:
        yield gzip.GzipFile(fileobj=file) if packed else file
