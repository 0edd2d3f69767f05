"""The simulated bank: what its payments and its frauds are like, and how the frauds change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.data.payments import DRIFT_DAYS, OLD_LIMIT, SCENARIOS, PaymentWorld, simulate
from core.data.transactions import FRAUD, GENUINE, Transactions, fingerprint
from core.tasks.fraud_detection.features import FeaturePlan

WORLD = PaymentWorld(customers=2000, terminals=800, days=180, seed=4)
AUC_LIMIT = 0.99


@pytest.fixture(scope="module")
def payments() -> Transactions:
    return simulate(WORLD)


def hour(rows: Transactions) -> np.ndarray:
    return (rows.time - rows.time.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)


def day(rows: Transactions) -> np.ndarray:
    return (rows.time.astype("datetime64[D]") - np.datetime64(WORLD.start)).astype(int)


def halves(rows: Transactions) -> tuple[Transactions, Transactions]:
    """The frauds of the first and of the last third of the drift."""
    fraud = rows.take(rows.label == FRAUD)
    return fraud.take(day(fraud) < DRIFT_DAYS / 3), fraud.take(day(fraud) >= DRIFT_DAYS * 2 / 3)


def test_the_same_world_is_the_same_to_the_last_byte():
    small = PaymentWorld(customers=60, terminals=30, days=20, seed=1)
    one, again, other = simulate(small), simulate(small), simulate(replace(small, seed=2))
    assert one.sha256 == again.sha256 == fingerprint(again)
    assert one.ids.tolist() == again.ids.tolist()
    assert one.sha256 != other.sha256


@pytest.mark.slow
def test_columns_are_complete_and_in_order_of_time(payments):
    assert (np.diff(payments.time) >= np.timedelta64(0, "s")).all()
    assert payments.time[0] >= np.datetime64(WORLD.start)
    assert payments.time[-1] < np.datetime64(WORLD.start) + WORLD.days
    assert len(set(payments.ids)) == len(payments)
    assert len(payments.customers) == WORLD.customers
    assert len(payments.terminals) == WORLD.terminals
    for places, names in ((payments.customer, payments.customers), (payments.terminal, payments.terminals)):
        assert places.min() >= 0
        assert places.max() < len(names)
    assert np.isfinite(payments.amount).all()
    assert payments.amount.min() >= 0.5
    assert ((payments.scenario == "genuine") == (payments.label == GENUINE)).all()
    assert set(payments.scenario) == set(SCENARIOS)


@pytest.mark.slow
def test_rates(payments):
    per_customer = np.bincount(payments.customer, minlength=WORLD.customers) / WORLD.days
    assert 1.5 < per_customer.mean() < 2.3
    assert per_customer.std() > 0.8
    assert 0.005 < (payments.label == FRAUD).mean() < 0.01
    genuine = payments.amount[payments.label == GENUINE]
    assert 40 < genuine.mean() < 65
    assert 0.004 < (genuine > OLD_LIMIT).mean() < 0.015


def test_a_week_and_a_day_have_their_shape(payments):
    weekday = (payments.time.astype("datetime64[D]").astype(int) + 3) % 7
    counts = np.bincount(weekday, minlength=7)
    assert counts.argmax() == 5
    assert counts.argmin() in {0, 1, 6}
    hours = np.bincount(hour(payments)[payments.label == GENUINE], minlength=24) / len(payments)
    assert hours[:6].sum() < 0.05
    assert hours[11:14].sum() > 0.18
    assert hours[17:20].sum() > 0.18
    assert hours[15] < min(hours[12], hours[18])


def test_a_customer_goes_to_few_terminals(payments):
    genuine = payments.take(payments.label == GENUINE)
    pairs = genuine.customer.astype(np.int64) * WORLD.terminals + genuine.terminal
    visits = np.unique(pairs, return_counts=True)[1]
    often = visits[visits > 5].sum() / len(genuine)
    assert often > 0.85


def test_frauds_are_of_three_kinds_whose_shares_move(payments):
    early, late = ([float((part.scenario == kind).mean()) for kind in SCENARIOS[1:]] for part in halves(payments))
    assert min(early) > 0.1
    assert min(late) > 0.08
    assert late[0] < early[0]
    assert late[2] > early[2] + 0.1


def test_large_amounts_creep_below_the_old_limit(payments):
    above = [float((part.amount[part.scenario == "large_amount"] > OLD_LIMIT).mean()) for part in halves(payments)]
    assert above[0] > 0.7
    assert above[1] < 0.6


def test_stolen_cards_become_less_conspicuous(payments):
    for measure in (lambda part: np.mean(hour(part) < 6), lambda part: np.log(part.amount).mean()):
        early, late = (measure(part.take(part.scenario == "stolen_card")) for part in halves(payments))
        assert late < early


@pytest.mark.slow
def test_frauds_at_terminals_and_with_stolen_cards_come_in_weeks(payments):
    for kind, places, longest in (
        ("compromised_terminal", payments.terminal, 28),
        ("stolen_card", payments.customer, 14),
    ):
        of_kind = payments.scenario == kind
        spans = []
        for place in np.unique(places[of_kind]):
            days = day(payments)[of_kind & (places == place)]
            spans.append(np.ptp(days))
        assert np.median(spans) < longest
        assert of_kind.sum() / len(spans) > 5


@pytest.mark.slow
def test_without_drift_the_fraudsters_stay_as_they_are():
    rows = simulate(replace(WORLD, drift=0.0))
    early, late = (float((part.amount[part.scenario == "large_amount"] > OLD_LIMIT).mean()) for part in halves(rows))
    assert early > 0.8
    assert late > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_single_column_gives_the_label_away(seed):
    rows = simulate(replace(WORLD, customers=800, terminals=300, days=120, seed=seed))
    of_customer = np.bincount(rows.customer, rows.amount) / np.maximum(np.bincount(rows.customer), 1)
    weight = rows.label.astype(float)
    columns = {
        "amount": rows.amount,
        "hour": hour(rows),
        "night": hour(rows) < 6,
        "over own mean": rows.amount / of_customer[rows.customer],
        "order": np.arange(len(rows)),
        # Even with hindsight over the whole time, neither the terminal nor the customer says all.
        "terminal": (np.bincount(rows.terminal, weight) / np.maximum(np.bincount(rows.terminal), 1))[rows.terminal],
        "customer": (np.bincount(rows.customer, weight) / np.maximum(np.bincount(rows.customer), 1))[rows.customer],
    }
    for name, values in columns.items():
        area = roc_auc_score(rows.label, values)
        assert max(area, 1 - area) < AUC_LIMIT, name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_no_feature_of_the_fraud_task_gives_the_label_away(seed):
    rows = simulate(replace(WORLD, customers=800, terminals=300, days=120, seed=seed))
    table = FeaturePlan.fit(rows, np.arange(len(rows)), 7).build(rows)
    areas = {
        name: roc_auc_score(rows.label, np.nan_to_num(values, nan=-1.0))
        for name, values in zip(table.names, table.values.T, strict=True)
    }
    strongest = max(areas.values())
    assert 0.6 < strongest < 0.9, areas


def test_a_world_of_one_is_a_world():
    rows = simulate(PaymentWorld(customers=1, terminals=1, days=1, seed=0))
    assert set(rows.customer) <= {0}
    assert (rows.label == FRAUD).sum() <= len(rows)


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"days": 0}, {"fraud_share": 0.5}, {"drift": 2.0}])
def test_impossible_worlds_are_refused(wrong):
    with pytest.raises(ValueError, match=r"world|fraud_share"):
        PaymentWorld(**wrong)
