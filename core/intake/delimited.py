"""Comma-separated text and its relatives: the separator and the header are found out, every cell stays as written."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.encodings import to_utf8
from core.intake.labels import clean_text
from core.intake.table_refusals import (
    ROWS_KEPT,
    RefusedRows,
    check_cells,
    check_columns,
    check_names,
    named_columns,
    no_rows,
    too_many_rows,
)
from core.settings import Limits

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

_SAMPLE_BYTES, _SAMPLE_ROWS = 2**18, 200
_BLOCK_BYTES = 2**24
_DATA_CELL = re.compile(r"\s*[-+$€£¥]?\d[\d.,:/\-TZ +eE%]*\s*$")
"""What numbers and dates look like, and names of columns do not."""
_REPEATS_MIN = 3
_SHIFTED_MIN = 0.9
_EXPORT_AGAIN = N_("Export the file again; every row needs as many cells as the header.")

# The library's own limit is below the longest line let through.
csv.field_size_limit(2**26)


@dataclass
class Parsed:
    """What a text table holds: cells as text, row numbers from 1 below the header as the index."""

    frame: pd.DataFrame
    header: bool
    notices: list[Message]
    refused: RefusedRows


@dataclass
class _Bad:
    """Rows whose number of cells is not that of the header."""

    numbers: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)

    def __call__(self, row: arrow_csv.InvalidRow) -> str:
        self.numbers.append(row.number)
        self.cells.append(row.actual_columns)
        return "skip"


def read_delimited(
    data: bytes, label: str, rows_max: int, bytes_max: int, limits: Limits, header: bool | None = None
) -> Parsed:
    """Read a text table.

    Args:
        data: The bytes as sent.
        label: Its name, for messages.
        rows_max: Rows let through.
        bytes_max: Bytes that the cells may take in memory.
        limits: For columns and lines.
        header: Whether the first row names the columns; None where it has to be found out.

    Raises:
        InputRefused: When nothing, too much or too little of it can be read.
    """
    text, notices = to_utf8(data, label)
    text = _checked_lines(text, label, rows_max, limits)
    given = re.match(rb'\s*"?sep=([,;\t|])"?\r?\n', text, re.IGNORECASE)  # a line that spreadsheets write
    if given:
        text = text[given.end() :]
    separator = given[1].decode() if given else _sniffed_separator(text, label)
    said = list(notices)
    if separator != ",":
        said.append(Message(N_("The cells are separated by: {separator}."), {"separator": SEPARATORS[separator]}))
    _check_quotes(text, separator, label)
    sample = _sample(text, separator, label)
    if header is None:
        header = not _is_data(sample[0], sample[1:])
    names, start = _header(text, separator, header)
    check_columns(len(names), label, limits)
    check_cells(label, len(text) + 8 * len(names) * text.count(b"\n"), bytes_max)
    if header:
        names = _column_names(names, label, said)
    else:
        template = N_("The first row looks like data, so it was read as a row and the columns were numbered.")
        said.append(Message(template))
    table, bad = _parse(text, start, names, separator, label)
    del text
    parsed = _assembled(table, bad, label, rows_max)
    return Parsed(parsed.frame, header, [*said, *parsed.notices], parsed.refused)


def _checked_lines(text: bytes, label: str, rows_max: int, limits: Limits) -> bytes:
    """The text with one kind of line end, when it is not empty, binary, or beyond the limits at first sight."""
    if not text or text.isspace():
        template = N_("{name}: the file is empty.")
        raise InputRefused("table.empty", Message(template, {"name": label}), Message(N_("Export the table again.")))
    if (at := text.find(b"\0")) >= 0:
        found = {"name": label, "line": text.count(b"\n", 0, at) + 1}
        template = N_("{name}: line {line} holds a NUL character, which no text has.")
        raise InputRefused("table.nul", Message(template, found), Message(N_("Export the table again as CSV.")))
    if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
        text = re.sub(rb"\r(?!\n)", b"\n", text)
    if (lines := text.count(b"\n")) > 2 * rows_max + 2:
        raise too_many_rows(label, lines, rows_max)
    longest, line = _longest_line(text)
    if longest > limits.table_line_bytes:
        found = {"name": label, "line": line, "found": f"{longest:,}", "limit": f"{limits.table_line_bytes:,}"}
        template = N_("{name}: line {line} is {found} bytes long; the limit is {limit}.")
        hint = Message(N_("Check that the rows end in line breaks, or leave long texts out."))
        raise InputRefused("table.long_line", Message(template, found), hint)
    return text


def _longest_line(text: bytes) -> tuple[int, int]:
    """Bytes of the longest line, and its number from 1."""
    longest, place, lines, last = 0, 1, 0, -1
    view = np.frombuffer(text, np.uint8)
    for start in range(0, len(text), _BLOCK_BYTES):
        ends = np.flatnonzero(view[start : start + _BLOCK_BYTES] == ord("\n")) + start
        if len(ends):
            lengths = np.diff(ends, prepend=last) - 1
            if (found := int(lengths.max())) > longest:
                longest, place = found, lines + int(lengths.argmax()) + 1
            lines, last = lines + len(ends), int(ends[-1])
    tail = len(text) - last - 1
    return (tail, lines + 1) if tail > longest else (longest, place)


def _sample(text: bytes, separator: str, label: str) -> list[list[str]]:
    """The first rows, those that are not blank.

    Raises:
        InputRefused: When all of them are blank.
    """
    end = max(_SAMPLE_BYTES, text.find(b"\n") + 1)
    if end < len(text):
        end = text.rfind(b"\n", 0, end) + 1 or end
    head = text[:end].decode("utf-8", "ignore")
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    found = []
    for row in rows:
        if any(cell.strip() for cell in row):
            found.append(row)
        if len(found) == _SAMPLE_ROWS:
            break
    if not found:
        template = N_("{name}: its first rows are empty.")
        hint = Message(N_("Leave empty rows out, or export the table again."))
        raise InputRefused("table.empty", Message(template, {"name": label}), hint)
    return found


def _sniffed_separator(text: bytes, label: str) -> str:
    """The separator by which most rows get as many cells as the first; of several such, the one with most cells."""
    whole: tuple[int, str] = (1, ",")
    torn: tuple[float, int, str] = (0.0, 0, ",")
    for separator in SEPARATORS:
        counts = [len(row) for row in _sample(text, separator, label)]
        first, others = counts[0], counts[1:] or counts
        usual, times = Counter(others).most_common(1)[0]
        if usual == first > whole[0] and 2 * times >= len(others):
            whole = (first, separator)
        if first > 1:
            torn = max(torn, (times / len(others), first, separator))
    return whole[1] if whole[0] > 1 else torn[2]


def _check_quotes(text: bytes, separator: str, label: str) -> None:
    """Refuse a quote that is never closed, or closed inside a cell: all that follows it would be read wrongly."""
    if b'"' not in text:
        return
    cut = re.escape(separator.encode())
    quoted = rb'"[^"]*+(?:""[^"]*+)*+"[ ]*+\r?+(?=%b|\n|\Z)' % cut
    cells = re.compile(rb'(?:(?:%b|(?!")[^%b\n]*+)(?:%b|\n|\Z))*+' % (quoted, cut, cut))
    match = cells.match(text)
    if match is None or match.end() < len(text):
        at = match.end() if match else 0
        template = N_("{name}: in line {line} a quotation mark is not closed, or stands inside a quoted cell.")
        hint = Message(N_("Write a quotation mark inside a quoted cell twice, or export the table again."))
        found = {"name": label, "line": text.count(b"\n", 0, at) + 1}
        raise InputRefused("table.open_quote", Message(template, found), hint)


def _header(text: bytes, separator: str, header: bool) -> tuple[list[str], int]:
    """Names of the columns, and where the rows begin; blank rows before them do not count."""
    stream = io.BytesIO(text)
    lines = iter(lambda: stream.readline().decode("utf-8"), "")
    start = 0
    for first in csv.reader(lines, delimiter=separator):
        if any(cell.strip() for cell in first):
            break
        start = stream.tell()
    return (first, stream.tell()) if header else (named_columns([""] * len(first)), start)


def _is_data(first: list[str], rows: list[list[str]]) -> bool:
    """Whether the first row is like the rows below it: figures above figures, or texts that occur again."""
    others = [row for row in rows if len(row) == len(first) and row != first]
    filled = [place for place, cell in enumerate(first) if cell.strip()]
    figures = [place for place in filled if 2 * sum(_is_figure(row[place]) for row in others) >= len(others)]
    alike = sum(_is_figure(first[place]) for place in figures)
    if figures:
        return 2 * alike >= len(figures)
    return any(sum(row[place] == first[place] for row in others) >= _REPEATS_MIN for place in filled)


def _is_figure(cell: str) -> bool:
    return _DATA_CELL.match(cell) is not None


def _column_names(names: list[str], label: str, said: list[Message]) -> list[str]:
    """The header's cells, trimmed; columns without a name are numbered.

    Raises:
        InputRefused: When two columns share a name.
    """
    cleaned = named_columns(names)
    nameless = sum(not clean_text(name) for name in names)
    if nameless:
        said.append(Message(N_("Columns without a name, which were numbered: {count}."), {"count": nameless}))
    check_names(cleaned, label)
    return cleaned


def _parse(text: bytes, start: int, names: list[str], separator: str, label: str) -> tuple[pa.Table, _Bad]:
    """The rows from `start` on that have as many cells as the header, all cells as text."""
    bad = _Bad()
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(memoryview(text)[start:]),
            # One thread, because only then the rows are numbered.
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK_BYTES),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=b'"' in text, invalid_row_handler=bad),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        if not text[start:].strip():
            return pa.table({name: pa.array([], pa.large_string()) for name in names}), bad
        template = N_("{name}: one row takes more than {limit} MB.")
        found = {"name": label, "limit": _BLOCK_BYTES // 2**20}
        raise InputRefused("table.long_row", Message(template, found), Message(_EXPORT_AGAIN)) from None
    return table, bad


def _assembled(table: pa.Table, bad: _Bad, label: str, rows_max: int) -> Parsed:
    """Rows numbered as in the file, without those that cannot be used, are empty, or repeat the header."""
    total = table.num_rows + len(bad.numbers)
    if total == 0:
        raise no_rows(label)
    if total > rows_max:
        raise too_many_rows(label, total, rows_max)
    refused = _uneven_rows(bad, table.num_columns, total, label)
    refused.check(table.num_rows)
    numbers = np.arange(1, total + 1)
    if bad.numbers:
        numbers = np.delete(numbers, np.asarray(bad.numbers) - 1)
    notices: list[Message] = []
    empty = _rows_like(table, [""] * table.num_columns)
    if empty.any():
        notices.append(Message(N_("Empty rows that were left out: {count}."), {"count": int(empty.sum())}))
    header = _rows_like(table, table.column_names)
    if header.any():
        template = N_("Rows that repeat the header and were left out: {count}.")
        notices.append(Message(template, {"count": int(header.sum())}))
    frame = table.to_pandas()
    frame.index = pd.Index(numbers, name="row")
    if (gone := empty | header).any():
        frame = frame[~gone]
    return Parsed(frame, True, notices, refused)


def _rows_like(table: pa.Table, cells: list[str]) -> NDArray[np.bool_]:
    """Shape (N,): which rows hold exactly these cells."""
    alike = np.ones(table.num_rows, bool)
    for column, cell in zip(table.columns, cells, strict=True):
        if not alike.any():
            break
        alike &= pc.equal(column, cell).to_numpy()
    return alike


def _uneven_rows(bad: _Bad, expected: int, total: int, label: str) -> RefusedRows:
    """List the rows with too few or too many cells.

    Raises:
        InputRefused: When nearly all rows have one cell more than the header: read on, every value would move by one.
    """
    if bad.cells.count(expected + 1) >= _SHIFTED_MIN * total:
        template = N_("{name}: the header has {expected} cells and the rows have {found}, so values and names differ.")
        found = {"name": label, "expected": expected, "found": expected + 1}
        hint = Message(N_("Give every column a name in the header, or export the table again."))
        raise InputRefused("table.shifted", Message(template, found), hint)
    refused = RefusedRows(label)
    for number, cells in zip(bad.numbers, bad.cells, strict=True):
        if len(refused.listed) == ROWS_KEPT:
            refused.more(len(bad.numbers) - ROWS_KEPT)
            break
        found = {"row": number, "expected": expected, "found": cells}
        template = N_("Row {row}: {found} cells where the header has {expected}.")
        refused.add(number, "table.uneven_row", Message(template, found), Message(_EXPORT_AGAIN))
    return refused
