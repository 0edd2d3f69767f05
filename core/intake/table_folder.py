"""A folder as a table: the one file in it that suits, or several of the same columns one below the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import display_label
from core.intake.packed import head_of, is_packed
from core.intake.table_refusals import ROWS_KEPT, too_many_rows
from core.intake.tables import EXTENSIONS, Table, read_table, table_kind
from core.settings import Limits, settings

_HEAD_BYTES = 2**18


def read_folder(path: Path, suits: Callable[[Sequence[str]], bool], limits: Limits | None = None) -> Table:
    """Read the tables directly in a folder of this machine; other files are left alone.

    Args:
        path: The folder.
        suits: Whether a table with these columns is one that is looked for.
        limits: What is let through; the settings' limits when omitted.

    Returns:
        One table. Where several files were joined, in the order of their names, rows are numbered through.

    Raises:
        InputRefused: When no table suits, or several do that differ in their columns.
    """
    limits, label = limits or settings().limits, display_label(path.name)
    seen = (file for file in path.iterdir() if file.suffix.lower() in EXTENSIONS and file.name[0] not in "._")
    files = sorted(file for file in seen if file.is_file())
    names = {file: column_names(file) for file in files}
    chosen = [file for file, columns in names.items() if suits(columns)]
    if not chosen:
        found = {"name": label, "found": ", ".join(display_label(file.name) for file in files[:5]) or "-"}
        template = N_("{name}: no table in this folder has the columns that are needed; found: {found}.")
        raise InputRefused("table.none_in_folder", Message(template, found), Message(N_("Name the file itself.")))
    if len({(table_kind(_head(file)), tuple(sorted(names[file]))) for file in chosen}) > 1:
        found = {"name": label, "found": ", ".join(display_label(file.name) for file in chosen[:5])}
        template = N_("{name}: several tables that differ in their columns: {found}.")
        raise InputRefused("table.several_in_folder", Message(template, found), Message(N_("Name the file itself.")))
    tables = [read_table(file, file.name, limits) for file in chosen]
    return tables[0] if len(tables) == 1 else _joined(tables, label, limits)


def column_names(path: Path) -> list[str]:
    """Names of the columns of a file on this machine; empty when it cannot be read."""
    head = head_of(path, _HEAD_BYTES)
    if table_kind(head) == "Parquet" and not is_packed(path):
        from core.intake.parquet import parquet_names

        return parquet_names(path)
    try:
        whole = head if len(head) < _HEAD_BYTES else head[: head.rfind(b"\n") + 1]
        return list(read_table(whole, path.name).frame.columns)
    except InputRefused:
        return []


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _joined(tables: Sequence[Table], label: str, limits: Limits) -> Table:
    rows = sum(len(table.frame) for table in tables)
    if rows > limits.table_file_rows:
        raise too_many_rows(label, rows, limits.table_file_rows)
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    told = Message(N_("Tables that were joined: {count}."), {"count": len(tables)})
    return Table(
        name=label,
        frame=frame,
        header=all(table.header for table in tables),
        sha256=hashlib.sha256("".join(table.sha256 for table in tables).encode()).hexdigest(),
        notices=(told, *(notice for table in tables for notice in table.notices)),
        refused=tuple(row for table in tables for row in table.refused)[:ROWS_KEPT],
        refused_count=sum(table.refused_count for table in tables),
    )
