"""A table of texts, or a plain list with one text in each line, column by column."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal, TextSample
from core.data.columns import plain_name
from core.data.sentiment_columns import LABEL_NAMES, SOURCE_NAMES, TEXT_NAMES, read_labels
from core.data.text_columns import guess_columns
from core.data.times import read_times
from core.errors import InputRefused
from core.intake.characters import cut, kind_notices, mend, mended_notices, read_characters
from core.intake.delimited import SEPARATORS
from core.intake.labels import display_label
from core.intake.table_refusals import too_many_rows, unreadable_file
from core.intake.tables import Table, read_table, table_kind
from core.settings import Limits, settings

LIST_EXTENSION = ".txt"
"""A file of this ending holds one text in each line."""
UNKNOWN = -1
"""Label of a text that is neutral, or of which nobody has said anything."""
_HEAD = 4096
_KNOWN_NAMES = {*TEXT_NAMES, *LABEL_NAMES, *SOURCE_NAMES, "id", "date", "time", "rating", "日期", "时间", "编号"}
_SAYS = re.compile("[^\\W\\d_]|[\u2600-\u27bf\U0001f300-\U0001faff]")
"""A letter or an emoji: a text has one, and columns of numbers and dates do not."""
_NAME_MAX = 120
"""Longest id or category in characters."""


@dataclass(frozen=True)
class TextTable:
    """N texts in the order of their file; every array has shape (N,). Cells may be empty."""

    ids: NDArray[np.str_]
    """Unique; the file's own ids, else its row numbers from 1."""
    texts: tuple[str, ...]
    label: NDArray[np.int64] | None = None
    """Places in (negative, positive), `UNKNOWN` for others; None when the file has no labels."""
    time: NDArray[np.datetime64] | None = None
    """datetime64[s], NaT where a cell is empty or no time; None when the file has no times."""
    category: NDArray[np.str_] | None = None
    """What each text is about; empty strings where the cell is empty."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role -> column of the file that it was read from."""
    name: str = ""
    sha256: str = ""
    """Of the bytes."""
    notices: tuple[Message, ...] = ()
    refused: tuple[Refusal, ...] = ()
    """Rows that could not be read, the first of them."""
    refused_count: int = 0

    def __len__(self) -> int:
        return len(self.texts)

    def sample(self, row: int) -> TextSample:
        """One of the texts by its place, as a visitor can judge it."""
        text = self.texts[row]
        sha256 = hashlib.sha256(text.encode("utf-8")).hexdigest()
        return TextSample(str(self.ids[row]), text, sha256, kind_notices(text))


def open_texts(
    data: bytes | Path, name: str, columns: Mapping[str, str] | None = None, *, header: bool | None = None
) -> TextTable:
    """Read texts from a CSV, TSV or Parquet file, or from a .txt with one in each line.

    Args:
        data: The bytes as sent, or a file on this machine.
        name: The name it came with, for messages and its ending; never a path.
        columns: Role (`text`, `label`, `time`, `category`, `id`) -> column where they cannot be guessed; an empty
            column means that there is none.
        header: Whether the first row names the columns; None where it has to be found out.

    Raises:
        InputRefused: With a code, what came, what is allowed and what to do.
    """
    return texts_of(open_text_table(data, name, header=header), columns)


def open_text_table(
    data: bytes | Path, name: str, limits: Limits | None = None, *, header: bool | None = None
) -> Table:
    """The table that `open_texts` reads, as it was sent; arguments and errors as there."""
    limits = limits or settings().limits
    if name.lower().endswith(LIST_EXTENSION) and not _is_table(data):
        return _read_list(data, display_label(name), limits)
    return read_table(data, name, limits, header=header)


def texts_of(table: Table, columns: Mapping[str, str] | None = None) -> TextTable:
    """The texts of a table; arguments and errors as in `open_texts`."""
    mapping = guess_columns(table, columns)
    frame, said = table.frame, list(table.notices)
    texts = _cells(frame[mapping["text"]])
    label = time = category = None
    if "label" in mapping:
        label, guessed = read_labels(frame[mapping["label"]], table.name)
        said += guessed
    if "time" in mapping:
        time = _times(frame[mapping["time"]], mapping, columns or {}, said)
    if "category" in mapping:
        category = _names(frame[mapping["category"]])
    if not any(map(_SAYS.search, texts)):
        said_of = {"name": table.name, "column": mapping["text"]}
        template = N_("{name}: the column {column} holds no texts: no cell of it has a letter.")
        hint = Message(N_("Choose the column that holds the texts."))
        raise InputRefused("texts.no_letters", Message(template, said_of), hint)
    found = table_of_texts(texts, table.name)
    return TextTable(
        ids=_ids(frame, mapping.get("id", ""), said),
        texts=found.texts,
        label=label,
        time=time,
        category=category,
        columns=mapping,
        name=table.name,
        sha256=table.sha256,
        notices=(*said, *found.notices),
        refused=table.refused,
        refused_count=table.refused_count,
    )


def table_of_texts(texts: Sequence[str], name: str = "texts", limits: Limits | None = None) -> TextTable:
    """Texts without anything else known of them, mended and cut like a single one, which is said with counts."""
    limits = limits or settings().limits
    kept, mended, long = [], Counter[str](), 0
    for text in texts:
        whole, changed = mend(text)
        mended.update(changed)
        used = cut(whole, limits.text_characters)
        long += len(used) < len(whole)
        kept.append(used)
    said = mended_notices(mended)
    if long:
        found = {"count": f"{long:,}", "used": f"{limits.text_characters:,}"}
        said = (*said, Message(N_("Texts of which at most the first {used} characters were used: {count}."), found))
    ids = np.arange(1, len(kept) + 1).astype(np.str_)
    digest = hashlib.sha256("\0".join(kept).encode("utf-8")).hexdigest()
    return TextTable(ids, tuple(kept), name=name, sha256=digest, notices=said)


def _is_table(data: bytes | Path) -> bool:
    """Whether a .txt is a table all the same: Parquet, or a first line that names columns."""
    if isinstance(data, Path):
        try:
            with data.open("rb") as file:
                data = file.read(_HEAD)
        except OSError:
            return False
    if table_kind(data[:_HEAD]) == "Parquet":
        return True
    first = data[:_HEAD].decode("utf-8", "replace").lstrip("\ufeff").partition("\n")[0]
    return any(_are_names([cell.strip().strip('"') for cell in first.split(sign)]) for sign in SEPARATORS)


def _are_names(cells: Sequence[str]) -> bool:
    """Whether cells are names of columns, among them one of texts: a line of words may begin with such a one too."""
    known = [plain_name(cell) in _KNOWN_NAMES for cell in cells]
    return sum(known) > 1 and all(known) and any(cell.casefold() in TEXT_NAMES for cell in cells)


def _read_list(data: bytes | Path, label: str, limits: Limits) -> Table:
    """One text in each line; blank lines do not count, and a line that only names the column is none."""
    here = isinstance(data, Path)
    bytes_max, rows_max = limits.table_bytes, limits.table_rows
    if isinstance(data, Path):
        bytes_max, rows_max = limits.table_file_bytes, limits.table_file_rows
        data = _content(data, label, bytes_max)
    _check_size(len(data), label, bytes_max)
    characters, said = read_characters(data, label)
    lines = characters.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    if numbers and lines[numbers[0] - 1].strip().casefold() in TEXT_NAMES:
        numbers = numbers[1:]
    if not numbers:
        template = N_("{name}: the file is empty.")
        raise InputRefused("table.empty", Message(template, {"name": label}), Message(N_("Send the texts as well.")))
    if len(numbers) > rows_max:
        raise too_many_rows(label, len(numbers), rows_max)
    longest = max(numbers, key=lambda number: len(lines[number - 1]))
    size = len(lines[longest - 1].encode("utf-8"))
    if size > limits.text_bytes and not here:
        found = {"name": label, "line": longest, "found": f"{size:,}", "limit": f"{limits.text_bytes:,}"}
        template = N_("{name}: line {line} is {found} bytes long; the limit is {limit}.")
        raise InputRefused("table.long_line", Message(template, found), Message(N_("Write one text in each line.")))
    frame = pd.DataFrame({"text": pd.array([lines[number - 1] for number in numbers], dtype="str")})
    frame.index = pd.Index(numbers, name="row")
    return Table(label, frame, False, hashlib.sha256(data).hexdigest(), said)


def _content(path: Path, label: str, bytes_max: int) -> bytes:
    try:
        _check_size(path.stat().st_size, label, bytes_max)
        return path.read_bytes()
    except OSError:
        raise unreadable_file(label) from None


def _check_size(found: int, label: str, limit: int) -> None:
    if found > limit:
        values = {"name": label, "found": f"{found / 2**20:.1f}", "limit": f"{limit / 2**20:g}"}
        template = N_("{name}: {found} MB; the limit is {limit} MB per file.")
        raise InputRefused("table.too_many_bytes", Message(template, values), Message(N_("Send it in several parts.")))


def _cells(column: pd.Series[Any]) -> list[str]:
    return [str(cell) for cell in column.astype("str").where(column.notna(), "").tolist()]


def _names(column: pd.Series[Any]) -> NDArray[np.str_]:
    """Short texts, mended and trimmed."""
    cells = _cells(column)
    known = {name: mend(name)[0].strip()[:_NAME_MAX] for name in set(cells)}
    return np.array([known[cell] for cell in cells], dtype=np.str_)


def _ids(frame: pd.DataFrame, column: str, said: list[Message]) -> NDArray[np.str_]:
    """The file's own ids where each row has one of its own, else the numbers of the rows."""
    numbers = frame.index.to_numpy().astype(np.str_)
    if not column:
        return np.asarray(numbers)
    ids = _names(frame[column])
    if len(np.unique(ids)) == len(ids) and bool((ids != "").all()):
        return ids
    template = N_("The ids in column {column} are not unique; the numbers of the rows stand for them.")
    said.append(Message(template, {"column": column}))
    return np.asarray(numbers)


def _times(
    column: pd.Series[Any], mapping: dict[str, str], given: Mapping[str, str], said: list[Message]
) -> NDArray[np.datetime64] | None:
    """Times with NaT where there is none; a column that was only guessed and cannot be read is left out, and said."""
    try:
        read = read_times(column)
    except InputRefused as error:
        if given.get("time"):
            raise
        said.append(Message(N_("The times were left out. {reason}"), {"reason": error.message}))
        del mapping["time"]
        return None
    said += read.notices
    if read.bad.any():
        found = {"column": str(column.name), "count": int(read.bad.sum()), "rows": _some(column.index[read.bad])}
        said.append(Message(N_("Cells of {column} that are no times: {count}, such as in row {rows}."), found))
    return np.where(read.bad | read.missing, np.datetime64("NaT", "s"), read.values)


def _some(rows: Iterable[Any]) -> str:
    return ", ".join(str(row) for row, _ in zip(rows, range(3), strict=False))
