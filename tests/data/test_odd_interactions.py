"""Interactions as people have them: ratings below zero, the future, ids of any length, orders that nobody states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.interaction_check import prepared
from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions
from core.errors import InputRefused
from core.intake.profiles import ID_LENGTH

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


def test_an_order_that_is_only_taken_for_one_is_said(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"u{user}", f"i{item * 7 % 10}") for user in range(9) for item in range(9)]
    told = "the order of the rows is taken for that of the events"
    assert told in said(read(tmp_path, rows, ("user_id", "item_id")))
    timed: list[tuple[object, ...]] = [(*row, 1_700_000_000 + n) for n, row in enumerate(rows)]
    assert told not in said(read(tmp_path, timed, ("user_id", "item_id", "timestamp")))


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
