"""The queue of alerts: the right ones, per day, in order, whatever the table looks like."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from core.data.transactions import Transactions
from core.serving.alert_queue import alert_queue


def made(days: list[int], amounts: list[float], context: int = 0) -> Transactions:
    return Transactions(
        ids=np.array([str(row) for row in range(len(days))]),
        amount=np.array(amounts),
        time=np.datetime64("2026-03-01", "s") + np.array(days) * np.timedelta64(86_400, "s"),
        context=context,
    )


def test_each_day_has_its_k_by_expected_loss_and_the_latest_day_comes_first() -> None:
    table = made([0, 0, 0, 1, 1], [100.0, 10.0, 50.0, 5.0, 7.0])
    found = alert_queue(table, np.array([0.1, 0.9, 0.5, 0.5, 0.5]), 2)
    assert list(found.rows) == [4, 3, 2, 0]
    assert list(found.rank) == [1, 2, 1, 2]
    assert found.expected_loss == pytest.approx([3.5, 2.5, 25.0, 10.0])
    assert [str(day) for day in found.day] == ["2026-03-02"] * 2 + ["2026-03-01"] * 2


def test_a_day_with_fewer_rows_gives_what_it_has() -> None:
    assert len(alert_queue(made([0, 1, 1, 1], [1.0] * 4), np.full(4, 0.5), 2)) == 3


def test_history_is_not_queued_and_refunds_come_last() -> None:
    table = made([0, 0, 0, 0], [999.0, -80.0, 1.0, 2.0], context=1)
    found = alert_queue(table, np.array([0.99, 0.1, 0.1]), 3)
    assert list(found.rows) == [2, 1, 0]
    assert found.expected_loss[-1] == 0.0


def test_without_times_there_is_one_list() -> None:
    table = replace(made([0, 0, 1], [1.0, 2.0, 3.0]), time=None)
    found = alert_queue(table, np.array([0.5, 0.5, 0.5]), 2)
    assert list(found.rows) == [2, 1] and np.isnat(found.day).all()


def test_an_empty_table_has_no_alerts() -> None:
    assert len(alert_queue(made([], []), np.array([]), 5)) == 0


def test_agrees_with_a_loop_on_many_rows() -> None:
    draw = np.random.default_rng(0)
    days, amounts = np.sort(draw.integers(0, 30, 3000)), draw.gamma(2.0, 40.0, 3000)
    scores = draw.random(3000)
    found = alert_queue(made(days.tolist(), amounts.tolist()), scores, 10)
    expected = []
    for day in range(29, -1, -1):
        rows = np.flatnonzero(days == day)
        expected += rows[np.argsort(-(scores * amounts)[rows])][:10].tolist()
    assert list(found.rows) == expected


@pytest.mark.slow
def test_a_million_rows_take_seconds() -> None:
    draw = np.random.default_rng(0)
    n = 1_000_000
    table = Transactions(
        np.arange(n).astype(str), draw.random(n), np.datetime64("2026-03-01", "s") + draw.integers(0, 10**7, n)
    )
    began = time.perf_counter()
    assert len(alert_queue(table, draw.random(n), 100)) == 116 * 100
    assert time.perf_counter() - began < 15
