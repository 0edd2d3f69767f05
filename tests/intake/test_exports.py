"""What goes back to a visitor runs nowhere."""

from __future__ import annotations

import csv
import io

import pytest

from core.intake.exports import csv_bytes, safe_cell
from core.intake.tables import read_table


@pytest.mark.parametrize(
    "cell",
    ["=HYPERLINK()", "=1+1", "+1", "-2+3", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "--1", "-1 cmd", "＝1+1"],
)
def test_formulas_are_escaped(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-2.5, -3, 0, None, "-2.50", "-1e-05", "12", "a=b", " text", "", "'quoted"])
def test_numbers_and_texts_stay(cell: object) -> None:
    assert safe_cell(cell) == cell


def test_headers_are_escaped_too_and_the_file_reads_back() -> None:
    data = csv_bytes([["=1", "金额"], ["a,b", -1.5], ['say "x"', "two\nlines"]])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["'=1", "金额"], ["a,b", "-1.5"], ['say "x"', "two\nlines"]]
    assert read_table(data, "a.csv").frame.to_numpy().tolist() == rows[1:]
