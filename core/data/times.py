"""Columns of times: ISO and common written forms, counts of seconds, spreadsheet days; the ambiguous is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.cells import NUMERIC_MIN, Column, as_text, is_missing, is_text, read_numbers, truth
from core.data.columns import plain_name
from core.errors import InputRefused

FIRST, LAST = np.datetime64("1970-01-01", "s"), np.datetime64("2100-01-01", "s")
"""Times outside are taken for mistakes."""

_WRITTEN = (
    r"^(?P<a>\d{1,4})(?P<sign>[-/.年])(?P<b>\d{1,2})[-/.月](?P<c>\d{1,4})日?"
    r"(?:(?:T|\s+|,\s*)(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2}))?(?:[.,]\d+)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?)?$"
)
_EPOCHS = ((1e8, 1.0), (1e11, 1e3), (1e14, 1e6), (1e17, 1e9))
"""From this value on, a count since 1970 is of this many parts of a second."""
_SERIALS = (20_000, 80_000)
"""Days since 1899-12-30 as spreadsheets count them: the years 1954 to 2119."""
_SERIAL_DAY = np.datetime64("1899-12-30", "s")
_WRITE_ISO = N_("Write the time as 2024-05-31 14:05:09.")

_Times = NDArray[np.datetime64]
_Mask = NDArray[np.bool_]


def is_time(column: pd.Series[Any], share: float = NUMERIC_MIN, counts: bool = False) -> bool:
    """Whether at least this share of the filled cells can be read as times.

    Args:
        column: The cells.
        share: Of the filled ones.
        counts: Whether bare figures may be times.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    if not counts and (not is_text(column) or _are_counts(as_text(column))):
        return False
    try:
        read = read_times(column)
    except InputRefused:  # a time for certain, though nobody knows which
        return True
    filled = int((~read.missing).sum())
    return filled > 0 and int((~read.missing & ~read.bad).sum()) >= share * filled


def read_times(column: pd.Series[Any]) -> Column[np.datetime64]:
    """Times as datetime64[s]; FIRST where a cell is empty or bad.

    Cells with one and the same offset keep their clock, so that night stays night; several offsets become UTC. Small
    counts are seconds after the first row and begin at 1970-01-01.

    Raises:
        InputRefused: When day and month, or the unit of a count, cannot be told apart, or only some cells have a zone.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        empty = column.isna().to_numpy()
        zone = getattr(column.dt, "tz", None)
        values = (column.dt.tz_localize(None) if zone else column).to_numpy("datetime64[s]")
        notices = (_zone_notice(str(zone)),) if zone else ()
        return _in_range(values, empty, np.zeros(len(empty), bool), notices)
    if not is_text(column):
        return _counted(read_numbers(column), column)
    text = as_text(column)
    missing = is_missing(text)
    filled = pc.if_else(pa.array(~missing), text, None)
    if _are_counts(filled):
        return _counted(read_numbers(column), column)
    try:
        quick = filled.cast(pa.timestamp("us")).cast(pa.timestamp("s"), safe=False)
        return _in_range(
            quick.to_numpy(zero_copy_only=False).astype("datetime64[s]"), missing, np.zeros(len(text), bool)
        )
    except pa.ArrowInvalid:
        return _written(filled, missing, str(column.name))


def _are_counts(filled: pa.Array) -> bool:
    """Whether most filled cells are bare figures."""
    bare = pc.match_substring_regex(filled, r"^[+-]?\d+(\.\d+)?([eE]\+?\d+)?$")
    count = len(filled) - filled.null_count
    return bool(count > 0 and 2 * (pc.sum(bare).as_py() or 0) > count)


def _in_range(values: _Times, missing: _Mask, bad: _Mask, notices: tuple[Message, ...] = ()) -> Column[np.datetime64]:
    with np.errstate(invalid="ignore"):
        outside = ~((values >= FIRST) & (values < LAST))
    bad = (bad | outside) & ~missing
    return Column(np.where(bad | missing, FIRST, values), missing, bad, notices)


def _zone_notice(zone: str) -> Message:
    return Message(N_("Times are as the clock showed them in the zone {zone}."), {"zone": zone})


def _counted(numbers: Column[np.float64], column: pd.Series[Any]) -> Column[np.datetime64]:
    """Counts of seconds or days, or dates such as 20240531, by how large they are."""
    known = numbers.values[~numbers.missing & ~numbers.bad]
    none = np.full(len(numbers.values), FIRST)
    if not len(known):
        return Column(none, numbers.missing, numbers.bad)
    low, high = float(known.min()), float(known.max())
    filled = np.nan_to_num(numbers.values)
    if low >= 19_000_101 and high <= 21_001_231 and (dates := _compact(filled)) is not None:
        return _in_range(dates, numbers.missing, numbers.bad)
    if (middle := float(np.median(known))) >= _EPOCHS[0][0]:
        parts = next(parts for least, parts in reversed(_EPOCHS) if middle >= least)
        stray = filled / parts < _EPOCHS[0][0]
        return _in_range(_after(FIRST, filled / parts), numbers.missing, numbers.bad | stray)
    name, whole = plain_name(str(column.name)), bool((known % 1 == 0).all())
    # Public data sets count whole seconds in a column called time; fractions there are hours of a spreadsheet's days.
    usual = name in ("time", "transaction_dt")
    if low >= _SERIALS[0] and high <= _SERIALS[1] and "second" not in name and not (usual and whole):
        if usual or (whole and "date" not in name):
            raise _ambiguous_count(column, low, high)
        notice = Message(N_("Times were read as the days that spreadsheets count from 1899-12-30."))
        return _in_range(_after(_SERIAL_DAY, filled * 86_400), numbers.missing, numbers.bad, (notice,))
    if low < 0:
        return Column(none, numbers.missing, ~numbers.missing)
    template = N_("Times were read as seconds after the first row; the hour of the day and the weekday are not known.")
    return _in_range(_after(FIRST, filled), numbers.missing, numbers.bad, (Message(template),))


def _after(start: np.datetime64, seconds: NDArray[np.float64]) -> _Times:
    return start + np.clip(np.rint(seconds), -1e11, 1e11).astype("timedelta64[s]")


def _compact(values: NDArray[np.float64]) -> _Times | None:
    """Dates written as 20240531; None when one of them is no date."""
    whole = values.astype(np.int64)
    dates, sound = _days(whole // 10_000, whole // 100 % 100, whole % 100)
    return dates if bool((sound | (whole == 0)).all()) else None


def _days(year: NDArray[Any], month: NDArray[Any], day: NDArray[Any]) -> tuple[_Times, _Mask]:
    """Midnights, and which of them are days of the calendar."""
    months = (year.astype(np.int64) - 1970) * 12 + np.clip(month, 1, 12).astype(np.int64) - 1
    first = months.astype("datetime64[M]")
    dates = first.astype("datetime64[D]") + (np.clip(day, 1, 31).astype(np.int64) - 1)
    sound = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (dates.astype("datetime64[M]") == first)
    return dates.astype("datetime64[s]"), np.asarray(sound, bool)


def _written(filled: pa.Array, missing: _Mask, name: str) -> Column[np.datetime64]:
    """Dates with or without a time of day in the usual written forms, each checked against the calendar."""
    parts = pc.extract_regex(filled, pattern=_WRITTEN)
    bad = truth(pc.is_null(parts)) & ~missing
    parts = {field.name: parts.field(place) for place, field in enumerate(parts.type)}
    a, b, c = (_whole(parts[key]) for key in ("a", "b", "c"))
    year_first = truth(pc.equal(pc.utf8_length(parts["a"]), 4).fill_null(False))
    year_last = truth(pc.equal(pc.utf8_length(parts["c"]), 4).fill_null(False)) & ~year_first
    bad |= ~year_first & ~year_last & ~missing
    day_first = np.ones(len(a), bool)
    if (open_ := year_last & ~truth(pc.equal(parts["sign"], ".").fill_null(False))).any():
        day_first[open_] = _is_day_first(a[open_], b[open_], name, filled.filter(pa.array(open_))[0].as_py())
    day, month = np.where(day_first, a, b), np.where(day_first, b, a)
    dates, sound = _days(np.where(year_first, a, c), np.where(year_first, b, month), np.where(year_first, c, day))
    clock, ticking = _clock(parts)
    offsets, notices = _offsets(parts["zone"], ~missing & ~bad, name)
    return _in_range(dates + clock - offsets, missing, bad | ~sound | ~ticking, notices)


def _whole(texts: pa.Array) -> NDArray[np.int64]:
    """Digits as numbers, 0 where there are none."""
    digits = pc.if_else(pc.equal(texts, ""), None, texts)
    return np.asarray(pc.fill_null(digits.cast(pa.int64()), 0).to_numpy())


def _is_day_first(a: NDArray[np.int64], b: NDArray[np.int64], name: str, example: str) -> bool:
    """Whether dates such as 31/12/2024 begin with the day: some row must show it, and none the contrary."""
    day_first, month_first = bool((a > 12).any()), bool((b > 12).any())
    if day_first == month_first:
        found = {"column": name, "example": example}
        template = N_("Column {column}: day and month cannot be told apart in dates such as {example}.")
        raise InputRefused("columns.ambiguous_dates", Message(template, found), Message(_WRITE_ISO))
    return day_first


def _clock(parts: dict[str, pa.Array]) -> tuple[NDArray[np.timedelta64], _Mask]:
    """Time of day of every row, and which are possible; midnight where none is written."""
    hour, minute, second = (_whole(parts[key]) for key in ("hour", "minute", "second"))
    half = pc.utf8_lower(pc.fill_null(parts["half"], ""))
    late, early = truth(pc.starts_with(half, "p")), truth(pc.starts_with(half, "a"))
    sound = (hour <= 23) & (minute <= 59) & (second <= 60) & (~(late | early) | ((hour >= 1) & (hour <= 12)))
    hour = np.where(late | early, hour % 12, hour) + 12 * late
    return (hour * 3600 + minute * 60 + second).astype("timedelta64[s]"), sound


def _offsets(zones: pa.Array, used: _Mask, name: str) -> tuple[NDArray[np.timedelta64], tuple[Message, ...]]:
    """What to take away from the written times of every row."""
    coded = pc.fill_null(zones, "").dictionary_encode()
    texts = coded.dictionary.to_pylist()
    places = coded.indices.to_numpy()
    present = sorted({texts[place] for place in np.unique(places[used])})
    nothing = np.zeros(len(places), "timedelta64[s]")
    if len(present) <= 1:
        zone = {"Z": "UTC", "z": "UTC", "GMT": "UTC"}.get(*(present or [""]) * 2)
        return nothing, (_zone_notice(zone),) if zone else ()
    if "" in present:
        template = N_("Column {column}: some times name their zone and others do not.")
        raise InputRefused("columns.mixed_zones", Message(template, {"column": name}), Message(_WRITE_ISO))
    seconds = np.array([_offset_seconds(text) for text in texts], "timedelta64[s]")
    return seconds[places], (Message(N_("Times of several zones were converted to UTC.")),)


def _offset_seconds(zone: str) -> int:
    """Seconds east of Greenwich of a zone such as +08:00; 0 for one that is named."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _ambiguous_count(column: pd.Series[Any], low: float, high: float) -> InputRefused:
    found = {"column": str(column.name), "low": f"{low:g}", "high": f"{high:g}"}
    template = N_("Column {column}: counts from {low} to {high} may be days of a spreadsheet or seconds.")
    hint = N_("Write the time as 2024-05-31 14:05:09, or call the column “date” for days or “seconds” for seconds.")
    return InputRefused("columns.ambiguous_times", Message(template, found), Message(hint))
