"""Interactions as people have them: ratings below zero, the future, ids of any length, orders that nobody states."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.interaction_check import prepared
from core.data.interaction_glance import glance
from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from core.intake.profiles import ID_LENGTH
from core.ui.shop_data import SentShop

FUTURE = 4_000_000_000


def read(folder: Path, rows: list[tuple[object, ...]], header: tuple[str, ...]) -> Interactions:
    path = folder / "ratings.csv"
    pd.DataFrame(rows, columns=list(header)).to_csv(path, index=False)
    return read_interactions(path)


def said(data: Interactions) -> str:
    return " ".join(str(notice) for notice in data.notices)


def rated(low: float, high: float) -> list[tuple[object, ...]]:
    """Rows of 30 users with ten items each, ratings spread evenly from one end of a scale to the other."""
    random = np.random.default_rng(0)
    pairs = [(f"u{user}", f"i{item}") for user in range(30) for item in random.permutation(40)[:10]]
    return [(*pair, round(value, 2)) for pair, value in zip(pairs, np.linspace(low, high, 300), strict=True)]


def test_a_scale_may_reach_below_zero_and_who_disliked_an_item_did_not_take_it(tmp_path: Path) -> None:
    data = read(tmp_path, rated(-10, 10), ("user_id", "joke_id", "rating"))
    assert (len(data), data.columns["item"]) == (300, "joke_id")
    kept = prepared(data)
    assert len(kept) == 150 and kept.rating is not None and kept.rating.min() > 0
    assert "a rating below 0, which are left out: 150" in said(kept)
    assert prepared(kept).notices == kept.notices


def test_ratings_off_a_scale_are_told_from_such_a_scale(tmp_path: Path) -> None:
    data = read(tmp_path, [*rated(1, 5), ("u0", "x", 50), ("u1", "x", -1)], ("user_id", "item_id", "rating"))
    assert len(data) == 300
    assert [str(row.message) for row in data.refused] == [
        "Row 301: rating lies outside the scale of the other rows: 50.0.",
        "Row 302: rating lies outside the scale of the other rows: -1.0.",
    ]


def test_times_in_the_future_are_named_so(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"u{n % 9}", f"i{n}", 1_700_000_000 + n) for n in range(60)]
    data = read(tmp_path, [*rows, ("u1", "late", FUTURE)], ("user_id", "item_id", "timestamp"))
    assert len(data) == 60
    assert [str(row.message) for row in data.refused] == [f"Row 61: timestamp lies in the future: {FUTURE}."]


def test_one_endless_id_is_left_out_and_costs_the_others_no_memory(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"u{n % 9}", f"i{n}") for n in range(60)]
    endless = [("x" * 100_000, "i1"), ("u1", "y" * 100_000)]
    data = read(tmp_path, [*rows, *endless, ("z" * ID_LENGTH, "i2")], ("user_id", "item_id"))
    assert (len(data), len(data.refused)) == (61, 2)
    assert data.users.dtype.itemsize == 4 * ID_LENGTH
    assert all(f"longer than the {ID_LENGTH} characters" in str(row.message) for row in data.refused)
    assert max(len(str(row.message)) for row in data.refused) < 200


def test_ids_that_differ_by_a_nul_alone_are_not_taken_for_one(tmp_path: Path) -> None:
    ids = [f"i{n % 9}" for n in range(90)]
    frame = pd.DataFrame({"user_id": [f"u{n // 9}" for n in range(90)], "item_id": [*ids[:-1], "i8\0"]})
    frame.to_parquet(tmp_path / "ratings.parquet")
    pd.DataFrame({"item_id": ["i1", "i2\0"], "title": ["One", "Two"]}).to_parquet(tmp_path / "items.parquet")
    data = read_interactions(tmp_path)
    assert (len(data), len(data.refused), data.n_items) == (89, 1, 9)
    assert len(set(data.catalogue.ids.tolist())) == data.n_items


def test_an_order_that_is_only_taken_for_one_is_said(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"u{user}", f"i{item * 7 % 10}") for user in range(9) for item in range(9)]
    told = "the order of the rows is taken for that of the events"
    assert told in said(read(tmp_path, rows, ("user_id", "item_id")))
    timed: list[tuple[object, ...]] = [(*row, 1_700_000_000 + n) for n, row in enumerate(rows)]
    assert told not in said(read(tmp_path, timed, ("user_id", "item_id", "timestamp")))


def write(path: Path, lines: list[str]) -> Interactions:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_interactions(path)


def drawn(count: int = 8) -> list[tuple[int, int]]:
    """Users with so many items each, in no order."""
    random = np.random.default_rng(0)
    return [(user, int(item)) for user in range(30) for item in random.permutation(40)[:count]]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", ["item_{}", "{}", "{:04d}"])
def test_ids_in_the_order_of_their_numbers_are_no_order_of_events(tmp_path: Path, name: str, backwards: bool) -> None:
    rows = [f"u{user},{name.format(item)}" for user, item in sorted(drawn(), reverse=backwards)]
    assert not write(tmp_path / "r.csv", ["user_id,item_id", *rows]).ordered
    assert write(tmp_path / "r.csv", ["user_id,item_id", *(f"u{u},{name.format(i)}" for u, i in drawn())]).ordered


@pytest.mark.parametrize(
    ("head", "tail", "rating", "time"),
    [("", " {r}", True, False), ("", " {r} {t}", True, True), ("", " {t}", False, True),
     ("user item rating", " {r}", True, False)],
)  # fmt: skip
def test_a_table_between_blanks_is_none_of_lists(
    tmp_path: Path, head: str, tail: str, rating: bool, time: bool
) -> None:
    rows = [f"{u} {1000 + i}" + tail.format(r=n % 5 + 1, t=880_000_000 + n) for n, (u, i) in enumerate(drawn())]
    data = write(tmp_path / "ratings.txt", [head, *rows] if head else rows)
    assert (len(data), data.n_users, data.n_items) == (240, 30, 40)
    assert (data.rating is not None, data.time is not None) == (rating, time)


@pytest.mark.parametrize("length", [2, 3])
def test_lists_of_one_length_stay_lists_and_are_said_to_be_read_so(tmp_path: Path, length: int) -> None:
    rows = [f"{u} " + " ".join(str(item) for u2, item in drawn(length) if u2 == u) for u in range(30)]
    data = write(tmp_path / "lists.txt", rows)
    assert (len(data), data.rating) == (30 * length, None)
    assert "Each line was read as a user and the items he took" in said(data)


@pytest.mark.parametrize(
    ("column", "names"),
    [("set", "01234"), ("fold", "01"), ("part", ["A", "1", "B"]), ("subset", ["train"]), ("split", "012")],
)
def test_what_parts_no_training_and_test_is_no_split(tmp_path: Path, column: str, names: str) -> None:
    rows = [f"u{u},i{i},{names[n % len(names)]}" for n, (u, i) in enumerate(drawn())]
    data = write(tmp_path / "r.csv", [f"user_id,item_id,{column}", *rows])
    assert data.part is None and len(data) == 240
    assert f"The column {column} was not used as a split" in said(data)


@pytest.mark.parametrize(
    ("column", "names"), [("split", "01"), ("split", ["training", "testing"]), ("fold", ["tr", "te"])]
)
def test_parts_are_read_by_their_usual_names(tmp_path: Path, column: str, names: list[str]) -> None:
    rows = [f"u{u},i{i},{names[n % 4 == 0]}" for n, (u, i) in enumerate(drawn())]
    data = write(tmp_path / "r.csv", [f"user_id,item_id,{column}", *rows])
    assert data.part is not None and np.bincount(data.part).tolist() == [180, 0, 60]


@pytest.mark.parametrize("other", ["holdout", ""])
def test_a_part_of_another_name_is_refused_because_it_may_be_held_out(tmp_path: Path, other: str) -> None:
    rows = [f"u{u},i{i},{('train', 'test', other)[n % 3]}" for n, (u, i) in enumerate(drawn())]
    with pytest.raises(InputRefused, match=rf"{other or '-'} \(80\)") as refused:
        write(tmp_path / "r.csv", ["user_id,item_id,split", *rows])
    assert refused.value.code == "interactions.part"
    assert read_interactions(tmp_path / "r.csv", {"part": ""}).part is None


def test_a_column_that_one_of_several_files_lacks_is_named(tmp_path: Path) -> None:
    rows = [f"u{u},i{i},{n % 5 + 1},{880_000_000 + n}" for n, (u, i) in enumerate(drawn())]
    write(tmp_path / "train.csv", ["user_id,item_id,stars,timestamp", *rows])
    write(tmp_path / "test.csv", ["user_id,item_id", "u1,new"])
    data = read_interactions(tmp_path)
    assert data.rating is None and data.time is None
    for column in ("stars", "timestamp"):
        assert f"The column {column} was not used: test.csv has none such." in said(data)
    write(tmp_path / "test.csv", ["user_id,item_id,stars,timestamp", "u1,new,3,990000000"])
    assert "was not used" not in said(read_interactions(tmp_path))


def test_a_file_is_a_part_by_a_whole_word(tmp_path: Path) -> None:
    rows = ["user_id,item_id", *(f"u{u},i{i}" for u, i in drawn())]
    for name in ("train.csv", "testset.csv", "devices.csv"):
        (tmp_path / name).write_text("\n".join(rows if name == "train.csv" else [rows[0], "u1,new"]) + "\n")
    data = read_interactions(tmp_path)
    assert data.part is not None and np.bincount(data.part).tolist() == [240, 0, 1]


def test_packed_items_are_read_as_packed_interactions_are(tmp_path: Path) -> None:
    rows = ["user_id,item_id", *(f"u{u},{i}" for u, i in drawn())]
    (tmp_path / "ratings.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    (tmp_path / "movies.csv.gz").write_bytes(gzip.compress(b"item_id,title\n7,Seven\n"))
    assert "Seven" in read_interactions(tmp_path).catalogue.titles


def test_packed_tables_between_colons_and_packed_lists_are_what_they_are_unpacked(tmp_path: Path) -> None:
    rated = "".join(f"{u}::{i}::{n % 5 + 1}::{880_000_000 + n}\n" for n, (u, i) in enumerate(drawn()))
    lists = "".join(f"{u} " + " ".join(str(i) for u2, i in drawn() if u2 == u) + "\n" for u in range(30))
    for text in (rated, lists):
        (tmp_path / "sent.dat").write_text(text)
        (tmp_path / "sent.dat.gz").write_bytes(gzip.compress(text.encode()))
        plain, packed = (read_interactions(tmp_path / name) for name in ("sent.dat", "sent.dat.gz"))
        assert (packed.columns, packed.sha256) == (plain.columns, plain.sha256)
        seen = [glance(tmp_path / name).interactions for name in ("sent.dat", "sent.dat.gz")]
        assert seen[0].guess == seen[1].guess and seen[0].rows.equals(seen[1].rows)


@pytest.mark.parametrize(("orders", "goods"), [("o.csv.gz", "g.csv"), ("o.csv", "g.csv.gz"), ("o.gz", "g.gz")])
def test_two_files_that_were_sent_are_read_packed_or_not(tmp_path: Path, orders: str, goods: str) -> None:
    rows = "\n".join(["user_id,item_id", *(f"u{u},{i}" for u, i in drawn())]).encode()
    sent = []
    for name, text in ((orders, rows), (goods, b"item_id,title\n7,Seven\n")):
        file = io.BytesIO(gzip.compress(text) if name.endswith(".gz") else text)
        file.name = name
        sent.append(file)
    path = tmp_path / "both.zip"
    path.write_bytes(SentShop("both", "key", *sent).getvalue())
    data = read_interactions(path)
    assert len(data) == 240 and "Seven" in data.catalogue.titles and glance(path).items is not None


@pytest.mark.parametrize("items", [b"", b"\x89PNG\r\n\x1a\n" + bytes(200)], ids=["empty", "a picture"])
def test_a_broken_table_beside_the_named_file_is_left_out_and_said(tmp_path: Path, items: bytes) -> None:
    (tmp_path / "products.csv").write_bytes(items)
    data = write(tmp_path / "ratings.csv", ["user_id,item_id", *(f"u{u},i{i}" for u, i in drawn())])
    assert "The table of items beside the interactions was left out. products.csv: " in said(data)
    with pytest.raises(InputRefused):
        read_interactions(tmp_path / "ratings.csv", items=tmp_path / "products.csv")


def test_another_table_may_be_called_as_that_of_movielens(tmp_path: Path) -> None:
    (tmp_path / "u.item").write_text("1|One\n2|Two\n")
    data = write(tmp_path / "ratings.csv", ["user_id,item_id", *(f"u{u},{i}" for u, i in drawn())])
    assert {"One", "Two"} <= set(data.catalogue.titles)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(f"u{n}", f"i{n % 9}") for n in range(200)], "interactions.single"),
        ([(f"u{n}", "only") for n in range(200)], "interactions.too_few"),
        ([(f"u{n % 2}", f"i{n}") for n in range(200)], "interactions.too_few"),
    ],
    ids=["one item each", "one item", "two users"],
)
def test_what_nothing_can_be_learned_from_is_refused(tmp_path: Path, rows: list[tuple[object, ...]], code: str) -> None:
    with pytest.raises(InputRefused) as refused:
        prepared(read(tmp_path, rows, ("user_id", "item_id")))
    assert refused.value.code == code
