"""Tables and lists of texts: which column is what, what is guessed is said, what cannot be read is refused."""

import random
import time

import numpy as np
import pandas as pd
import pytest

from core.errors import AppError, InputRefused
from core.intake.texts import open_text_table, open_texts, table_of_texts
from core.settings import Limits

CSV = (
    "id,review,stars,date,category\n"
    "a,a very good film with a plot,5,2024-05-01,film\n"
    "b,dull and far too long,1,2024-05-31,film\n"
    "c,it has two parts,3,,book\n"
)


def said(table):
    return " ".join(str(notice) for notice in table.notices)


def test_columns_are_found_by_their_names():
    table = open_texts(CSV.encode(), "a.csv")
    assert table.columns == {"text": "review", "label": "stars", "time": "date", "category": "category", "id": "id"}
    assert table.texts == ("a very good film with a plot", "dull and far too long", "it has two parts")
    assert table.ids.tolist() == ["a", "b", "c"]
    assert table.label is not None and table.label.tolist() == [1, 0, -1]
    assert table.time is not None and table.time[:2].tolist() == [
        np.datetime64("2024-05-01T00:00:00").tolist(),
        np.datetime64("2024-05-31T00:00:00").tolist(),
    ]
    assert np.isnat(table.time[2])
    assert table.category is not None and table.category.tolist() == ["film", "film", "book"]
    assert len(table) == 3
    assert table.sample(1).text == "dull and far too long"
    assert table.sample(1).sha256 != table.sample(2).sha256


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_table(encoding, separator):
    rows = [
        ("评论", "标签"),
        ("房间很干净，服务也好", "好评"),
        ("再也不来了。太差", "差评"),
        ("今天的快递很快", "好评"),
    ]
    data = "\n".join(separator.join(row) for row in rows).encode(encoding)
    table = open_texts(data, "a.csv")
    assert table.texts == tuple(text for text, _ in rows[1:])
    assert table.label is not None and table.label.tolist() == [1, 0, 1]
    if encoding in ("gb18030", "utf-16"):
        assert encoding.upper() in said(table)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Review Text,Rating", {"text": "Review Text", "label": "Rating"}),
        ("customer_feedback,city", {"text": "customer_feedback", "category": "city"}),
        ("评论内容,时间", {"text": "评论内容"}),
        ("a,b", {"text": "a"}),
        ("title,Sentiment", {"text": "title", "label": "Sentiment"}),
    ],
)
def test_usual_and_unusual_names(header, columns):
    assert open_texts(f"{header}\na good film,1\na bad film,0\n".encode(), "a.csv").columns == columns


def test_columns_can_be_named_and_left_out():
    table = open_texts(CSV.encode(), "a.csv", {"text": "category", "label": "", "time": ""})
    assert table.texts[0] == "film"
    assert table.label is None
    assert table.time is None
    for columns in ({"text": "nothing"}, {"colour": "review"}, {"text": "review", "id": "review"}):
        with pytest.raises(InputRefused):
            open_texts(CSV.encode(), "a.csv", columns)


@pytest.mark.parametrize(
    ("column", "cells", "labels", "word"),
    [
        ("label", ["-1", "0", "1"], [0, -1, 1], "0 as neutral"),
        ("stars", ["1", "1", "1"], [0, 0, 0], "stars"),
        ("评分", ["1星", "五星", "3"], [0, 1, -1], "stars"),
    ],
)
def test_numbers_are_read_by_what_else_the_column_says(column, cells, labels, word):
    rows = "".join(f"a film number {place},{cell}\n" for place, cell in enumerate(cells))
    table = open_texts(f"review,{column}\n{rows}".encode(), "a.csv")
    assert table.label is not None and table.label.tolist() == labels
    assert word in said(table) and column in said(table)


def test_labels_that_are_no_sentiment_are_not_guessed_but_refused_when_named():
    data = b"text,label\na good film,sports\na bad film,politics\n"
    assert open_texts(data, "a.csv").label is None
    with pytest.raises(InputRefused, match="sports"):
        open_texts(data, "a.csv", {"label": "label"})


def test_dates_that_cannot_be_told_are_left_out_and_said_but_refused_when_named():
    data = b"text,date\na good film,03/04/2024\na bad film,05/06/2024\n"
    table = open_texts(data, "a.csv")
    assert table.time is None
    assert "day and month" in said(table)
    with pytest.raises(InputRefused, match="day and month"):
        open_texts(data, "a.csv", {"time": "date"})


def test_cells_that_are_no_times_are_counted():
    rows = "".join(f"film {day},2024-05-{day:02}\n" for day in range(1, 10))
    table = open_texts(f"text,date\n{rows}last,2024-13-41\n".encode(), "a.csv")
    assert "no times: 1, such as in row 10" in said(table)
    assert table.time is not None and np.isnat(table.time).tolist() == [False] * 9 + [True]


def test_ids_that_repeat_give_way_to_row_numbers():
    table = open_texts(b"id,text\n1,good\n1,bad\n", "a.csv")
    assert table.ids.tolist() == ["1", "2"]
    assert "not unique" in said(table)


def test_a_txt_holds_one_text_in_each_line():
    table = open_texts("\ufeff很好，下次还来\r\n\r\nbad, dull, long\r\n".encode(), "a.TXT")
    assert table.texts == ("很好，下次还来", "bad, dull, long")
    assert table.ids.tolist() == ["1", "3"]
    assert open_texts(b"review\ngood\nbad\n", "a.txt").texts == ("good", "bad")
    assert open_texts(b"label\ttext\n1\tgood\n0\tbad\n", "a.txt").columns == {"text": "text", "label": "label"}


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ("text,label", True),
        ("id;评论;评分", True),
        ("Review, part two: better than the first", False),
        ("content, happy", False),
        ("label\tcolour", False),
    ],
)
def test_a_txt_that_begins_with_names_of_columns_is_a_table(line, table):
    cells = line.count(",") + line.count(";") + line.count("\t")
    separator = next((sign for sign in ";\t," if sign in line), ",")
    data = f"{line}\n{separator.join(['1'] * (cells + 1))}\n".encode()
    assert (open_text_table(data, "a.txt").frame.iloc[0, 0] != line) is table


def test_parquet_keeps_its_texts(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"text": ["good", None, "bad"], "label": [1, 0, 0]}).to_parquet(path)
    for data in (path, path.read_bytes()):
        table = open_texts(data, path.name)
        assert table.texts == ("good", "", "bad")
        assert table.label is not None and table.label.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.csv", "table.empty"),
        (b"", "a.txt", "table.empty"),
        (b" \n \n", "a.txt", "table.empty"),
        (b"text\n", "a.txt", "table.empty"),
        (b"text,label\n", "a.csv", "table.no_rows"),
        (b"a,b\nbad,2\ngood,4\n", "a.parquet", ""),
        (b"a,b\n1,2\n3,4\n", "a.csv", "texts.no_letters"),
        (b"PK\x03\x04" + bytes(30), "a.txt", "text.wrong_kind"),
        (b"PK\x03\x04xl/" + bytes(30), "a.csv", "table.wrong_kind"),
        ("Größe".encode("latin-1"), "a.txt", "table.encoding"),
        (b'text,label\n"open,1\n', "a.csv", "table.open_quote"),
        (b"text,text\na,b\n", "a.csv", "table.duplicate_columns"),
    ],
)
def test_what_is_no_table_of_texts_is_refused(data, name, code):
    if not code:
        assert open_texts(data, name).columns["text"] == "a"
        return
    with pytest.raises(InputRefused) as caught:
        open_texts(data, name)
    assert caught.value.code == code
    assert name in str(caught.value.message)


def test_a_table_without_words_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": [1.5, 2.5], "b": [3, 4]}).to_parquet(path)
    with pytest.raises(InputRefused, match="no column of texts"):
        open_texts(path, path.name)


@pytest.mark.parametrize(("rows", "taken"), [(2, True), (3, True), (4, False)])
def test_lists_keep_to_the_limits(rows, taken):
    limits = Limits(table_rows=3, text_bytes=20)
    if taken:
        assert len(open_text_table(b"good\n" * rows, "a.txt", limits).frame) == rows
        return
    with pytest.raises(InputRefused, match="4 rows; the limit is 3"):
        open_text_table(b"good\n" * rows, "a.txt", limits)
    with pytest.raises(InputRefused, match="line 2 is 21 bytes"):
        open_text_table(b"good\n" + b"a" * 21, "a.txt", limits)
    with pytest.raises(InputRefused, match="the limit is"):
        open_text_table(b"a" * 50, "a.txt", Limits(table_bytes=40))


def test_a_zero_in_a_short_list_is_removed_and_said():
    table = open_texts(b"a\0b\nc", "n.txt")
    assert table.texts == ("ab", "c")
    assert "NUL that were removed: 1" in said(table)


def test_texts_of_a_table_are_mended_and_cut_and_counted():
    table = table_of_texts(["go\0od", "\ud800", "a" * 30, "fine"], limits=Limits(text_characters=20))
    assert table.texts == ("good", "\ufffd", "a" * 20, "fine")
    assert "NUL that were removed: 1" in said(table)
    assert "replaced by \ufffd: 1" in said(table)
    assert "at most the first 20 characters were used: 1" in said(table)


@pytest.mark.parametrize("unit", ["e\u0301", "a", "好\u200d"])
def test_what_is_behind_the_limit_of_a_text_takes_no_time(unit):
    texts = [unit * 450_000] * 16
    began = time.process_time()
    table = table_of_texts(texts)
    assert time.process_time() - began < 0.4
    assert {len(text) for text in table.texts} == {20_000 * len(unit)}


SEEDS = (
    b"text,label\ngood film,1\nbad film,0\n",
    "评论;标签\n很好;好评\n太差;差评\n".encode("gb18030"),
    "good\nbad\n很好\n".encode("utf-16"),
    b'id\ttext\n1\t"a ""b"" c"\n',
)


def mangled(generator: random.Random) -> bytes:
    """One of the seeds with a few bytes changed, lost or put in."""
    data = bytearray(generator.choice(SEEDS))
    for _ in range(generator.randrange(6)):
        place, kind = generator.randrange(len(data) + 1), generator.random()
        more = generator.randbytes(generator.randrange(1, 5))
        data[place : place + (0 if kind < 0.3 else len(more))] = b"" if kind > 0.7 else more
    return bytes(data)


@pytest.mark.slow
def test_damaged_bytes_are_read_or_refused_in_words():
    generator, outcomes = random.Random(5), set()
    for _ in range(400):
        data = mangled(generator)
        for name in ("a.csv", "a.txt", "noname"):
            try:
                table = open_texts(data, name)
            except AppError as error:
                assert str(error.message)
                outcomes.add(error.code)
            else:
                outcomes.add("read")
                assert len(table.ids) == len(set(table.ids.tolist())) == len(table)
                "".join(table.texts).encode("utf-8")
    assert {"read", "table.encoding", "table.mostly_unusable", "table.open_quote"} <= outcomes


@pytest.mark.parametrize("cells", [("12.5", "-3", "2024-05-01"), ("", "12", "…")])
def test_a_column_without_a_letter_holds_no_texts(cells):
    frame = "\n".join(f"{number},{cell}" for number, cell in enumerate(cells))
    with pytest.raises(InputRefused) as refused:
        open_texts(f"place,amount\n{frame}\n".encode(), "a.csv", {"text": "amount"})
    assert refused.value.code == "texts.no_letters"
    assert "the column amount holds no texts" in str(refused.value.message)


@pytest.mark.parametrize("cell", ["ok", "好", "👍", "☹"])
def test_one_cell_with_a_letter_or_an_emoji_is_a_text(cell):
    table = open_texts(f"place,review\n1,7\n2,{cell}\n".encode(), "a.csv", {"text": "review"})
    assert table.texts == ("7", cell)
