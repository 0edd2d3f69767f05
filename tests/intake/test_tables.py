"""The tables of sent tables: what must be refused, and what is taken with which words; ids follow the catalogue."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.errors import InputRefused
from core.intake.refusals import mostly_refused
from core.intake.table_folder import read_folder
from core.intake.table_refusals import ROWS_KEPT
from core.intake.tables import Table, read_table
from core.settings import Limits
from tests.intake.pictures import encode, picture

DEFAULT = Limits()
HEAD = "id,time,amount,note\n"
ROWS = "".join(f"{n:03},2024-05-{n:02} 10:00:00,{n}.50,shop {n}\n" for n in range(1, 21))
PLAIN = (HEAD + ROWS).encode()


@dataclass(frozen=True)
class Case:
    id: str
    data: bytes
    code: str = ""
    says: tuple[str, ...] = ()
    rows: int = 20
    name: str = "sent.csv"
    limits: Limits = DEFAULT


def as_parquet(table: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table(table), buffer, **options)
    return buffer.getvalue()


def zipped(**entries: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


TYPES = {"[Content_Types].xml": "<Types/>"}


def wide(columns: int) -> bytes:
    return (",".join(f"c{n}" for n in range(columns)) + "\n" + ",".join("1" * columns) + "\n").encode()


def long_line(length: int) -> bytes:
    return b"a,b\n1," + b"x" * (length - 2) + b"\n"


def _replaced(row: int, line: str) -> bytes:
    lines = PLAIN.decode().splitlines()
    lines[row] = line
    return "\n".join(lines).encode()


NESTED = as_parquet({"amount": [1.0, 2.0], "items": [[1], [2, 3]]})
TYPED = as_parquet({"amount": [1.0, 2.0, None], "n": pa.array([2**60 + 1, None, 3]), "name": ["007", "NA", None]})
CHINESE = "编号,金额,商户\n" + "".join(f"{n},{n}.5,北京第{n}便利店\n" for n in range(1, 21))

REFUSED = [
    Case("C09", _replaced(5, '005,"2024,5.50,shop 5'), "table.open_quote", ("line 6",)),
    Case("C09 then closed", b'a,b,c\n1,"abc,2\n5,"def",3\n', "table.open_quote", ("line 2",)),
    Case("C09 in the header", b'a,"b,c\n1,2,3\n', "table.open_quote", ("line 1",)),
    Case("C14", b"a,b,c\n" + b"1,2,3,4\n" * 30, "table.shifted", ("3 cells", "have 4")),
    Case("C13 most rows", b"a,b,c\n" + b"1,2\n" * 10 + b"1,2,3\n" * 5, "table.mostly_unusable", ("10 of 15", "Row 1")),
    Case("C21", HEAD.encode(), "table.no_rows", ("no rows",)),
    Case("C21 without a line end", b"id,time,amount", "table.no_rows", ("no rows",)),
    Case("C22 empty", b"", "table.empty", ("is empty",)),
    Case("C22 spaces", b" \r\n \t\n", "table.empty", ("is empty",)),
    Case("C22 only a mark", b"\xef\xbb\xbf", "table.empty", ("is empty",)),
    *(
        Case(f"C22 no filled cell {data[:16]!r}", data, "table.empty", ("first rows are empty",))
        for data in (b",,,\n,,,\n", b"sep=;\n", b'""\n""\n', b";;\n", b"sep=;\n;\n", b",\n" * 2**17 + b"a,b\n1,2\n")
    ),
    Case("C24", b"a,b,a\n1,2,3\n", "table.duplicate_columns", ("the same: a",)),
    Case("C24 after trimming", b"a,b, a\n1,2,3\n", "table.duplicate_columns", ("the same: a",)),
    Case("C26", wide(2001), "table.too_many_columns", ("2,001", "2,000")),
    Case("C26 parquet", as_parquet({f"c{n}": [1] for n in range(2001)}), "table.too_many_columns", ("2,001",)),
    Case("C25 limit+1", PLAIN, "table.too_many_rows", ("20", "19"), limits=Limits(table_rows=19)),
    Case("C25 parquet", TYPED, "table.too_many_rows", ("3 rows", "limit is 2"), limits=Limits(table_rows=2)),
    Case("bytes", PLAIN, "table.too_many_bytes", ("MB per table",), limits=Limits(table_bytes=len(PLAIN) - 1)),
    Case("long line", long_line(2**20 + 1), "table.long_line", ("line 2", "1,048,577", "1,048,576")),
    Case("C28", PLAIN.replace(b"shop 7", b"sh\0op"), "table.nul", ("line 8", "NUL")),
    Case("C28 at once", b"a,b\n1,\0\n", "table.nul", ("line 2",)),
    Case("C29 png", encode(picture()), "table.wrong_kind", ("PNG", "CSV, TSV, .txt and Parquet")),
    Case("C29 xlsx", zipped(**TYPES, **{"xl/workbook.xml": ""}), "table.wrong_kind", ("Excel workbook", "CSV UTF-8")),
    Case("C29 docx", zipped(**TYPES, **{"word/x.xml": ""}), "table.wrong_kind", ("Office document",)),
    Case(
        "C29 ods",
        zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
        "table.wrong_kind",
        ("OpenDocument spreadsheet", "CSV UTF-8"),
    ),
    Case("C29 html", b"<!DOCTYPE html><html><body>Sign in</body></html>", "table.wrong_kind", ("HTML", "login")),
    Case("C29 xml", b"<?xml version='1.0'?><rows/>", "table.wrong_kind", ("XML",)),
    Case("C29 json", b'[{"amount": 1}]', "table.wrong_kind", ("JSON",)),
    Case("C29 pdf", b"%PDF-1.7\n%\xe2\xe3", "table.wrong_kind", ("PDF",)),
    Case("zip", zipped(**{"sent.csv": "a,b"}), "table.wrong_kind", ("zip", "Unpack", "Excel workbook")),
    Case("gz", gzip.compress(PLAIN), "table.wrong_kind", ("gzip", "Unpack"), name="sent.csv.gz"),
    *(
        Case(
            f"M02 pickle {protocol}", pickle.dumps(pd.DataFrame({"a": [1]}), protocol), "table.wrong_kind", ("pickle",)
        )
        for protocol in (0, 2, 3, 4, 5)
    ),
    Case("random bytes", np.random.default_rng(0).bytes(5000), "table.", ("sent.csv",)),
    Case(
        "C04 latin-1",
        "name,town\nRenée,Orléans\nJosé,Málaga\n".encode("latin-1"),
        "table.encoding",
        ("line 2", "GB18030"),
    ),
    Case("C04 cyrillic", "имя,город\nИван,Москва\nОльга,Тула\n".encode("cp1251"), "table.encoding", ("UTF-8",)),
    Case("cut utf-8", CHINESE.encode()[:-5] + b"\xe5\n", "table.encoding", ("line 21",)),
    Case("cut utf-16", PLAIN.decode().encode("utf-16")[:-1], "table.encoding", ("UTF-16",)),
    Case("nested parquet", NESTED, "table.column_type", ("items", "list")),
    Case("cut parquet", TYPED[: len(TYPED) // 2], "table.damaged", ("damaged",), name="x.parquet"),
    Case("parquet of zeros", TYPED[:8] + bytes(len(TYPED) - 16) + TYPED[-8:], "table.damaged", name="x.parquet"),
    Case("parquet without rows", as_parquet({"a": pa.array([], pa.int64())}), "table.no_rows", ("no rows",)),
    Case(
        "parquet bomb",
        as_parquet({"a": pa.DictionaryArray.from_arrays(np.zeros(200_000, np.int32), ["x" * 10_000])}),
        "table.too_large",
        ("MB of memory",),
        limits=Limits(table_bytes=2**20),
    ),
    Case("cells", b"a,b,c\n" + b",,\n" * 300_000, "table.too_large", ("MB",), limits=Limits(table_bytes=2**20)),
]

TAKEN = [
    Case("plain", PLAIN),
    Case("C01", b"\xef\xbb\xbf" + PLAIN),
    Case("C02", CHINESE.encode("gb18030"), says=("GB18030", "check a word: 编号")),
    Case("C03", PLAIN.decode().encode("utf-16"), says=("UTF-16",)),
    Case("C03 big-endian", b"\xfe\xff" + PLAIN.decode().encode("utf-16-be"), says=("UTF-16",)),
    Case("C03 without a mark", PLAIN.decode().encode("utf-16-le"), says=("UTF-16",)),
    Case("C05", PLAIN.replace(b",", b";"), says=("semicolon",)),
    Case("C05 decimal commas", b"id;amount\n" + b"1;2,50\n" * 20, says=("semicolon",)),
    Case("C06", PLAIN.replace(b",", b"\t"), says=("tab",)),
    Case("C07", PLAIN.replace(b",", b"|"), says=("vertical bar",)),
    Case("sep line", b"sep=;\r\n" + PLAIN.replace(b",", b";"), says=("semicolon",)),
    Case("C08", PLAIN.replace(b"shop 7", b'"two\nlines, ""quoted"""')),
    Case("C13", _replaced(5, "005,2024-05-05,5,a,b"), says=("Row 5: 5 cells where the header has 4",), rows=19),
    Case("C13 too few", _replaced(5, "005,2024-05-05"), says=("Row 5: 2 cells where the header has 4",), rows=19),
    Case("C23", ROWS.encode(), says=("looks like data",)),
    Case("C23 one row", b"7,12.50,2024-05-01\n", says=("looks like data",), rows=1),
    Case("C23 texts", b"ann,fraud\n" + b"bob,fraud\neve,ok\n" * 5, says=("looks like data",), rows=11),
    Case("nameless column", b",a\n0,x\n1,y\n", says=("without a name", "1"), rows=2),
    Case("empty rows", PLAIN + b",,,\n,,,\n\n\n", says=("Empty rows that were left out: 2",)),
    Case("header again", PLAIN + PLAIN, says=("repeat the header and were left out: 1",), rows=40),
    Case("old line ends", PLAIN.replace(b"\n", b"\r")),
    Case("windows line ends", PLAIN.replace(b"\n", b"\r\n")),
    Case("C26 at the limit", wide(2000), rows=1),
    Case("long line at the limit", long_line(2**20), rows=1),
    Case("one column", b"text\n" + b"some words\n" * 20),
    Case("letters like a program's", b"MZ,ID3\n" + b"1,2\n" * 20),
    Case("names in brackets", b"<DATE>;<CLOSE>\n" + b"20240105;2,5\n" * 20, says=("semicolon",)),
    Case("parquet", TYPED, rows=3, name="sent.parquet"),
    Case("nameless parquet", as_parquet(pa.table([[1], [2]], names=["", "a"])), rows=1),
    Case("parquet called csv", TYPED, rows=3),
    Case("bytes at the limit", PLAIN, limits=Limits(table_bytes=len(PLAIN))),
    Case("C25 at the limit", PLAIN, limits=Limits(table_rows=20)),
]


def said(table: Table) -> str:
    return "\n".join([*map(str, table.notices), *(str(row.message) for row in table.refused)])


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_refused(case: Case) -> None:
    with pytest.raises(InputRefused) as caught:
        read_table(case.data, case.name, case.limits)
    assert caught.value.code.startswith(case.code)
    words = f"{caught.value.message} {caught.value.hint}"
    assert case.name in words and str(caught.value.hint)
    assert [part for part in case.says if part not in words] == [], words


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case.id)
def test_taken(case: Case) -> None:
    table = read_table(case.data, case.name, case.limits)
    words = said(table)
    assert len(table.frame) == case.rows
    assert [part for part in case.says if part not in words] == [], words
    if not case.says:
        assert words == ""


def test_cells_stay_as_written() -> None:
    data = b'id,country,amount,note\n007,NA,"1,200.00", spaced \n1e400,null,,=1+1\n'
    frame = read_table(data, "a.csv").frame
    assert frame.to_numpy().tolist() == [["007", "NA", "1,200.00", " spaced "], ["1e400", "null", "", "=1+1"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be"])
def test_encodings_give_the_same_cells(encoding: str) -> None:
    wanted = read_table(CHINESE.encode(), "a.csv").frame
    assert read_table(CHINESE.encode(encoding), "a.csv").frame.equals(wanted)
    assert list(wanted.columns) == ["编号", "金额", "商户"]


def test_rows_keep_their_numbers() -> None:
    table = read_table(b"a,b\n1,2\n\nbad\n3,4\n5,6\n7,8\n9,10\n", "a.csv")
    assert table.frame.index.tolist() == [1, 3, 4, 5, 6]
    assert table.refused[0].name == "a.csv #2"


def test_refused_rows_are_listed_up_to_a_number_and_all_counted() -> None:
    table = read_table(b"a,b\n" + (b"1,2\n" * 9 + b"1\n") * 100, "a.csv")
    assert (len(table.refused), table.refused_count, len(table.frame)) == (ROWS_KEPT, 100, 900)


def test_types_of_parquet_are_kept() -> None:
    frame = read_table(TYPED, "a.parquet").frame
    assert frame["n"].tolist()[0] == 2**60 + 1 and frame["n"].isna().tolist() == [False, True, False]
    assert frame["name"].tolist()[:2] == ["007", "NA"]
    assert frame.index.tolist() == [1, 2, 3]


def test_parquet_types_become_plain_ones() -> None:
    data = as_parquet(
        {
            "decimal": pa.array([1, 2], pa.decimal128(9, 2)),
            "day": pa.array([0, 1], pa.date32()),
            "zoned": pa.array([0, 1], pa.timestamp("ns", "Asia/Shanghai")),
            "span": pa.array([1500, 0], pa.duration("ms")),
            "clock": pa.array([0, 1], pa.time32("s")),
            "kind": pa.array(["a", "b"]).dictionary_encode(),
            "nothing": pa.nulls(2),
            "flag": [True, None],
            "bytes": pa.array([b"a", b"b"]),
        }
    )
    frame = read_table(data, "a.parquet").frame
    assert frame["decimal"].tolist() == [1.0, 2.0] and frame["span"].tolist() == [1.5, 0.0]
    assert pd.api.types.is_datetime64_any_dtype(frame["day"]) and str(frame["zoned"].dt.tz) == "Asia/Shanghai"
    assert frame["kind"].tolist() == ["a", "b"] == frame["bytes"].tolist()
    assert frame["flag"].tolist()[0] is True and frame["clock"].tolist()[0] == "00:00:00.000"


def test_a_file_on_this_machine_has_limits_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(PLAIN)
    table = read_table(path, path.name, Limits(table_rows=5, table_bytes=10))
    assert len(table.frame) == 20 and table.sha256 == read_table(PLAIN, "a.csv").sha256
    with pytest.raises(InputRefused, match="too_many_rows"):
        read_table(path, path.name, Limits(table_file_rows=5))
    with pytest.raises(InputRefused, match="unreadable"):
        read_table(tmp_path / "none.csv", "none.csv")


def test_names_are_labels() -> None:
    assert read_table(PLAIN, "../../a\u202e.csv").name == "a.csv"


def test_folder_joins_tables_of_the_same_columns(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_bytes(PLAIN.replace(b"shop", name.encode()))
    (tmp_path / "other.csv").write_bytes(b"x,y\n1,2\n")
    (tmp_path / "README.md").write_text("amount")
    table = read_folder(tmp_path, lambda names: "amount" in names)
    assert table.frame["note"].iloc[[0, 20]].tolist() == ["a.csv 1", "b.csv 1"]
    assert table.frame.index.tolist() == list(range(1, 41))
    assert "joined: 2" in said(table)
    with pytest.raises(InputRefused, match="none_in_folder") as caught:
        read_folder(tmp_path, lambda names: "label" in names)
    assert "a.csv" in str(caught.value.message)
    (tmp_path / "c.csv").write_bytes(b"amount\n1\n")
    with pytest.raises(InputRefused, match="several_in_folder"):
        read_folder(tmp_path, lambda names: "amount" in names)
    with pytest.raises(InputRefused, match="too_many_rows"):
        read_folder(tmp_path, lambda names: "note" in names, Limits(table_file_rows=39))


def test_share_of_unusable_rows() -> None:
    assert not mostly_refused(80, 20) and mostly_refused(79, 20) and mostly_refused(0, 1) and not mostly_refused(0, 0)


@pytest.mark.slow
def test_a_million_rows_work() -> None:
    data = b"id,amount\n" + b"".join(b"%d,%d.5\n" % (n, n % 500) for n in range(1_000_000))
    assert len(read_table(data, "a.csv").frame) == 1_000_000
    with pytest.raises(InputRefused, match="1,000,001 rows"):
        read_table(data + b"1,1\n", "a.csv")
