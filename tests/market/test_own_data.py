"""Tables of a visitor's own: dates and figures as people write them, and what is refused."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from core.errors import InputRefused
from core.intake.tables import read_table
from core.intake.workbooks import read_sheet
from core.market.own_data import WIDE, guess, own_data, parsed_dates, parsed_numbers
from core.settings import Limits
from tests.ui.test_market import workbook


def table(text: str):
    return read_table(text.encode(), "own.csv", header=True)


def test_dates_as_people_write_them():
    cells = pd.Series(
        ["2024", "2024 Q2", "Q3/2024", "2024-05", "2024/7", "2024年8月", "2023年", "2024-05-31", "soon", ""]
    )
    days = [None if pd.isna(day) else f"{day:%Y-%m-%d}" for day in parsed_dates(cells)]
    assert days == [
        *("2024-01-01", "2024-04-01", "2024-07-01", "2024-05-01", "2024-07-01", "2024-08-01", "2023-01-01"),
        *("2024-05-31", None, None),
    ]


def test_figures_as_people_write_them():
    cells = pd.Series(["1,234.5", "$ 3", "12 %", "1 000", "-4e3", "€5", "n/a", ""])
    assert parsed_numbers(cells).tolist()[:6] == [1234.5, 3.0, 12.0, 1000.0, -4000.0, 5.0]
    assert parsed_numbers(cells).isna().tolist()[6:] == [True, True]


def test_roles_are_guessed_by_name_and_by_cells():
    assert guess(table("geo,year,pct\nDE,2024,5\nFR,2024,6\n")) == {"date": "year", "value": "pct", "entity": "geo"}
    assert guess(table("国家,年份,收入\n中国,2024,5\n德国,2024,6\n")) == {
        "date": "年份",
        "value": "收入",
        "entity": "国家",
    }
    assert guess(table("country,2021,2022,2023\nDE,1,2,3\n")) == {WIDE: "country"}


def test_months_quarters_and_years_are_told_apart():
    for dates, rhythm in ((("2024-01", "2024-02", "2024-03"), "month"), (("2024 Q1", "2024 Q2"), "quarter")):
        text = "date,value\n" + "".join(f"{day},{n}\n" for n, day in enumerate(dates))
        made = own_data(table(text), {"date": "date", "value": "value"})
        assert made.series.frequency == rhythm


def test_two_figures_for_one_date_ask_for_the_missing_column():
    with pytest.raises(InputRefused) as refused:
        own_data(table("date,value\n2024,1\n2024,2\n"), {"date": "date", "value": "value"})
    assert refused.value.code == "market.twice"


def test_a_column_that_holds_no_figures_is_named_with_an_example():
    with pytest.raises(InputRefused) as refused:
        own_data(table("date,value\n2024,many\n2025,few\n"), {"date": "date", "value": "value"})
    assert "many" in str(refused.value) and "value" in str(refused.value)


def test_rows_without_a_figure_are_left_out_and_counted():
    made = own_data(table("date,value\n2022,1\n2023,\n2024,3\n"), {"date": "date", "value": "value"})
    assert made.left_out == 1 and made.table["value"].tolist() == [1.0, 3.0]


def test_the_first_sheet_of_a_workbook_is_a_table():
    read = read_sheet(workbook([["year", "value"], [2023, 1.5], [2024, 2]]), "own.xlsx")
    assert read.frame.to_numpy().tolist() == [["2023", "1.5"], ["2024", "2"]]


def test_a_workbook_that_would_unpack_to_too_much_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 5_000_000)
    with pytest.raises(InputRefused) as refused:
        read_sheet(out.getvalue(), "bomb.xlsx", Limits(archive_unpacked_bytes=1_000_000))
    assert refused.value.code == "archive.unpacked_too_large"


@pytest.mark.parametrize("content", [b"PK\x03\x04 nothing more", b"", b"\x00\x01\x02"])
def test_what_is_no_table_is_refused_in_words(content):
    with pytest.raises(InputRefused):
        read_sheet(content, "own.xlsx")


def test_a_damaged_workbook_is_refused_in_words():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<no workbook")
    with pytest.raises(InputRefused) as refused:
        read_sheet(out.getvalue(), "own.xlsx")
    assert refused.value.code == "table.workbook"
