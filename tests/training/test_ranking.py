"""Ranked lists: ties, metrics by hand, and how they add up."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from core.data.histories import from_lists
from core.training.ranking import accuracy_columns, best, coverage, hits, list_columns, ranking_summary


def test_equal_scores_are_listed_in_the_order_of_places() -> None:
    scores = np.array([[0.0, 1.0, 1.0, 0.0, 1.0], [2.0, 2.0, 2.0, 2.0, 2.0]], np.float32)
    assert best(scores, 4).tolist() == [[1, 2, 4, 0], [0, 1, 2, 3]]


def test_what_may_not_be_listed_leaves_the_list_shorter() -> None:
    scores = np.array([[-np.inf, 3.0, -np.inf]], np.float32)
    assert best(scores, 3).tolist() == [[1, -1, -1]]


def test_best_agrees_with_a_full_sort() -> None:
    scores = np.random.default_rng(0).integers(0, 9, (50, 40)).astype(np.float32)
    wanted = [sorted(range(40), key=lambda place: (-row[place], place))[:10] for row in scores]
    assert best(scores, 10).tolist() == wanted


def test_many_equal_scores_take_little_memory() -> None:
    scores = np.random.default_rng(0).random((100, 2000), np.float32)
    scores[scores < 0.999] = 0
    tracemalloc.start()
    found = best(scores, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tolist() == [sorted(range(2000), key=lambda place: (-row[place], place))[:10] for row in scores]
    assert peak < 5 * scores.nbytes


def test_what_is_right_is_found_without_a_table_of_all_pairs() -> None:
    random, n_items = np.random.default_rng(0), 5000
    lists = random.integers(-1, n_items, (400, 20)).astype(np.int32)
    truth = from_lists([[*random.permutation(n_items)[:4], lists[user, 0] % n_items] for user in range(400)])
    tracemalloc.start()
    found = hits(lists, truth, n_items)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.tolist() == [(np.isin(row, truth.of(user)) & (row >= 0)).tolist() for user, row in enumerate(lists)]
    assert found.any() and peak < 400 * n_items
    assert not hits(lists, from_lists([[]] * 400), n_items).any()


def test_metrics_by_hand() -> None:
    lists = best(np.array([np.arange(30)[::-1], np.arange(30)[::-1]], np.float32), 20)
    found = accuracy_columns(lists, from_lists([[0, 2, 25], [19]]), 30)
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert found["recall_at_20"] == pytest.approx([2 / 3, 1])
    assert found["hr_at_10"].tolist() == [1, 0]
    assert found["ndcg_at_20"] == pytest.approx([(1 + 1 / np.log2(4)) / ideal, 1 / np.log2(21)])
    assert found["ndcg_at_10"] == pytest.approx([(1 + 1 / np.log2(4)) / ideal, 0])


def test_lists_are_described() -> None:
    lists = np.array([[0, 1], [8, 9]], np.int32)
    taken = np.array([99, 98, 1, 1, 1, 1, 1, 1, 1, 0])
    vectors = np.zeros((10, 2), np.float32)
    vectors[[0, 1, 8]] = [[1, 0], [0, 1], [1, 0]]
    found = list_columns(lists, taken, vectors, 99)
    assert found["long_tail"].tolist() == [0, 1]
    assert found["novelty"][1] > found["novelty"][0] >= 0
    assert found["diversity"].tolist() == [1, 1]
    assert coverage(lists, 10).value == 0.4


def test_alike_items_have_no_diversity() -> None:
    vectors = np.tile(np.array([[0.6, 0.8]], np.float32), (3, 1))
    found = list_columns(np.array([[0, 1, 2]], np.int32), np.ones(3, np.int64), vectors, 3)
    assert found["diversity"] == pytest.approx([0], abs=1e-6)


def test_the_summary_has_an_interval_over_users() -> None:
    table = {"metric.hr_at_10": np.repeat([0.0, 1.0], 50), "items": np.zeros((100, 10), np.int32)}
    found = ranking_summary(table, 5)
    assert found["hr_at_10"].value == 0.5
    assert 0.38 < found["hr_at_10"].low < 0.45 < 0.55 < found["hr_at_10"].high < 0.62
    assert found["coverage"].value == 0.2
