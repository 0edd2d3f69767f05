"""A table on this machine in any form that is read: packed with gzip or not, parted by any sign that is known."""

from __future__ import annotations

from pathlib import Path

from core.intake.colon_tables import is_colon_table, read_colon_table
from core.intake.id_lists import GZIP, is_blank_table, read_blank_table, unpacked
from core.intake.labels import display_label
from core.intake.table_refusals import unreadable_file
from core.intake.tables import Table, read_table
from core.settings import settings


def open_table(file: Path) -> Table:
    """Read a table.

    Raises:
        InputRefused: It cannot be read.
    """
    try:
        with file.open("rb") as opened:
            packed = opened.read(len(GZIP)) == GZIP
    except OSError:
        raise unreadable_file(display_label(file.name)) from None
    if is_colon_table(file):
        return read_colon_table(file)
    if is_blank_table(file):
        return read_blank_table(file)
    data = unpacked(file, settings().limits.table_bytes) if packed else file
    return read_table(data, file.name)
