"""Columns of text as numbers and labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.data.cells import as_text, bad_cells, has_codes, is_number, read_labels, read_numbers
from core.errors import InputRefused


def texts(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str", name="amount", index=range(1, len(cells) + 1))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1200.5", 1200.5),
        (" 7 ", 7),
        ("-3", -3),
        ("+3", 3),
        (".5", 0.5),
        ("1e3", 1000),
        ("$1,200.00", 1200),
        ("-$5", -5),
        ("$-5", -5),
        ("($5.25)", -5.25),
        ("5.25-", -5.25),
        ("\u22125", -5),
        ("1,234,567", 1_234_567),
        ("1,00,000.5", 100_000.5),
        ("1.234,56", 1234.56),
        ("1.234.567", 1_234_567),
        ("3,5", 3.5),
        ("1 234,56", 1234.56),
        ("1\u00a0234,56", 1234.56),
        ("1\u202f234,56 €", 1234.56),
        ("1'234.50", 1234.5),
        ("CHF 12.50", 12.5),
        ("12.50 EUR", 12.5),
        ("￥１，２００．５０", 1200.5),
        ("35元", 35),
        ("1,200", 1200),
    ],
)
def test_figures_as_people_write_them(cell: str, value: float) -> None:
    read = read_numbers(texts(cell))
    assert read.values.tolist() == [value] and not read.bad.any() and not read.missing.any()
    try:
        plain = float(cell) == value and cell.isascii()
    except ValueError:
        plain = False
    assert bool(read.notices) is not plain
    assert plain or f"read as {value:.12g}" in str(read.notices[0])


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "1,2,3",
        "1.2.3",
        "12,34,5",
        "--5",
        "(5",
        "-(5)",
        "5 6",
        "inf",
        "-Infinity",
        "1e400",
        "0x10",
        "1_000",
        "5%",
        "1,23,4.5",
        "12:30",
        "2024-05-01",
        "$",
        "1.2万",
        "1.234,56,7",
    ],
)
def test_what_is_no_number(cell: str) -> None:
    column = texts("1.5", cell)
    read = read_numbers(column)
    assert read.bad.tolist() == [False, True] and np.isnan(read.values[1])
    assert bad_cells(column, read.bad) == f"2: {cell}"


@pytest.mark.parametrize("cell", ["", "  ", "NA", "n/a", "NaN", "null", "None", "-", "?"])
def test_empty_cells(cell: str) -> None:
    read = read_numbers(texts("1", cell))
    assert read.missing.tolist() == [False, True] and not read.bad.any() and np.isnan(read.values[1])


def test_one_convention_for_a_column() -> None:
    assert read_numbers(texts("1.234,50", "1.200")).values.tolist() == [1234.5, 1200]
    assert read_numbers(texts("1,234.50", "1,200")).values.tolist() == [1234.5, 1200]
    mixed = read_numbers(texts("1,234.50", "3,5"))
    assert mixed.values.tolist()[0] == 1234.5 and mixed.bad.tolist() == [False, True]


def test_several_currencies_are_said() -> None:
    read = read_numbers(texts("$5", "€5"))
    assert read.values.tolist() == [5, 5] and "several currencies ($, €)" in "".join(map(str, read.notices))
    assert "currencies" not in "".join(map(str, read_numbers(texts("$5", "$6", "7")).notices))


def test_first_five_bad_cells_are_shown() -> None:
    column = texts(*(f"bad {n}" for n in range(9)))
    assert bad_cells(column, np.ones(9, bool)) == "1: bad 0; 2: bad 1; 3: bad 2; 4: bad 3; 5: bad 4"


def test_typed_columns() -> None:
    read = read_numbers(pd.Series([1, None, np.inf]))
    assert read.missing.tolist() == [False, True, False] and read.bad.tolist() == [False, False, True]
    assert read_numbers(pd.Series([True, None], dtype="boolean")).values.tolist()[0] == 1
    assert read_numbers(pd.to_datetime(pd.Series(["2024-01-01", None]))).bad.tolist() == [True, False]
    assert as_text(pd.Series([596.0, None])).to_pylist() == ["596", ""]
    assert as_text(pd.Series([1.5, None])).to_pylist() == ["1.5", ""]
    assert as_text(pd.Series([2**60 + 1, None], dtype="Int64")).to_pylist() == [str(2**60 + 1), ""]


def test_kinds() -> None:
    assert is_number(texts(*["1"] * 9, "x")) and not is_number(texts(*["1"] * 8, "x", "y"))
    assert is_number(texts("1", "x"), share=0.5) and not is_number(texts("", ""))
    assert has_codes(texts("7", "007")) and not has_codes(texts("0", "0.5", "70"))


KNOWN = {"0": 0, "ok": 0, "1": 1, "not fraud": 0, "true": 1, "false": 0, "": -1}


def test_labels() -> None:
    assert read_labels(texts("OK ", "１", "0.0", "Not_Fraud", "", " "), KNOWN).tolist() == [0, 1, 0, 0, -1, -1]
    assert read_labels(pd.Series([1.0, 0.0, None]), KNOWN).tolist() == [1, 0, -1]
    assert read_labels(pd.Series([True, False]), KNOWN).tolist() == [1, 0]


@pytest.mark.parametrize("cell", ["-1", "2", "10.0", "fraudd", "1.5"])
def test_unknown_labels(cell: str) -> None:
    with pytest.raises(InputRefused) as caught:
        read_labels(texts("ok", cell), KNOWN)
    assert cell in str(caught.value.message) and "not fraud" in str(caught.value.hint)


def test_many_unknown_labels_are_cut() -> None:
    with pytest.raises(InputRefused, match=r"kind 4, … \(9\)"):
        read_labels(texts(*(f"kind {n}" for n in range(9))), KNOWN)
