"""Columns named by their role, as people and configurations write them: `amount=price, label=is_fraud`."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from core.contracts import N_, Message
from core.errors import InputRefused

IGNORE = "ignore"
"""In the place of a role: columns, `a|b`, that are not read at all."""


def parse_mapping(text: str) -> dict[str, str]:
    """Role -> column; a part with a comma in its name stands in double quotes: `amount=price, "label=fraud, yes"`.

    An empty column (`time=`) means that there is none for the role.

    Raises:
        InputRefused: a part is no `role=column`, or a role is named twice.
    """
    try:
        parts = next(csv.reader([text.strip()], skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise _refused(text) from None
    found: dict[str, str] = {}
    for part in parts:
        role, given, column = (piece.strip() for piece in part.partition("="))
        if not (role and given):
            raise _refused(part)
        if role in found:
            raise InputRefused(
                "columns.twice",
                Message(N_("The role {role} was given to two columns."), {"role": role[:40]}),
                Message(N_("Name each role once.")),
            )
        found[role] = column
    return found


def write_mapping(columns: Mapping[str, str]) -> str:
    """The text that `parse_mapping` reads as `columns`."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([f"{role}={column}" for role, column in columns.items()])
    return buffer.getvalue()


def parse_names(text: str) -> tuple[str, ...]:
    """Several columns in the place of one, `a|b`; a name with such a line in it stands in double quotes.

    Raises:
        InputRefused: the quotes do not match.
    """
    try:
        names = next(csv.reader([text], delimiter="|", skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise _refused(text) from None
    return tuple(name for name in map(str.strip, names) if name)


def write_names(names: Sequence[str]) -> str:
    """The text that `parse_names` reads as `names`."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter="|", lineterminator="").writerow(names)
    return buffer.getvalue()


def _refused(part: str) -> InputRefused:
    return InputRefused(
        "columns.form",
        Message(N_("Columns are named as role=column, separated by commas; this was {part}."), {"part": part[:80]}),
        Message(N_("An example: amount=price, label=is_fraud.")),
    )
