"""Shares of read texts: with intervals, over time and by category, against labels; the lines that hold a word."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from core.data.board import (
    CATEGORIES_KEPT,
    NEGATIVE,
    POSITIVE,
    UNDECIDED,
    UNREAD,
    accuracy_against,
    by_category,
    lines_with,
    over_time,
    shares_of,
    verdicts_of,
    wilson,
)


def verdicts(*values: int) -> np.ndarray:
    return np.array(values, np.int8)


def test_a_text_is_undecided_when_it_was_read_and_unread_when_it_was_not() -> None:
    scores = np.array([0.9, 0.49, 0.2, 0.9, 0.9, 0.9], np.float32)
    reasons = np.array(["", "text.unsure", "", "text.empty", "text.language", "text.unknown"])
    found = verdicts_of(scores, reasons, 0.5)
    assert found.tolist() == [POSITIVE, UNDECIDED, NEGATIVE, UNREAD, UNREAD, UNREAD]
    assert verdicts_of(scores[:1], reasons[:1], 0.95).tolist() == [NEGATIVE]


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (0, 40), (3, 7), (7, 7), (500, 1000)])
def test_intervals_are_wilsons(hits: int, n: int) -> None:
    low, high = wilson(np.array(hits), np.array(n))
    expected = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_of_nothing_nothing_is_known() -> None:
    found = shares_of(verdicts(UNREAD, UNREAD))
    assert found.n.tolist() == [0] and found.values.tolist() == [[0, 0, 0]]
    assert found.low.tolist() == [[0, 0, 0]] and found.high.tolist() == [[1, 1, 1]]


def test_unread_texts_are_in_no_share() -> None:
    found = shares_of(verdicts(POSITIVE, POSITIVE, NEGATIVE, UNDECIDED, UNREAD))
    assert found.counts.tolist() == [[1, 1, 2]] and found.values[0].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("days", "unit", "starts"),
    [
        (["2026-03-01", "2026-03-01", "2026-03-03"], "day", ["2026-03-01", "2026-03-03"]),
        (["2026-01-04", "2026-01-05", "2026-03-01"], "week", ["2025-12-29", "2026-01-05", "2026-02-23"]),
        (["2024-02-29", "2026-02-01", "2026-02-28"], "month", ["2024-02-01", "2026-02-01"]),
        (["1999-05-05", "2026-05-05"], "year", ["1999-01-01", "2026-01-01"]),
    ],
)
def test_the_span_decides_what_a_point_stands_for(days: list[str], unit: str, starts: list[str]) -> None:
    found = over_time(np.full(len(days), POSITIVE, np.int8), np.array(days, "datetime64[s]"))
    assert found is not None and found.unit == unit
    assert found.starts.astype(str).tolist() == starts
    assert found.shares.n.sum() == len(days)


def test_texts_without_a_date_are_counted_and_unread_ones_are_not_dated() -> None:
    time = np.array(["2026-03-01", "NaT", "NaT", "1970-01-01"], "datetime64[s]")
    found = over_time(verdicts(POSITIVE, NEGATIVE, UNREAD, UNREAD), time)
    assert found is not None and found.undated == 1
    assert found.starts.astype(str).tolist() == ["2026-03-01"], "an unread text of 1970 stretches nothing"
    assert over_time(verdicts(POSITIVE, UNREAD), np.array(["NaT", "2026-01-01"], "datetime64[s]")) is None


def test_categories_come_by_size_and_small_ones_together() -> None:
    names = [f"c{place:02d}" for place in range(CATEGORIES_KEPT + 5)]
    places = np.repeat(np.arange(len(names)), np.arange(len(names), 0, -1))
    found = by_category(np.full(len(places), POSITIVE, np.int8), places, names)
    assert found.names == tuple(names[: CATEGORIES_KEPT - 1]) and found.others == 6
    assert found.shares.n.sum() == len(places)
    assert found.shares.n.tolist()[:2] == [20, 19] and found.shares.n[-1] == 6 + 5 + 4 + 3 + 2 + 1


def test_a_text_without_a_category_is_in_none() -> None:
    found = by_category(verdicts(POSITIVE, NEGATIVE, POSITIVE, UNREAD), np.array([0, -1, 1, 2]), ["a", "b", "c"])
    assert set(found.names) == {"a", "b"} and found.shares.n.tolist() == [1, 1] and found.others == 0
    assert by_category(verdicts(POSITIVE), np.array([-1]), ()).names == ()


def test_labels_are_compared_with_decided_texts_alone() -> None:
    found = accuracy_against(
        verdicts(POSITIVE, NEGATIVE, POSITIVE, UNDECIDED, UNREAD, POSITIVE), np.array([1, 0, 0, 1, 1, -1])
    )
    assert found is not None and (found.value, found.n) == (pytest.approx(2 / 3), 3)
    assert found.low < found.value < found.high
    assert accuracy_against(verdicts(UNDECIDED, POSITIVE), np.array([1, -1])) is None


def test_search_finds_all_words_in_any_case_and_takes_them_literally() -> None:
    texts = pa.array(["Great BATTERY, great screen", "battery only", "电池很好 100%", "a.c"], pa.large_string())
    assert np.flatnonzero(lines_with(texts, "great battery")).tolist() == [0]
    assert np.flatnonzero(lines_with(texts, "电池")).tolist() == [2]
    assert np.flatnonzero(lines_with(texts, "a.c")).tolist() == [3] and not lines_with(texts, "a,c").any()
    assert np.flatnonzero(lines_with(texts, "100%")).tolist() == [2]
    assert lines_with(texts, "  ").all()
