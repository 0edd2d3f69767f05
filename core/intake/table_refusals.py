"""The refusals that the readers of tables share, and the list of rows that cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.contracts import N_, Message, Refusal
from core.errors import InputRefused
from core.intake.labels import clean_text
from core.intake.refusals import mostly_refused
from core.settings import Limits

ROWS_KEPT = 50
"""Refused rows that are listed one by one; the others are counted."""


class RefusedRows:
    """Collects the rows of one table that cannot be used.

    Args:
        label: Name of the table.
        listed: Those that are listed already, at most `ROWS_KEPT`.
        count: How many there are already.
    """

    def __init__(self, label: str, listed: Sequence[Refusal] = (), count: int = 0) -> None:
        self._label = label
        self.listed = list(listed)
        """The first `ROWS_KEPT` of them."""
        self.count = count

    def add(self, row: int, code: str, message: Message, hint: Message) -> None:
        """Row number `row`, counted from 1 below the header, cannot be used."""
        self.count += 1
        if len(self.listed) < ROWS_KEPT:
            self.listed.append(Refusal(f"{self._label} #{row}", code, message, hint))

    def more(self, rows: int) -> None:
        """Count rows that are refused like the last one listed, without listing them."""
        self.count += rows

    def check(self, taken: int) -> None:
        """Refuse the whole table when too few of its rows can be used.

        Raises:
            InputRefused: Quoting the first refused row.
        """
        if not mostly_refused(taken, self.count):
            return
        first = self.listed[0]
        found = {"name": self._label, "refused": self.count, "total": taken + self.count, "first": first.message}
        template = N_("{name}: {refused} of {total} rows cannot be used. First: {first}")
        raise InputRefused("table.mostly_unusable", Message(template, found), first.hint)

    def notices(self) -> tuple[Message, ...]:
        """That rows were left out, when there are any."""
        if not self.count:
            return ()
        found = {"count": self.count, "listed": len(self.listed)}
        if self.count > len(self.listed):
            return (Message(N_("Rows that could not be used: {count}; the first {listed} are listed."), found),)
        return (Message(N_("Rows that could not be used: {count}; they are listed."), found),)


def too_many_rows(label: str, found: int, limit: int) -> InputRefused:
    """The table has more rows than are let through."""
    values = {"name": label, "found": f"{found:,}", "limit": f"{limit:,}"}
    template = N_("{name}: {found} rows; the limit is {limit}.")
    return InputRefused("table.too_many_rows", Message(template, values), Message(N_("Send it in several parts.")))


def named_columns(names: Sequence[str]) -> list[str]:
    """The names of the columns as they are shown; those without one are numbered."""
    return [clean_text(name) or f"column {place + 1}" for place, name in enumerate(names)]


def check_names(names: Sequence[str], label: str) -> None:
    """Refuse columns of the same name."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        found = {"name": label, "columns": ", ".join(twice[:3])}
        template = N_("{name}: several columns are called the same: {columns}.")
        hint = Message(N_("Give every column a name of its own."))
        raise InputRefused("table.duplicate_columns", Message(template, found), hint)


def check_columns(found: int, label: str, limits: Limits) -> None:
    """Refuse a table of too many columns."""
    if found > limits.table_columns:
        values = {"name": label, "found": f"{found:,}", "limit": f"{limits.table_columns:,}"}
        template = N_("{name}: {found} columns; the limit is {limit}.")
        hint = Message(N_("Send only the columns that are needed."))
        raise InputRefused("table.too_many_columns", Message(template, values), hint)


def check_cells(label: str, found: int, limit: int) -> None:
    """Refuse a table that would take too many bytes once it is unpacked."""
    if found > limit:
        values = {"name": label, "found": f"{found / 2**20:,.0f}", "limit": f"{limit / 2**20:,.0f}"}
        template = N_("{name}: the cells would take {found} MB of memory; the limit is {limit} MB.")
        hint = Message(N_("Send only the columns that are needed, or fewer rows."))
        raise InputRefused("table.too_large", Message(template, values), hint)


def no_rows(label: str) -> InputRefused:
    """The table has no rows."""
    template = N_("{name}: the table has a header and no rows.")
    return InputRefused("table.no_rows", Message(template, {"name": label}), Message(N_("Send the rows as well.")))


def unreadable_file(label: str) -> InputRefused:
    """The system does not let us read the file of a table."""
    message = Message(N_("{name}: the file cannot be read."), {"name": label})
    return InputRefused("table.unreadable", message, Message(N_("Check the path and the file's permissions.")))
