"""A table on this machine in any form that is read: packed with gzip or not, parted by any sign that is known."""

from __future__ import annotations

from pathlib import Path

from core.intake.colon_tables import is_colon_table, read_colon_table
from core.intake.id_lists import is_blank_table, read_blank_table
from core.intake.packed import is_packed, unpacked
from core.intake.tables import Table, read_table
from core.settings import settings


def open_table(file: Path) -> Table:
    """Read a table.

    Raises:
        InputRefused: It cannot be read.
    """
    if is_colon_table(file):
        return read_colon_table(file)
    if is_blank_table(file):
        return read_blank_table(file)
    data = unpacked(file, settings().limits.table_bytes) if is_packed(file) else file
    return read_table(data, file.name)
