"""Columns of text as numbers and labels: what is converted is said, what cannot be read is told cell by cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import clean_text

MISSING = ("na", "n/a", "#n/a", "nan", "null", "none", "nil", "\\n", "-", "--", "?")
"""Texts in lower case that stand for an empty cell among numbers and times."""
CELLS_SHOWN = 5
NUMERIC_MIN = 0.9
"""Share of the filled cells that must be numbers for a column of text to be one of numbers."""

_CURRENCY = r"[$€£¥₹₽₩元]|US\$|HK\$|RMB|[A-Z]{3}"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+]?)\s?(?P<before>{_CURRENCY})?\s?(?P<inner>[-+]?)\s?"
    rf"(?P<digits>\d[\d.,' ]*|[.,]\d+)(?P<power>[eE][-+]?\d+)?\s?(?P<after>{_CURRENCY})?(?P<trail>-)?(?P<close>\))?"
)
_POINT_SHOWN = re.compile(r"\d*\.(\d{1,2}|\d{4,})|0\.\d+|[\d,]+,\d{3}\.\d+|\d{1,3}(,\d{3}){2,}")
_COMMA_SHOWN = re.compile(r"\d*,(\d{1,2}|\d{4,})|0,\d+|[\d.]+\.\d{3},\d+|\d{1,3}(\.\d{3}){2,}")
"""Digits that can only be read with a decimal point, or with a decimal comma."""

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column as values; all arrays have shape (N,)."""

    values: NDArray[T]
    missing: NDArray[np.bool_]
    """Cells that are empty."""
    bad: NDArray[np.bool_]
    """Cells that are filled and cannot be read; their value means nothing."""
    notices: tuple[Message, ...] = ()


def bad_cells(column: pd.Series[Any], bad: NDArray[np.bool_]) -> str:
    """The first five unreadable cells with their rows, for a message."""
    rows = column[bad].head(CELLS_SHOWN)
    return "; ".join(f"{row}: {clean_text(str(cell))[:40]}" for row, cell in rows.items())


def is_text(column: pd.Series[Any]) -> bool:
    """Whether the cells are text, as in every CSV."""
    return isinstance(column.dtype, pd.StringDtype)


def as_text(column: pd.Series[Any]) -> pa.Array:
    """Trimmed text, "" where a cell is empty; whole numbers without a decimal point. Shape (N,)."""
    if not is_text(column):
        if pd.api.types.is_float_dtype(column) and bool((column.dropna() % 1 == 0).all()):
            column = column.astype("Int64")
        column = column.astype("str").where(column.notna(), "")
    text = pa.array(column, pa.large_string(), from_pandas=True)
    text = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    return pc.utf8_trim_whitespace(pc.fill_null(text, ""))


def is_missing(text: pa.Array) -> NDArray[np.bool_]:
    """Which trimmed texts stand for an empty cell; shape (N,)."""
    return truth(pc.is_in(pc.utf8_lower(text), value_set=pa.array(["", *MISSING], pa.large_string())))


def truth(values: pa.Array) -> NDArray[np.bool_]:
    """A boolean arrow array as a mask."""
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)


def is_number(column: pd.Series[Any], share: float = NUMERIC_MIN) -> bool:
    """Whether at least this share of the filled cells are numbers."""
    if not is_text(column):
        return bool(pd.api.types.is_numeric_dtype(column))
    read = read_numbers(column)
    filled = int((~read.missing).sum())
    return filled > 0 and int((~read.missing & ~read.bad).sum()) >= share * filled


def has_codes(column: pd.Series[Any]) -> bool:
    """Whether some cells are figures whose leading zeros matter, such as 007."""
    return is_text(column) and bool(truth(pc.match_substring_regex(as_text(column), r"^[+-]?0\d+$")).any())


def read_numbers(column: pd.Series[Any]) -> Column[np.float64]:
    """Finite numbers; NaN where a cell is empty or bad.

    Reads thousands separators, a decimal comma, currency signs and codes, full-width digits, a trailing minus and
    parentheses for a negative amount, and says so. Infinity is bad.
    """
    if not is_text(column):
        if not pd.api.types.is_numeric_dtype(column):
            empty = column.isna().to_numpy()
            return Column(np.full(len(column), np.nan), empty, ~empty)
        values = column.to_numpy(np.float64, na_value=np.nan)
        return _finite(values, np.isnan(values))
    text = as_text(column)
    missing = is_missing(text)
    filled = pc.if_else(pa.array(~missing), text, None)
    try:
        return _finite(pc.cast(filled, pa.float64()).to_numpy(zero_copy_only=False), missing)
    except pa.ArrowInvalid:
        pass
    coded = filled.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    numbers, notices = _from_texts(texts, str(column.name))
    places = coded.indices.fill_null(len(texts)).to_numpy()
    return _finite(np.append(numbers, np.nan)[places], missing, notices)


def _finite(
    values: NDArray[np.float64], missing: NDArray[np.bool_], notices: tuple[Message, ...] = ()
) -> Column[np.float64]:
    bad = ~np.isfinite(values) & ~missing
    return Column(np.where(bad, np.nan, values), missing, bad, notices)


def _from_texts(texts: list[str], name: str) -> tuple[NDArray[np.float64], tuple[Message, ...]]:
    """Shape (len(texts),): numbers, infinite where a text is none; and what was converted."""
    matches = [_NUMBER.fullmatch(unicodedata.normalize("NFKC", text).replace("\u2212", "-")) for text in texts]
    digits = [re.sub("[' ]", "", match["digits"]) for match in matches if match]
    with_comma = any(map(_COMMA_SHOWN.fullmatch, digits)) and not any(map(_POINT_SHOWN.fullmatch, digits))
    numbers = np.array([_value(match, with_comma) if match else np.inf for match in matches], np.float64)
    notices = []
    for text, number in zip(texts, numbers, strict=True):
        if np.isfinite(number) and not _is_plain(text):
            found = {"column": name, "example": clean_text(text), "value": f"{number:.12g}"}
            template = N_("Column {column}: figures such as {example} were read as {value}.")
            notices.append(Message(template, found))
            break
    currencies = sorted({match["before"] or match["after"] for match in matches if match} - {None})
    if len(currencies) > 1:
        found = {"column": name, "found": ", ".join(currencies[:5])}
        template = N_("Column {column}: amounts of several currencies ({found}) were not converted to one.")
        notices.append(Message(template, found))
    return numbers, tuple(notices)


def _is_plain(text: str) -> bool:
    try:
        return text.isascii() and "_" not in text and np.isfinite(float(text))
    except ValueError:
        return False


def _value(match: re.Match[str], with_comma: bool) -> float:
    """The number that a matched text means; infinite when its signs or groups of digits contradict each other."""
    digits = match["digits"].strip()
    signs = [match["sign"], match["inner"], match["trail"]]
    if (match["open"] is None) != (match["close"] is None) or sum(map(bool, signs)) + bool(match["open"]) > 1:
        return np.inf
    group, point = (".", ",") if with_comma else (",", ".")
    whole, _, fraction = digits.partition(point)
    groups = re.split(rf"[{re.escape(group)}' ]", whole)
    even = all(len(part) == 3 for part in groups[1:]) and len(groups[0]) <= 3
    indian = len(groups[-1]) == 3 and len(groups[0]) <= 2 and all(len(part) == 2 for part in groups[1:-1])
    if (len(groups) > 1 and not (even or indian)) or not (fraction or whole) or (fraction and not fraction.isdigit()):
        return np.inf
    number = float(f"{''.join(groups) or '0'}.{fraction or '0'}{match['power'] or ''}")
    return -number if "-" in signs or match["open"] else number


def read_labels(column: pd.Series[Any], known: Mapping[str, int]) -> NDArray[np.int8]:
    """The class of every row, shape (N,).

    Args:
        column: Texts, numbers or truth values.
        known: Text in lower case -> class; whole numbers are looked up without a decimal point.

    Raises:
        InputRefused: When a text is not known, listing the first of them.
    """
    coded = as_text(column).dictionary_encode()
    texts = coded.dictionary.to_pylist()
    classes = [known.get(_plain_label(text)) for text in texts]
    strange = [clean_text(text)[:40] for text, value in zip(texts, classes, strict=True) if value is None]
    if strange:
        shown = ", ".join(strange[:CELLS_SHOWN]) + (f", … ({len(strange)})" if len(strange) > CELLS_SHOWN else "")
        found = {"column": str(column.name), "found": shown, "known": ", ".join(text for text in known if text)}
        raise InputRefused(
            "columns.unknown_labels",
            Message(N_("Column {column}: these labels are not known: {found}."), found),
            Message(N_("Write the labels as one of: {known}; leave the cell empty where it is not known."), found),
        )
    places: NDArray[np.int32] = coded.indices.to_numpy()
    return np.array([*classes, 0], np.int8)[places]


def _plain_label(text: str) -> str:
    plain = re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return re.sub(r"(?<=^\d)\.0+$", "", plain)
