"""Tables whose cells stand between double colons and whose columns have no names: the form of MovieLens 1M and 10M."""

from __future__ import annotations

from pathlib import Path

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import display_label
from core.intake.packed import head_of, is_packed, unpacked
from core.intake.table_refusals import unreadable_file
from core.intake.tables import Table, read_table
from core.settings import Limits, settings

_SIGN = b"::"
_HEAD = 4096
_LINES = 20
"""At the beginning of a file that show what it is."""


def is_colon_table(path: Path) -> bool:
    """Whether the first lines of a file on this machine have as many double colons each, two or more.

    One may stand in an address; and what precedes the first of them holds no other sign between cells.
    """
    lines = head_of(path, _HEAD).split(b"\n")[: _LINES + 1]
    whole = [line for line in lines[: max(1, len(lines) - 1)] if line.strip()]
    counts = {line.count(_SIGN) for line in whole}
    firsts = b"".join(line.split(_SIGN)[0] for line in whole)
    return len(counts) == 1 and max(counts) >= 2 and not any(sign in firsts for sign in b",;|\t")


def read_colon_table(path: Path, limits: Limits | None = None) -> Table:
    """Read such a file; text that is no UTF-8 is Latin-1, in which the titles of MovieLens are written.

    Args:
        path: A file on this machine.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: As `read_table`; or a cell holds a tab, which would part it in two.
    """
    limits, label = limits or settings().limits, display_label(path.name)
    data = unpacked(path, limits.table_bytes) if is_packed(path) else _read(path, limits.table_file_bytes)
    if not data:  # empty or too large: said in the words of all tables
        return read_table(path, path.name, limits)
    if b"\t" in data:
        template = N_("{name}: there are tabs inside of cells between double colons.")
        raise InputRefused("table.mixed", Message(template, {"name": label}), Message(N_("Send it as CSV.")))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = data.decode("latin-1").encode("utf-8")
    wide = {"table_bytes": 2 * limits.table_file_bytes, "table_rows": limits.table_file_rows}
    cells = _quoted(data) if b'"' in data else data.replace(_SIGN, b"\t")
    return read_table(cells, path.name, limits.model_copy(update=wide), header=False)


def _read(path: Path, limit: int) -> bytes:
    """The file, or nothing of a larger one."""
    try:
        return path.read_bytes() if path.stat().st_size <= limit else b""
    except OSError:
        raise unreadable_file(display_label(path.name)) from None


def _quoted(data: bytes) -> bytes:
    """The cells parted by tabs, each in quotation marks, because those inside of them mean nothing here."""
    lines = (line.replace(b'"', b'""').split(_SIGN) for line in data.splitlines())
    return b"\n".join(b"\t".join(b'"' + cell + b'"' for cell in cells) if any(cells) else b"" for cells in lines)
