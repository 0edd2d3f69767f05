"""The split by time: nothing of later days and nothing that was not known yet is in an earlier part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.data.payments import PaymentWorld, simulate
from core.data.time_split import BY_TIME, NOT_BY_TIME, blocked, content_hashes, split_by_time
from core.data.transactions import FRAUD, GENUINE, UNKNOWN, Transactions
from core.errors import InputRefused
from core.settings import settings

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def payments() -> Transactions:
    return simulate(PaymentWorld(customers=400, terminals=150, days=90, seed=2, fraud_share=0.02))


def table(days: list[int], label: list[int], customer: list[int] | None = None) -> Transactions:
    n = len(days)
    return Transactions(
        ids=np.arange(n).astype(str),
        amount=np.arange(1.0, n + 1),
        time=np.datetime64("2024-03-01", "s") + np.array(days) * np.timedelta64(86_400, "s"),
        customer=None if customer is None else np.array(customer, np.int32),
        customers=() if customer is None else tuple(f"c{k}" for k in range(max(customer) + 1)),
        label=np.array(label, np.int8),
    )


def without_times(rows: Transactions) -> Transactions:
    return replace(rows, time=None)


@pytest.mark.parametrize("seed", range(12))
def test_no_row_is_in_a_part_that_ended_before_it(seed):
    rng = np.random.default_rng(seed)
    delay, n = int(rng.integers(0, 15)), 4000
    shares = rng.uniform(0.05, 0.4, 2)
    rows = table(
        sorted(rng.integers(0, 2 * delay + int(rng.integers(10, 120)), n).tolist()), rng.integers(-1, 2, n).tolist()
    )
    split = split_by_time(rows, delay, *shares)
    day = rows.time.astype("datetime64[D]")
    assert split.name == BY_TIME
    for part in PARTS:
        begin, end = split.boundaries[part]
        assert ((day[split.parts[part]] >= begin) & (day[split.parts[part]] < end)).all()
        assert (np.diff(split.parts[part]) > 0).all()
    for before, after in (("train", "validation"), ("validation", "test")):
        assert split.boundaries[after][0] - split.boundaries[before][1] == np.timedelta64(delay, "D")
        assert day[split.parts[after]].min() - day[split.parts[before]].max() > np.timedelta64(delay, "D")
    used = np.concatenate([split.parts[part] for part in PARTS])
    assert len(set(used)) == len(used)
    assert (rows.label[used] != UNKNOWN).all()


@pytest.mark.parametrize("delay", [1, 7])
def test_labels_of_the_delay_windows_are_not_used(payments, delay):
    """Whatever stands in a delay window, the split is the same."""
    split = split_by_time(payments, delay)
    day = payments.time.astype("datetime64[D]")
    within = np.zeros(len(payments), bool)
    for before, after in (("train", "validation"), ("validation", "test")):
        within |= (day >= split.boundaries[before][1]) & (day < split.boundaries[after][0])
    assert within.any()
    other = split_by_time(replace(payments, label=np.where(within, 1 - payments.label, payments.label)), delay)
    for part in PARTS:
        assert not within[split.parts[part]].any()
        assert np.array_equal(split.parts[part], other.parts[part])


def test_shares_are_of_the_days_that_both_delays_leave(payments):
    split = split_by_time(payments, 7, validation_share=0.15, test_share=0.2)
    days = {part: int((end - begin).astype(int)) for part, (begin, end) in split.boundaries.items()}
    assert days == {"train": 50, "validation": 11, "test": 15}
    assert sum(days.values()) + 14 == 90


def test_unknown_labels_and_history_are_no_examples(payments):
    label = payments.label.copy()
    label[::3] = UNKNOWN
    split = split_by_time(replace(payments, label=label, context=1000), 3)
    used = np.concatenate([split.parts[part] for part in PARTS])
    assert used.min() >= 1000
    assert (used % 3 != 0).all()


@pytest.mark.parametrize(("days", "fits"), [(16, False), (17, True)])
def test_a_span_that_is_too_short_is_refused_with_what_is_needed(days, fits):
    rows = table([day for day in range(days) for _ in range(2)], [0, 1] * days)
    if fits:
        assert all(len(part) == 2 for part in split_by_time(rows, 7).parts.values())
        return
    with pytest.raises(InputRefused) as caught:
        split_by_time(rows, 7)
    assert caught.value.code == "data.span"
    assert "span 16 days" in str(caught.value.message)
    assert "at least 17" in str(caught.value.message)


def test_a_part_without_frauds_is_refused_by_name_and_days():
    rows = table([day for day in range(40) for _ in range(5)], [int(k < 100 and k % 5 == 0) for k in range(200)])
    with pytest.raises(InputRefused) as caught:
        split_by_time(rows, 5)
    assert caught.value.code == "data.part"
    said = str(caught.value.message)
    assert "validation part (2024-03-" in said
    assert "0 of them frauds" in said


@pytest.mark.parametrize("label", [None, np.full(30, UNKNOWN, np.int8)])
def test_no_label_is_refused(label):
    rows = replace(table(list(range(30)), [0] * 30), label=label)
    with pytest.raises(InputRefused) as caught:
        split_by_time(rows, 1)
    assert caught.value.code == "data.no_labels"


def test_parts_with_few_frauds_are_said(payments):
    assert not split_by_time(payments, 7).notices
    thin = payments.label.copy()
    thin[np.flatnonzero(thin == FRAUD)[::3]] = GENUINE
    thin[np.flatnonzero(thin == FRAUD)[::2]] = GENUINE
    thin[np.flatnonzero(thin == FRAUD)[::2]] = GENUINE
    assert any("test part holds" in str(said) for said in split_by_time(replace(payments, label=thin), 7).notices)


def test_without_times_customers_are_kept_apart_and_the_test_is_named_so(payments):
    split = split_by_time(without_times(payments), 7)
    assert split.name == NOT_BY_TIME
    assert not split.boundaries
    customers = [set(payments.customer[split.parts[part]]) for part in PARTS]
    assert not (customers[0] & customers[1] or customers[0] & customers[2] or customers[1] & customers[2])
    assert 0.1 < len(customers[2]) / 400 < 0.3
    assert "cannot be measured" in str(split.notices[0])
    assert "keep customers apart" in str(split.notices[0])


def test_where_a_customer_goes_depends_on_his_name_alone(payments):
    rows = without_times(payments)
    order = np.random.default_rng(0).permutation(len(rows))
    one, other = split_by_time(rows, 7), split_by_time(rows.take(order), 7)
    assert set(rows.customer[one.test]) == set(rows.customer[order][other.test])


def test_without_customers_equal_rows_are_kept_apart(payments):
    rows = replace(without_times(payments), customer=None, customers=())
    twice = rows.take(np.repeat(np.arange(len(rows)), 2))
    split = split_by_time(twice, 7)
    hashes = [set(content_hashes(twice)[split.parts[part]].tolist()) for part in PARTS]
    assert not (hashes[0] & hashes[1] or hashes[0] & hashes[2] or hashes[1] & hashes[2])
    assert "keep equal rows apart" in str(split.notices[0])


def test_hashes_tell_content_from_id_and_label(payments):
    rows = payments.take(np.arange(500))
    hashes = content_hashes(rows)
    assert np.array_equal(hashes, content_hashes(replace(rows, ids=rows.ids[::-1], label=1 - rows.label)))
    assert not np.array_equal(hashes, content_hashes(replace(rows, amount=rows.amount + 1)))
    moved = replace(rows, time=rows.time + np.timedelta64(1, "s"))
    assert not (hashes == content_hashes(moved)).any()
    assert np.array_equal(content_hashes(rows, with_time=False), content_hashes(moved, with_time=False))


def test_customers_known_as_bad_are_blocked_once_their_fraud_is_known():
    #            fraud of c0 before training; of c1 in training; of c2 in the delay; c3 never
    days = [0, 5, 12, 14, 19, 20, 21, 22, 22, 22, 22, 22]
    customer = [0, 1, 3, 2, 2, 2, 2, 0, 1, 2, 3, 3]
    label = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    rows = table(days, label, customer)
    train, asked = np.array([1, 2]), np.arange(4, 12)
    # The fraud of day 14 is known 7 whole days later: from day 22 on.
    assert blocked(rows, 7, train, asked).tolist() == [False, False, False, False, True, True, False, False]
    assert blocked(replace(rows, customer=None), 7, train, asked).tolist() == [False] * 8
    no_times = blocked(replace(rows, time=None), 7, train, asked)
    assert no_times.tolist() == [False, False, False, False, True, False, False, False]
    nobody, since = np.array([], np.int64), np.datetime64("2024-03-02")
    # Without a row of the days that count, the frauds that become known later block all the same.
    assert blocked(rows, 7, nobody, asked, since).tolist() == [False, False, False, False, True, True, False, False]
    assert not blocked(rows, 7, nobody, asked).any()
    empty = replace(rows, customer=np.full(12, -1, np.int32), customers=())
    assert not blocked(empty, 7, train, asked).any()


@pytest.mark.parametrize("times", [True, False])
def test_rows_of_unknown_label_are_counted_in_their_part(payments, times):
    label = np.where(np.arange(len(payments)) % 3 == 0, UNKNOWN, payments.label).astype(np.int8)
    known = payments if times else without_times(payments)
    whole, thinned = split_by_time(known, 7), split_by_time(replace(known, label=label), 7)
    for part, rows in whole.parts.items():
        assert 0 < thinned.unlabelled[part] == len(rows) - len(thinned.parts[part])
    assert sum(whole.unlabelled.values()) == 0


@pytest.mark.data
def test_blocked_customers_are_those_of_the_published_protocol():
    data = settings().data
    if data is None or not (data / "fraud" / "handbook_simulated" / "transactions.parquet").is_file():
        pytest.skip("needs handbook_simulated below VITRINE_DATA")
    frame = pd.read_parquet(data / "fraud" / "handbook_simulated" / "transactions.parquet")
    customer, names = pd.factorize(frame["CUSTOMER_ID"])
    rows = Transactions(
        ids=frame["TRANSACTION_ID"].to_numpy().astype(str),
        amount=frame["TX_AMOUNT"].to_numpy(float),
        time=frame["TX_DATETIME"].to_numpy().astype("datetime64[s]"),
        customer=customer.astype(np.int32),
        customers=tuple(map(str, names)),
        label=frame["TX_FRAUD"].to_numpy(np.int8),
    )
    day = rows.time.astype("datetime64[D]")
    train = np.flatnonzero((day >= np.datetime64("2018-07-25")) & (day <= np.datetime64("2018-07-31")))
    test = np.flatnonzero((day >= np.datetime64("2018-08-08")) & (day <= np.datetime64("2018-08-14")))
    kept = test[~blocked(rows, 7, train, test)]
    assert (len(train), int(rows.label[train].sum())) == (67_240, 598)
    assert (len(kept), int(rows.label[kept].sum())) == (58_264, 385)
