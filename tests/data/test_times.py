"""Columns of times in the forms that files hold; the ambiguous is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.data.times import is_time, read_times
from core.errors import InputRefused


def texts(*cells: str, name: str = "when") -> pd.Series:
    return pd.Series(cells, dtype="str", name=name, index=range(1, len(cells) + 1))


def said(column: pd.Series) -> str:
    return " ".join(map(str, read_times(column).notices))


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("2024-05-31 14:05:09", "2024-05-31T14:05:09"),
        ("2024-05-31T14:05:09", "2024-05-31T14:05:09"),
        ("2024-05-31 14:05:09.987654", "2024-05-31T14:05:09"),
        ("2024-05-31 14:05", "2024-05-31T14:05:00"),
        ("2024-05-31", "2024-05-31T00:00:00"),
        ("2024/5/31 4:05:09", "2024-05-31T04:05:09"),
        ("2024.05.31", "2024-05-31T00:00:00"),
        ("2024-05-31T14:05:09Z", "2024-05-31T14:05:09"),
        ("2024-05-31T14:05:09.5+08:00", "2024-05-31T14:05:09"),
        ("2024-05-31 14:05:09 UTC", "2024-05-31T14:05:09"),
        ("31.12.2024 23:59", "2024-12-31T23:59:00"),
        ("31/12/2024", "2024-12-31T00:00:00"),
        ("12/31/2024 11:30 PM", "2024-12-31T23:30:00"),
        ("12/31/2024 12:30:00 a.m.", "2024-12-31T00:30:00"),
        ("31-12-2024", "2024-12-31T00:00:00"),
        ("2024年5月31日 14:05:09", "2024-05-31T14:05:09"),
        ("2024年5月31日", "2024-05-31T00:00:00"),
        ("1717164309", "2024-05-31T14:05:09"),
        ("1717164309.0", "2024-05-31T14:05:09"),
        ("1717164309000", "2024-05-31T14:05:09"),
        ("1717164309000000", "2024-05-31T14:05:09"),
        ("1717164309000000000", "2024-05-31T14:05:09"),
        ("20240531", "2024-05-31T00:00:00"),
        ("45443.5868", "2024-05-31T14:04:60"),
        ("2024-02-29", "2024-02-29T00:00:00"),
        ("2262-05-01", ""),
        ("1969-12-31", ""),
        ("9999-12-31", ""),
        ("2023-02-29", ""),
        ("2024-13-01", ""),
        ("2024-05-31 25:00:00", ""),
        ("2024-05-31 13:00 PM", ""),
        ("31.12.24", ""),
        ("14:05:09", ""),
        ("yesterday", ""),
        ("-5", ""),
    ],
)
def test_forms(cell: str, time: str) -> None:
    read = read_times(texts(cell))
    assert read.values.dtype == "datetime64[s]"
    assert bool(read.bad[0]) is (time == "")
    if time and not time.endswith(":60"):
        assert str(read.values[0]) == time
    if time.endswith(":60"):
        assert abs(read.values[0] - np.datetime64("2024-05-31T14:05:00")) < np.timedelta64(2, "s")


@pytest.mark.parametrize("cells", [("03/04/2024",), ("03/04/2024", "05-06-2024"), ("13/04/2024", "04/13/2024")])
def test_day_or_month_is_asked_for(cells: tuple[str, ...]) -> None:
    with pytest.raises(InputRefused) as caught:
        read_times(texts(*cells))
    assert caught.value.code == "columns.ambiguous_dates"
    assert cells[0] in str(caught.value.message) and "2024-05-31" in str(caught.value.hint)


def test_one_row_shows_the_order_of_all() -> None:
    assert [str(day)[:10] for day in read_times(texts("03/04/2024", "", "25/04/2024")).values[[0, 2]]] == [
        "2024-04-03",
        "2024-04-25",
    ]


def test_empty_and_bad_cells() -> None:
    read = read_times(texts("2024-05-31 14:05:09", "", "NA", "soon", "2024-05-32"))
    assert read.missing.tolist() == [False, True, True, False, False]
    assert read.bad.tolist() == [False, False, False, True, True]
    assert (read.values >= np.datetime64("1970-01-01")).all()


def test_zones() -> None:
    assert "in the zone UTC" in said(texts("2024-05-31T14:05:09Z", ""))
    assert "in the zone +08:00" in said(texts("2024-05-31T14:05:09+08:00", "2024-05-31T15:05:09+08:00"))
    several = texts("2024-05-31T14:05:09+08:00", "2024-05-31T14:05:09-0330", "2024-05-31T14:05:09Z")
    assert [str(time)[11:] for time in read_times(several).values] == ["06:05:09", "17:35:09", "14:05:09"]
    assert "converted to UTC" in said(several)
    assert said(texts("2024-05-31T14:05:09")) == ""
    with pytest.raises(InputRefused, match="mixed_zones"):
        read_times(texts("2024-05-31T14:05:09Z", "2024-05-31T14:05:09"))


def test_typed_times() -> None:
    zoned = pd.Series(pd.to_datetime(["2024-05-31 20:00", None]).tz_localize("Asia/Shanghai"))
    read = read_times(zoned)
    assert str(read.values[0]) == "2024-05-31T20:00:00" and read.missing.tolist() == [False, True]
    assert "Asia/Shanghai" in str(read.notices[0])
    assert str(read_times(pd.Series([1717164309, None], dtype="Int64")).values[0]) == "2024-05-31T14:05:09"


def test_seconds_after_the_first_row() -> None:
    column = texts("0", "0", "60", "172792", name="Time")
    assert [int(time.astype(int)) for time in read_times(column).values] == [0, 0, 60, 172_792]
    assert "seconds after the first row" in said(column)
    assert "seconds after" in said(texts("30000", "30001", name="Time"))


def test_a_few_zeros_among_epochs_are_bad() -> None:
    read = read_times(texts("1717164309", "0", "1717164310"))
    assert read.bad.tolist() == [False, True, False] and read.notices == ()


def test_days_of_a_spreadsheet() -> None:
    assert "spreadsheets" in said(texts("45443.25", "45444"))
    assert str(read_times(texts("45443", "45444", name="Date")).values[0]) == "2024-05-31T00:00:00"
    with pytest.raises(InputRefused, match="ambiguous_times") as caught:
        read_times(texts("45443", "45444"))
    assert "45443" in str(caught.value.message)


def test_whole_counts_in_a_column_called_time_are_seconds_and_fractions_are_asked_about() -> None:
    assert "seconds after the first row" in said(texts("30000", "45443", name="Time"))
    assert "seconds after the first row" in said(texts("45000.5", "45001.25", name="Seconds"))
    with pytest.raises(InputRefused, match="ambiguous_times") as caught:
        read_times(texts("45000.5", "45001.25", name="time"))
    assert "“date”" in str(caught.value.hint) and "“seconds”" in str(caught.value.hint)
    assert "spreadsheets" in said(texts("45000.5", "45001.25", name="date"))


def test_is_time() -> None:
    assert is_time(texts("2024-05-31", "", "2024-06-01")) and not is_time(texts("a", "b")) and not is_time(texts(""))
    assert is_time(texts("03/04/2024"))
    assert not is_time(texts("1", "2")) and is_time(texts("1", "2"), counts=True)
    assert not is_time(pd.Series([True, False]))
    assert not is_time(texts("2024-05-31", "x")) and is_time(texts("2024-05-31", "x"), share=0.5)
