"""One Excel workbook -> its first sheet as a table: unpacked within limits, formulas by their stored results alone."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from datetime import date, datetime
from typing import Final

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.archives import check_directory, check_totals
from core.intake.labels import display_label
from core.intake.tables import Table, read_table
from core.settings import Limits, settings

ZIP: Final = b"PK\x03\x04"
MAIN: Final = "xl/workbook.xml"


def read_sheet(data: bytes, name: str, limits: Limits | None = None) -> Table:
    """Read a CSV, TSV or Parquet table as `read_table` does, or the first sheet of an .xlsx workbook.

    Args:
        data: The bytes as sent.
        name: The name they came with, for messages.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: As for `read_table`; also a workbook that is damaged, protected, empty or too large unpacked.
    """
    limits = limits or settings().limits
    if not data.startswith(ZIP) or len(data) > limits.table_bytes:
        return read_table(data, name, limits)
    label = display_label(name)
    names = _checked(data, label, limits)
    if MAIN not in names:
        return read_table(data, name, limits)  # some other kind of zip, which it names
    return read_table(_as_csv(data, label, limits), name, limits, header=True)


def _checked(data: bytes, label: str, limits: Limits) -> set[str]:
    """Names of the parts; the directory is looked at before anything is unpacked."""
    file = io.BytesIO(data)
    check_directory(file, len(data), label, limits)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _damaged(label) from error
    check_totals(infos, label, limits)
    return {info.filename for info in infos}


def _as_csv(data: bytes, label: str, limits: Limits) -> bytes:
    from openpyxl import load_workbook

    text = io.StringIO()
    writer, rows = csv.writer(text, lineterminator="\n"), 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that no figure depends on
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            for cells in book.worksheets[0].iter_rows(values_only=True):
                if not any(cell not in (None, "") for cell in cells):
                    continue  # spreadsheets end in empty rows
                rows += 1
                if rows > limits.table_rows:
                    break  # the reader of tables refuses it by name
                writer.writerow([_written(cell) for cell in cells])
    except InputRefused:
        raise
    except Exception as error:  # openpyxl lets errors of zip, XML and its own through; all mean the same here
        raise _damaged(label) from error
    if not rows:
        raise InputRefused(
            "table.empty",
            Message(N_("{name}: the first sheet is empty."), {"name": label}),
            Message(N_("Move the table to the first sheet.")),
        )
    return text.getvalue().encode()


def _written(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time().isoformat() != "00:00:00" else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _damaged(label: str) -> InputRefused:
    return InputRefused(
        "table.workbook",
        Message(
            N_("{name}: the workbook cannot be opened; it is damaged or protected by a password."), {"name": label}
        ),
        Message(N_("Save the sheet as CSV UTF-8 and send that.")),
    )
