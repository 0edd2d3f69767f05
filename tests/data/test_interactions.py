"""Interactions: what is read, what is refused, what is said; splits that do not leak."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from core.data.interaction_split import split_interactions, split_named
from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from tests.recommendation_sets import clubs


def read(folder: Path, text: str, name: str = "ratings.csv", **columns: str) -> Interactions:
    (folder / name).write_text(text, encoding="utf-8")
    return read_interactions(folder / name, columns)


def pairs(data: Interactions) -> list[tuple[str, str]]:
    items = data.catalogue.ids
    return [(str(data.users[u]), str(items[i])) for u, i in zip(data.user, data.item, strict=True)]


def said(data: Interactions) -> str:
    return " ".join(str(notice) for notice in data.notices)


def test_ids_are_texts_with_their_leading_zeros(tmp_path: Path) -> None:
    data = read(tmp_path, "user_id,item_id\n007,01\n7,1\n007,1\n")
    assert pairs(data) == [("007", "01"), ("7", "1"), ("007", "1")]


@pytest.mark.parametrize(
    "header",
    ["user_id,item_id,rating,timestamp", "userId,movieId,rating,timestamp", "reviewerID,asin,overall,unixReviewTime",
     "user_id:token,item_id:token,rating:float,timestamp:float", "用户,商品,评分,时间",
     "CustomerID,StockCode,stars,InvoiceDate"],
)  # fmt: skip
def test_columns_are_guessed(tmp_path: Path, header: str) -> None:
    data = read(tmp_path, f"{header}\na,x,4,1700000000\nb,y,5,1700000100\na,y,3,1700000200\n")
    assert pairs(data) == [("a", "x"), ("b", "y"), ("a", "y")]
    assert data.rating is not None
    assert data.time is not None


@pytest.mark.parametrize(
    ("header", "user", "item"),
    [
        ("session_id,user_id,item_id", "user_id", "item_id"),
        ("sessionId,userId,itemId", "userId", "itemId"),
        ("account_id,customer_id,product_id", "customer_id", "product_id"),
        ("session_id,account_no,product_id", "account_no", "product_id"),
        ("user_id,stock_id,sku", "user_id", "sku"),
    ],
)
def test_of_several_columns_the_surer_one_is_taken_and_the_other_named(
    tmp_path: Path, header: str, user: str, item: str
) -> None:
    data = read(tmp_path, f"{header}\na,x,1\nb,y,2\na,z,3\n")
    assert (data.columns["user"], data.columns["item"]) == (user, item)
    taken = {"Users": user, "Items": item}
    (other,) = set(header.split(",")) - {user, item}
    role = "Items" if other == "stock_id" else "Users"
    assert f"{role} were read from the column {taken[role]}; {other} could name them as well." in said(data)
    named = read(tmp_path, f"{header}\na,x,1\nb,y,2\na,z,3\n", user=user, item=item)
    assert "could name them" not in said(named)


def test_sessions_are_users_where_nothing_else_is(tmp_path: Path) -> None:
    data = read(tmp_path, "session_id,timestamp,item_id\na,1700000000,1\nb,1700000001,2\n")
    assert data.columns["user"] == "session_id" and "could name them" not in said(data)


def test_columns_can_be_named(tmp_path: Path) -> None:
    data = read(tmp_path, "who,what\na,x\nb,y\n", user="who", item="what")
    assert pairs(data) == [("a", "x"), ("b", "y")]


def test_a_table_without_a_header_is_read_by_place(tmp_path: Path) -> None:
    data = read(tmp_path, "1\t10\t3\t881250949\n2\t11\t5\t881250950\n1\t12\t1\t881250951\n", "u.data")
    assert pairs(data) == [("1", "10"), ("2", "11"), ("1", "12")]
    assert data.rating is not None
    assert data.rating.tolist() == [3, 5, 1]


def test_lines_of_a_user_and_his_items_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "train.txt.gz").write_bytes(gzip.compress(b"0 5 3 9\n1 2\n2 7 1\n"))
    (tmp_path / "test.txt").write_bytes(b"0 4\n2 5 6\n")
    data = read_interactions(tmp_path)
    split = split_interactions(data, validation_share=0.3)
    assert pairs(data)[:3] == [("0", "5"), ("0", "3"), ("0", "9")]
    assert split.name == "test, as given"
    assert [pairs(data)[row] for row in split.test] == [("0", "4"), ("2", "5"), ("2", "6")]


@pytest.mark.parametrize(("share", "parts"), [(0.2, [120, 40, 40]), (0.15, [140, 30, 30]), (0.5, [50, 50, 100])])
def test_strengths_are_chosen_as_far_ahead_as_the_test_of_a_cut_in_time(
    tmp_path: Path, share: float, parts: list[int]
) -> None:
    rows = [f"u{n % 20},i{n % 37},{1_700_000_000 + n}" for n in range(200)]
    data = read(tmp_path, "user,item,timestamp\n" + "\n".join(rows) + "\n")
    split = split_interactions(data, "time", test_share=share, validation_share=0.02)
    assert [len(part) for part in (split.train, split.validation, split.test)] == parts
    assert split.train.max() < split.validation.min() <= split.validation.max() < split.test.min()


def test_of_a_repeated_pair_the_first_is_kept(tmp_path: Path) -> None:
    data = read(tmp_path, "user,item,rating,timestamp\na,x,5,1700000100\nb,x,4,1700000050\na,x,1,1700000000\n")
    assert pairs(data) == [("a", "x"), ("b", "x")]
    assert data.rating is not None
    assert data.rating.tolist() == [1, 4]
    assert "repeat a user and an item, of which the first was kept: 1" in said(data)


@pytest.mark.parametrize("kind", ["leave_last", "time"])
def test_what_is_bought_again_in_a_test_was_known_before(tmp_path: Path, kind: str) -> None:
    random = np.random.default_rng(0)
    rows = [(f"u{user}", f"i{random.integers(12):02d}", 40 * day + user) for day in range(20) for user in range(20)]
    data = read(tmp_path, "user,item,timestamp\n" + "".join(f"{u},{i},{1_700_000_000 + t}\n" for u, i, t in rows))
    split = split_interactions(data, kind)
    assert data.time is not None
    first = {(user, item): 1_700_000_000 + second for user, item, second in reversed(rows)}
    since = data.time.astype("datetime64[s]").astype(np.int64)
    assert all(first[pairs(data)[row]] == since[row] for row in split.test)
    assert set(first) == set(pairs(data))


def test_ratings_out_of_scale_and_rows_without_an_item_are_listed(tmp_path: Path) -> None:
    rows = [f"u{n % 40},i{n},{1 + n % 5},17000000{n % 90 + 10}" for n in range(200)]
    rows += ["u1,bad1,99,1700000000", "u1,bad2,-1,1700000000", "u3,,4,1700000000"]
    data = read(tmp_path, "user,item,rating,timestamp\n" + "\n".join(rows) + "\n")
    assert len(data) == 200
    assert len(data.refused) == 3
    assert "could not be used: 3" in said(data)


def test_interactions_of_the_future_are_left_out(tmp_path: Path) -> None:
    rows = [f"u{n % 9},i{n},17000000{n % 90 + 10}" for n in range(50)] + ["u1,late,4000000000"]
    data = read(tmp_path, "user,item,timestamp\n" + "\n".join(rows) + "\n")
    assert len(data) == 50
    assert len(data.refused) == 1


def test_counts_have_no_scale(tmp_path: Path) -> None:
    rows = [f"u{n % 9},i{n},{n * n}" for n in range(50)]
    assert len(read(tmp_path, "user,item,plays\n" + "\n".join(rows) + "\n")) == 50


def test_a_catalogue_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("item_id,title\n1,One\n2,Two\n")
    with pytest.raises(InputRefused) as refused:
        read_interactions(tmp_path)
    assert refused.value.code == "interactions.catalogue_alone"


def test_a_table_without_items_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as refused:
        read(tmp_path, "user_id,amount\na,1\nb,2\n")
    assert refused.value.code == "interactions.no_item"
    assert "amount" in str(refused.value.hint)


def test_items_join_their_table(tmp_path: Path) -> None:
    data = clubs(tmp_path)
    place = data.catalogue.ids.tolist().index("003")
    assert data.catalogue.titles[place] == "Thing 3"
    assert data.catalogue.attributes["club"][place] == "Club 0"
    assert "Items that nobody took, recommended by their attributes alone: 2" in said(data)


def test_users_with_one_item_are_counted_and_not_measured(tmp_path: Path) -> None:
    data = read(tmp_path, "user,item\na,x\nb,z\nb,y\nb,x\nc,y\n")
    assert "Users with one interaction, from whom little can be learned: 2" in said(data)
    split = split_interactions(data, "leave_last")
    assert [pairs(data)[row] for row in split.test] == [("b", "x")]
    assert [pairs(data)[row] for row in split.validation] == [("b", "y")]


@pytest.mark.parametrize("kind", ["leave_last", "time", "random"])
def test_parts_are_apart_and_named(tmp_path: Path, kind: str) -> None:
    data = clubs(tmp_path)
    split = split_interactions(data, kind, seed=3)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together) == list(range(len(data)))
    again = split_named(data, split.name)
    assert again.test.tolist() == split.test.tolist()
    assert not len(again.validation)


def test_a_cut_in_time_learns_from_nothing_after_it(tmp_path: Path) -> None:
    data = clubs(tmp_path)
    split = split_interactions(data, "time")
    assert data.time is not None
    assert data.time[split.train].max() < data.time[split.validation].min()
    assert data.time[split.known].max() < data.time[split.test].min()


@pytest.mark.parametrize("second", ["0", "{place}"])
def test_interactions_of_one_moment_are_not_cut(tmp_path: Path, second: str) -> None:
    rows = [f"u{n % 9},i{n},17000000{second.format(place=int(n > 0)):0>2}" for n in range(60)]
    data = read(tmp_path, "user,item,timestamp\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputRefused) as refused:
        split_interactions(data, "time")
    assert refused.value.code == "interactions.split"


def test_a_last_item_comes_after_everything_known(tmp_path: Path) -> None:
    data = clubs(tmp_path)
    split = split_interactions(data, "leave_last")
    last = {int(user): int(row) for user, row in zip(data.user[split.test], split.test, strict=True)}
    assert all(row < last[int(data.user[row])] for row in split.known if int(data.user[row]) in last)


def test_ids_in_order_are_no_order_of_events(tmp_path: Path) -> None:
    data = read(tmp_path, "user,item\n" + "".join(f"{u},{i}\n" for u in "abc" for i in range(9, 14)))
    assert not data.ordered
    assert split_interactions(data).kind == "random"
    with pytest.raises(InputRefused):
        split_interactions(data, "leave_last")


def test_a_table_of_items_beside_the_file_is_read_and_named(tmp_path: Path) -> None:
    clubs(tmp_path)
    data = read_interactions(tmp_path / "ratings.csv")
    assert "Thing 3" in data.catalogue.titles
    assert "The table of items was read from items.csv." in said(data)


def test_what_stands_in_training_is_no_test(tmp_path: Path) -> None:
    rows = "a,x,train\na,y,train\nb,x,train\na,x,test\nb,z,test\nb,z,test\n"
    data = read(tmp_path, f"user,item,split\n{rows}")
    split = split_interactions(data, "given")
    assert [pairs(data)[row] for row in split.test] == [("b", "z")]
    assert "of which the one of the earliest part was kept: 2" in said(data)
