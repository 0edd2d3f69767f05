"""A table of payments -> `Transactions`: columns are matched to roles, unusable rows listed, rows sorted by time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.cells import Column, as_text, bad_cells, has_codes, is_number, is_text, read_labels, read_numbers, truth
from core.data.columns import named, plain_name, sample_rows
from core.data.times import is_time, read_times
from core.data.transaction_columns import (
    KNOWN_LABELS,
    ROLES,
    TRANSACTION_ROLES,
    guess_columns,
    ignored_columns,
    preview,
)
from core.data.transactions import AMOUNT_LIMIT, FRAUD, GENUINE, UNKNOWN, Transactions, fingerprint
from core.errors import InputRefused
from core.intake.labels import clean_text
from core.intake.table_folder import read_folder
from core.intake.table_refusals import ROWS_KEPT, RefusedRows
from core.intake.tables import Table, read_table

__all__ = ["ROLES", "guess_columns", "open_table", "open_transactions", "preview", "transactions_of"]

_AMOUNT_HINT = N_("Write the amount as a number, such as 1200.50.")
_TIME_HINT = N_("Write the time as 2024-05-31 14:05:09.")
_LEFT_OUT = {
    "empty": N_("Columns that are empty and were left out: {columns}."),
    "time": N_("Columns of further times that were left out: {columns}."),
    "long": N_("Columns of long texts that were left out: {columns}."),
}
_NOBODY = ("", "null", "none", "nan", "\\n")
"""Texts in lower case that name no customer and no terminal."""
_SHORTENED = re.compile(r"\d(\.\d+)?[eE]\+\d\d")
_TEXT_CELL = 100
_TEXT_BYTES = 2**29
"""Longest text of a cell that is kept, in characters, and memory for all columns of texts."""


def open_transactions(
    data: bytes | Path, name: str, columns: Mapping[str, str] | None = None, *, need_label: bool = False
) -> Transactions:
    """Read payments from a CSV or Parquet file, or from the one such table of a folder.

    Args:
        data: The bytes as sent, or a file or folder on this machine.
        name: The name it came with, for messages.
        columns: Role -> column where they cannot be guessed; an empty column means that there is none. `ignore` names
            columns that are left out, `a|b`.
        need_label: Refuse a table without both genuine and fraudulent rows.

    Raises:
        InputRefused: With a code, what came, what is allowed and what to do.
    """
    table = open_table(data, name, columns, need_label=need_label)
    return transactions_of(table, columns, need_label=need_label)


def open_table(
    data: bytes | Path, name: str, columns: Mapping[str, str] | None = None, *, need_label: bool = False
) -> Table:
    """The table that `open_transactions` reads, as it was sent; arguments and errors as there."""
    if isinstance(data, Path) and data.is_dir():
        return _read_folder(data, columns or {}, need_label)
    return read_table(data, name)


def transactions_of(
    table: Table, columns: Mapping[str, str] | None = None, *, need_label: bool = False
) -> Transactions:
    """The payments of a table; arguments and errors as in `open_transactions`."""
    mapping = guess_columns(table, columns)
    frame = table.frame.drop(columns=ignored_columns(table, columns))
    if "amount" not in mapping:
        raise _no_column(table, N_("{name}: no column of amounts was found."), "amount")
    if need_label and "label" not in mapping:
        raise _no_column(table, N_("{name}: no column says which payments were frauds."), "label")
    amount = _amounts(frame[mapping["amount"]])
    time = read_times(frame[mapping["time"]]) if "time" in mapping else None
    refused = RefusedRows(table.name, table.refused, table.refused_count)
    _refuse_cells(refused, frame[mapping["amount"]], amount, _AMOUNT_HINT)
    usable = ~(amount.missing | amount.bad)
    if time is not None:
        _refuse_cells(refused, frame[mapping["time"]][usable], _rows_of(time, usable), _TIME_HINT)
        usable &= ~(time.missing | time.bad)
    refused.check(int(usable.sum()))
    rows = np.flatnonzero(usable)
    if time is not None:
        rows = rows[np.argsort(time.values[rows], kind="stable")]
    read = _Reading(frame, rows, mapping)
    payments = read.payments(amount.values[rows], None if time is None else time.values[rows])
    notices = (*table.notices, *amount.notices, *(time.notices if time else ()), *read.notices, *refused.notices())
    if need_label:
        _check_classes(payments, table.name)
    payments = replace(payments, name=table.name, refused=tuple(refused.listed), notices=notices)
    return replace(payments, sha256=fingerprint(payments))


def _read_folder(path: Path, columns: Mapping[str, str], need_label: bool) -> Table:
    """The table with amounts and labels, else, where labels are not needed, the one with amounts."""

    def suits(*roles: str) -> Callable[[Sequence[str]], bool]:
        return lambda names: all(_is_named(role, names, columns) for role in roles)

    try:
        return read_folder(path, suits("amount", "label"))
    except InputRefused as error:
        if need_label or error.code != "table.none_in_folder":
            raise
    return read_folder(path, suits("amount"))


def _is_named(role: str, names: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether one of the columns is the given one for a role, or is called like one."""
    if role in columns:
        return columns[role] in names
    patterns = next(entry.patterns for entry in TRANSACTION_ROLES if entry.name == role)
    return any(re.fullmatch(pattern, plain_name(name)) for pattern in patterns for name in names)


def _amounts(column: pd.Series[Any]) -> Column[np.float64]:
    """The amounts; one that no payment can have is bad."""
    read = read_numbers(column)
    return replace(read, bad=read.bad | (np.abs(read.values) > AMOUNT_LIMIT))


def _rows_of(column: Column[Any], rows: NDArray[np.bool_]) -> Column[Any]:
    return Column(column.values[rows], column.missing[rows], column.bad[rows])


def _refuse_cells(refused: RefusedRows, cells: pd.Series[Any], read: Column[Any], hint: str) -> None:
    """List the rows whose cell in a needed column is empty or unreadable."""
    unusable = np.flatnonzero(read.missing | read.bad)
    for place in unusable[:ROWS_KEPT]:
        row, cell = int(cells.index[place]), clean_text(str(cells.iloc[place]))[:40]
        found = {"row": row, "column": str(cells.name), "found": cell}
        template = N_("Row {row}: {column} is empty.")
        if read.bad[place]:
            template = N_("Row {row}: {column} cannot be read: {found}.")
        refused.add(row, "transactions.unusable_row", Message(template, found), Message(hint))
    refused.more(max(0, len(unusable) - ROWS_KEPT))


def _no_column(table: Table, template: str, role: str) -> InputRefused:
    found = {"name": table.name, "role": role, "columns": named(list(table.frame.columns))}
    hint = N_("Say which column is the {role}. The table has: {columns}.")
    return InputRefused(f"transactions.no_{role}", Message(template, found), Message(hint, found))


def _check_classes(payments: Transactions, label: str) -> None:
    """Refuse labels that nothing can be learned from."""
    labels = payments.label if payments.label is not None else np.zeros(0, np.int8)
    frauds, genuine = int((labels == FRAUD).sum()), int((labels == GENUINE).sum())
    if not frauds or not genuine:
        found = {"name": label, "frauds": frauds, "genuine": genuine}
        template = N_("{name}: {frauds} frauds and {genuine} genuine payments; both kinds are needed.")
        hint = Message(N_("Send payments of both kinds; an empty label counts as unknown."))
        raise InputRefused("transactions.one_class", Message(template, found), hint)


class _Reading:
    """The columns of the usable rows, one after the other, with what has to be said about them."""

    def __init__(self, frame: pd.DataFrame, rows: NDArray[np.intp], mapping: Mapping[str, str]) -> None:
        self._frame, self._rows, self._mapping = frame, rows, mapping
        self._room = _TEXT_BYTES
        self.notices: list[Message] = []

    def payments(self, amount: NDArray[np.float64], time: NDArray[np.datetime64] | None) -> Transactions:
        """All columns of the payments with these amounts and times."""
        for count, template in (
            (int((amount < 0).sum()), N_("Amounts below zero, which were kept as refunds: {count}.")),
            (int((amount == 0).sum()), N_("Amounts of zero, which were kept: {count}.")),
        ):
            if count:
                self.notices.append(Message(template, {"count": count}))
        if time is None:
            template = N_("There is no column of times: order, night and the payments before a payment are not known.")
            self.notices.append(Message(template))
        elif bool((time == time.astype("datetime64[D]")).all()):
            self.notices.append(Message(N_("The times are days without an hour, so night cannot be told from day.")))
        customer, customers = self._names("customer")
        terminal, terminals = self._names("terminal")
        scenario = self._scenario()
        numbers, categories = self._others()
        return Transactions(
            ids=self._ids(),
            amount=amount,
            time=time,
            customer=customer,
            customers=customers,
            terminal=terminal,
            terminals=terminals,
            label=self._labels(),
            numbers=numbers,
            categories=categories,
            scenario=scenario,
            columns=dict(self._mapping),
        )

    def _column(self, role: str) -> pd.Series[Any] | None:
        return self._frame[self._mapping[role]].iloc[self._rows] if role in self._mapping else None

    def _names(self, role: str) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
        """Places of the names, -1 where a cell is empty, and the names."""
        column = self._column(role)
        if column is None:
            return None, ()
        coded = as_text(column).dictionary_encode()
        texts = coded.dictionary.to_pylist()
        kept = [text.lower() not in _NOBODY for text in texts]
        places = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)[coded.indices.to_numpy()]
        found = {"column": str(column.name), "count": int((places < 0).sum())}
        if found["count"]:
            self.notices.append(Message(N_("Column {column}: empty cells, which belong to nobody: {count}."), found))
        if shortened := next((text for text in texts if _SHORTENED.fullmatch(text)), ""):
            template = N_(
                "Column {column}: a spreadsheet has rounded numbers such as {example}; different ones look alike."
            )
            self.notices.append(Message(template, {"column": str(column.name), "example": shortened}))
        return places, tuple(text for text, keep in zip(texts, kept, strict=True) if keep)

    def _ids(self) -> NDArray[np.str_]:
        """The file's ids when they tell the rows apart, else row numbers, or both."""
        numbers = self._frame.index.to_numpy()[self._rows]
        width = len(str(numbers.max()))
        column = self._column("id")
        if column is None:
            return numbers.astype(f"U{width}")
        texts = as_text(column)
        if pc.max(pc.utf8_length(texts)).as_py() > _TEXT_CELL:
            self.notices.append(Message(N_("The ids are too long to be kept; rows go by their numbers.")))
            return numbers.astype(f"U{width}")
        coded = texts.dictionary_encode()
        again = pd.Series(coded.indices.to_numpy()).duplicated().to_numpy() | truth(pc.equal(texts, ""))
        ids = _texts(texts)
        if again.any():
            template = N_("Rows with an empty or repeated id, which go by their row numbers: {count}.")
            self.notices.append(Message(template, {"count": int(again.sum())}))
            ids = ids.astype(f"U{max(ids.itemsize // 4, width + 1)}")
            ids[again] = np.char.add("#", numbers[again].astype(f"U{width}"))
            if len(np.unique(ids)) < len(ids):
                return numbers.astype(f"U{width}")
        return ids

    def _labels(self) -> NDArray[np.int8] | None:
        column = self._column("label")
        if column is None:
            return None
        labels = read_labels(column, KNOWN_LABELS)
        if unknown := int((labels == UNKNOWN).sum()):
            template = N_("Payments without a known label: {count}; they are not taken for genuine.")
            self.notices.append(Message(template, {"count": unknown}))
        return labels

    def _scenario(self) -> NDArray[np.str_] | None:
        column = self._column("scenario")
        texts = None if column is None else self._texts(column)
        if column is not None and texts is None:
            self.notices.append(Message(_LEFT_OUT["long"], {"columns": str(column.name)}))
        return texts

    def _texts(self, column: pd.Series[Any]) -> NDArray[np.str_] | None:
        """The cells, cut to `_TEXT_CELL` characters; None where they would take more memory than is left."""
        texts = pc.utf8_slice_codeunits(as_text(column), 0, _TEXT_CELL)
        size = 4 * len(texts) * pc.max(pc.utf8_length(texts)).as_py()
        if size > self._room:
            return None
        self._room -= size
        return _texts(texts)

    def _others(self) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.str_]]]:
        """The columns without a role: numbers and texts; empty ones and further times are left out."""
        numbers: dict[str, NDArray[np.float64]] = {}
        categories: dict[str, NDArray[np.str_]] = {}
        left_out: dict[str, list[str]] = {"empty": [], "time": [], "long": []}
        for name in self._frame.columns:
            if name in self._mapping.values():
                continue
            column = self._frame[name].iloc[self._rows]
            kind = column_kind(column)
            if kind == "number":
                numbers[name] = self._number(column)
            elif kind != "text":
                left_out[kind].append(name)
            elif (texts := self._texts(column)) is not None:
                categories[name] = texts
            else:
                left_out["long"].append(name)
        self.notices += [Message(_LEFT_OUT[why], {"columns": named(names)}) for why, names in left_out.items() if names]
        return numbers, categories

    def _number(self, column: pd.Series[Any]) -> NDArray[np.float64]:
        read = read_numbers(column)
        self.notices += read.notices
        if read.bad.any():
            found = {"column": str(column.name), "count": int(read.bad.sum()), "cells": bad_cells(column, read.bad)}
            template = N_("Column {column}: cells that are no number and count as empty: {count} ({cells}).")
            self.notices.append(Message(template, found))
        return read.values


def column_kind(column: pd.Series[Any]) -> str:
    """`number`, `time`, `text` or `empty`, by a sample of the cells."""
    if column.isna().all() or (is_text(column) and bool((column == "").all())):
        return "empty"
    sample = sample_rows(column)
    if is_number(sample) and not has_codes(sample):
        return "number"
    return "time" if is_time(sample) else "text"


def _texts(texts: pa.Array) -> NDArray[np.str_]:
    """Texts as a NumPy array."""
    coded = texts.dictionary_encode()
    places: NDArray[np.int32] = coded.indices.to_numpy()
    return np.array([*coded.dictionary.to_pylist(), ""], np.str_)[places]
