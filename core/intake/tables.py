"""One sent table -> one `Table`: the only way in for CSV and Parquet. What was guessed is said, what is odd refused."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.contracts import N_, Message, Refusal
from core.errors import InputRefused
from core.intake.labels import display_label
from core.intake.sniff import kind_of
from core.intake.table_refusals import unreadable_file
from core.settings import Limits, settings

UNPACKED_RATIO = 5
"""Bytes of memory that the cells may take, for each byte of the limit of the file."""
TEXT_EXTENSIONS = (".csv", ".tsv", ".txt", ".psv", ".tab")
EXTENSIONS = (*TEXT_EXTENSIONS, ".parquet", ".pq")
"""Endings of files that are looked for in a folder; the content decides how a file is read."""

_HEAD = 8192
# Kinds told by a few letters, which a header or a first cell may begin with as well.
_BY_LETTERS = ("program", "audio", "bzip2", "ICNS", "QOI", "ORC", "DDS", "GIMP", "BMP", "HTML", "JSON")
_TEXT = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f]*\Z")
_BRACKETS = re.compile(r"(<[\w ]+>|\[[\w ]+\])[ ]*[,;\t|][ ]*[<\[]")
"""Names of columns in brackets, as some exports write them."""
_TEXT_PICKLE = re.compile(rb"(c[\w.]+\n\w+\n|\((lp|dp)\d+\n)")

_ZIPPED = {
    b"xl/": "Excel workbook",
    b"opendocument.spreadsheet": "OpenDocument spreadsheet",
    b"[Content_Types].xml": "Office document",
}
"""What the first entries of a zip show."""

_SAVE_AS = N_("In the spreadsheet, save the sheet as CSV UTF-8 and send that.")
_HINTS = {
    "Excel workbook": _SAVE_AS,
    "OpenDocument spreadsheet": _SAVE_AS,
    "Office document": _SAVE_AS,
    "HTML": N_("The download may have been a login page; fetch the table again."),
    "JSON": N_("Convert it to CSV: one row per record, one column per field."),
    "pickle": N_("A pickle can run programs and is never opened; write the table as Parquet or CSV."),
    "gzip": N_("Unpack it and send the table itself."),
    "zip": N_("Unpack it and send the table itself; of an Excel workbook, save the sheet as CSV UTF-8."),
}
"""Kind of file -> what helps; other kinds get the general advice."""


@dataclass(frozen=True)
class Table:
    """A table as it was sent."""

    name: str
    frame: pd.DataFrame
    """Cells of a text file are text exactly as written, an empty one is ""; columns of Parquet have their types.

    The index is the row number in the file, from 1 below the header.
    """
    header: bool
    """Whether the file named its columns; else they are called "column 1" and so on."""
    sha256: str
    """Of the bytes."""
    notices: tuple[Message, ...] = ()
    refused: tuple[Refusal, ...] = ()
    """Rows that could not be read, the first `table_refusals.ROWS_KEPT` of them."""
    refused_count: int = 0


def read_table(data: bytes | Path, name: str, limits: Limits | None = None, *, header: bool | None = None) -> Table:
    """Read one CSV (comma, semicolon, tab or vertical bar; UTF-8, UTF-16 or GB18030) or Parquet file.

    Args:
        data: The bytes as sent, or a file on this machine, for which the larger `table_file_` limits hold.
        name: The name it came with, for messages; never a path.
        limits: What is let through; the settings' limits when omitted.
        header: Whether the first row of a text names the columns; None where it has to be found out.

    Raises:
        InputRefused: With a code, what came, what is allowed and what to do.
    """
    limits, label = limits or settings().limits, display_label(name)
    here = isinstance(data, Path)
    bytes_max, rows_max = limits.table_bytes, limits.table_rows
    if here:
        bytes_max, rows_max = limits.table_file_bytes, limits.table_file_rows
    head, sha256 = _opened(data, label, bytes_max)
    kind = table_kind(head)
    if kind == "Parquet":
        from core.intake.parquet import read_parquet_table

        frame = read_parquet_table(data, label, rows_max, UNPACKED_RATIO * bytes_max, limits)
        return Table(label, frame, True, sha256)
    if kind not in ("text", "empty"):
        raise _wrong_kind(label, kind)
    from core.intake.delimited import read_delimited

    content = data.read_bytes() if isinstance(data, Path) else data
    parsed = read_delimited(content, label, rows_max, UNPACKED_RATIO * bytes_max, limits, header)
    refused = parsed.refused
    return Table(
        label, parsed.frame, parsed.header, sha256, tuple(parsed.notices), tuple(refused.listed), refused.count
    )


def table_kind(head: bytes) -> str:
    """`text`, `Parquet`, `empty`, or what else the beginning of a file shows."""
    kind = kind_of(head)
    if kind == "zip":
        return next((found for mark, found in _ZIPPED.items() if mark in head), kind)
    if _TEXT_PICKLE.match(head):
        return "pickle"
    if kind == "unknown":  # text of another encoding, or with a character that the reader names
        return "text" if _may_be_text(head) else kind
    if kind in _BY_LETTERS:
        text = head[:-3].decode("utf-8", "ignore") if len(head) == _HEAD else head.decode("utf-8", "replace")
        if kind in ("HTML", "JSON"):
            return "text" if _BRACKETS.match(text) else kind
        return "text" if _TEXT.match(text) else kind
    return kind


def _may_be_text(head: bytes) -> bool:
    """Whether bytes that are no UTF-8, or hold control characters, are lines of cells all the same."""
    zeros = head.count(0)
    wide = zeros > 0.3 * len(head) and (b"\n\0" in head or b"\0\n" in head or len(head) < 200)
    odd = sum(head.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13))
    return wide or (odd <= max(1, 0.02 * len(head)) and any(mark in head for mark in (b",", b";", b"\t", b"|", b"\n")))


def _opened(data: bytes | Path, label: str, bytes_max: int) -> tuple[bytes, str]:
    """The first bytes and the hash of all of them, when they are not too many."""
    if not isinstance(data, Path):
        _check_size(len(data), label, bytes_max)
        return data[:_HEAD], hashlib.sha256(data).hexdigest()
    try:
        _check_size(data.stat().st_size, label, bytes_max)
        with data.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            return file.read(_HEAD), sha256
    except OSError:
        raise unreadable_file(label) from None


def _check_size(found: int, label: str, limit: int) -> None:
    if found > limit:
        values = {"name": label, "found": f"{found / 2**20:.1f}", "limit": f"{limit / 2**20:g}"}
        template = N_("{name}: {found} MB; the limit is {limit} MB per table.")
        hint = Message(N_("Send it as Parquet, or in several parts."))
        raise InputRefused("table.too_many_bytes", Message(template, values), hint)


def _wrong_kind(label: str, kind: str) -> InputRefused:
    """The file is something else than a table we read; names what it is."""
    template = N_("{name}: the content is {kind}; accepted are CSV, TSV, .txt and Parquet.")
    if kind == "unknown":
        template = N_("{name}: the content is no table that we know; accepted are CSV, TSV, .txt and Parquet.")
    hint = Message(_HINTS.get(kind, N_("Export the table as CSV or Parquet and send that.")))
    return InputRefused("table.wrong_kind", Message(template, {"name": label, "kind": kind}), hint)
