"""Card precision at k, and intervals over customers."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from bench import handbook_data
from core.training import metrics
from core.training.card_precision import (
    card_precision_at,
    card_precision_of,
    cluster_bootstrap,
    clusters_of,
)
from core.training.metrics import average_precision_of, bootstrap, whole


def by_hand(truth, score, customer, day, k):
    """The published procedure, one customer after the other."""
    caught, shares = set(), []
    for today in np.unique(day):
        best, bad = {}, set()
        for row in np.flatnonzero(day == today):
            card = customer[row]
            if card not in caught:
                best[card] = max(best.get(card, -np.inf), score[row])
                if truth[row]:
                    bad.add(card)
        found = {card for card in sorted(best, key=lambda card: -best[card])[:k] if card in bad}
        shares.append(len(found) / k)
        caught |= found
    return np.mean(shares)


def made(seed, n=600, customers=80, days=5, decimals=None):
    rng = np.random.default_rng(seed)
    customer, day = rng.integers(0, customers, n), np.sort(rng.integers(3, 3 + days, n))
    truth = rng.random(n) < 0.08
    score = rng.random(n) + truth * 0.3
    return truth, score if decimals is None else np.round(score, decimals), customer, day


def value(*table, k):
    statistic, customers = card_precision_of(*table, k)
    return float(whole(statistic, customers))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 7, 30, 500])
def test_equals_the_plain_loop(seed, k):
    table = made(seed)
    assert value(*table, k=k) == pytest.approx(by_hand(*table, k))


def test_a_caught_customer_is_left_out_on_later_days():
    truth, score = np.array([True, True, True]), np.array([0.9, 0.9, 0.5])
    customer, day = np.array([1, 1, 2]), np.array([0, 1, 1])
    assert value(truth, score, customer, day, k=1) == 1.0
    assert value(truth, score, np.array([1, 1, 1]), day, k=1) == 0.5


def test_customers_with_equal_scores_share_the_last_places():
    truth = np.array([True, False, False, False])
    score, day = np.full(4, 0.5), np.zeros(4, int)
    assert value(truth, score, np.arange(4), day, k=1) == 0.25
    assert value(truth, score, np.arange(4), day, k=2) == 0.25


def test_order_of_the_rows_does_not_matter():
    truth, score, customer, day = made(0, decimals=1)
    shuffled = np.random.default_rng(1).permutation(len(truth))
    expected = value(truth, score, customer, day, k=20)
    assert value(truth[shuffled], score[shuffled], customer[shuffled], day[shuffled], k=20) == pytest.approx(expected)


def test_a_customer_drawn_twice_counts_as_two():
    truth, score, customer, day = made(3)
    statistic, customers = card_precision_of(truth, score, customer, day, 20)
    twice = [np.concatenate([column, column]) for column in (truth, score, day)]
    doubled = by_hand(twice[0], twice[1], np.concatenate([customer, customer + 1000]), twice[2], 20)
    assert statistic(np.full((1, customers), 2.0))[0] == pytest.approx(doubled)


def test_rows_without_a_customer_are_customers_of_their_own():
    assert list(clusters_of(np.array([7, -1, 3, 7, -1]))) == [1, 2, 0, 1, 3]


def test_interval_holds_the_value_and_narrows_with_more_customers():
    few, many = (
        card_precision_at(*made(0, n=4 * customers, customers=customers), k=customers // 5) for customers in (60, 1500)
    )
    for found in (few, many):
        assert found.low < found.value < found.high
    assert many.high - many.low < 0.5 * (few.high - few.low)


@pytest.mark.slow
def test_intervals_over_customers_are_wider_when_a_customer_repeats_itself():
    rng = np.random.default_rng(0)
    truth, score = rng.random(200) < 0.3, rng.random(200)
    score += truth * 0.4
    rows = np.repeat(np.arange(200), 20)
    statistic = average_precision_of(truth[rows], score[rows])
    by_customer = cluster_bootstrap(statistic, rows)
    by_row = bootstrap(statistic, len(rows))
    alone = bootstrap(average_precision_of(truth, score), 200)
    assert by_customer.value == by_row.value
    assert by_customer.n == len(rows)
    assert by_customer.high - by_customer.low == pytest.approx(alone.high - alone.low, rel=0.15)
    assert by_row.high - by_row.low < 0.4 * (by_customer.high - by_customer.low)


def test_pieces_of_the_resamples_do_not_change_the_interval(monkeypatch):
    truth, score, customer, _ = made(0)
    statistic = average_precision_of(truth, score)
    whole_at_once = cluster_bootstrap(statistic, customer, resamples=50)
    calls = []

    def counted(weights):
        calls.append(len(weights))
        return statistic(weights)

    monkeypatch.setattr(metrics, "CELLS_AT_ONCE", 10 * len(truth))
    pieces = cluster_bootstrap(counted, customer, resamples=50)
    assert max(calls) <= 10 and len(calls) > 5
    assert pieces.value == whole_at_once.value


@pytest.mark.slow
def test_quick_enough_for_a_week_of_a_bank():
    table = made(0, n=60_000, customers=5000, days=7)
    begin = time.process_time()
    card_precision_at(*table)
    assert time.process_time() - begin < 10


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("first_day", "best"), [("2018-07-25", 0.397), ("2018-08-15", 0.451)])
def test_a_perfect_model_reaches_what_the_handbook_reports(monkeypatch, data_folder, first_day, best):
    monkeypatch.setattr(handbook_data, "settings", lambda: SimpleNamespace(data=data_folder))
    payments = handbook_data.payments_of(handbook_data.read_frame())
    rows = handbook_data.fold_of(payments, first_day).test
    if first_day == "2018-07-25":
        assert (len(rows), payments.label[rows].sum()) == (58_264, 385)
    found = handbook_data.measure(payments, rows, payments.label[rows].astype(float))
    assert found["card_precision_at_100"] == pytest.approx(best, abs=5e-4)
