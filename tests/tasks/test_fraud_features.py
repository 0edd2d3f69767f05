"""Features of payments: exact, the same for a table and for one row, and blind to labels that are not known yet."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.data.transactions import FRAUD, GENUINE, UNKNOWN, Transactions
from core.errors import InputRefused, ModelRefused
from core.tasks.fraud_detection.building import build_features
from core.tasks.fraud_detection.features import REACH, FeaturePlan
from tests.tasks.fraud_tables import DAY, bank, crowded, table


def every(transactions: Transactions, delay_days: int = 7) -> FeaturePlan:
    return FeaturePlan.fit(transactions, np.arange(len(transactions)), delay_days)


def by_hand(whole: Transactions, row: int, delay_days: int) -> dict[str, float]:
    """Window features of one row by looking at all rows."""
    seconds, found = whole.time.astype(np.int64), {}
    now, places = seconds[row], np.arange(len(whole))
    for days in (1, 7, 30):
        if whole.customer[row] >= 0:
            same = (whole.customer == whole.customer[row]) & (places <= row) & (seconds > now - days * DAY)
            found[f"customer_count_{days}d"] = same.sum()
            found[f"customer_mean_{days}d"] = whole.amount[same].mean()
        end = now - delay_days * DAY
        old = (seconds > end - days * DAY) & (seconds <= end) if delay_days else (seconds >= now - days * DAY)
        old = old if delay_days else old & (seconds < now)
        for role, entity in (("terminal", whole.terminal), ("kind", whole.categories["kind"])):
            if (entity[row] == "" if role == "kind" else entity[row] < 0) or (role == "kind" and days != 30):
                continue
            same = old & (entity == entity[row])
            known = same & (whole.label != UNKNOWN)
            risk = (whole.label[known] == FRAUD).mean() if known.any() else 0.0
            count_name, risk_name = (
                (f"terminal_count_{days}d", f"terminal_risk_{days}d")
                if role == "terminal"
                else ("category_count_30d:kind", "category_risk_30d:kind")
            )
            found |= {count_name: same.sum(), risk_name: risk}
            if role == "terminal" and days == 30:
                found["terminal_fraud_days"] = fraud_days(whole, known, now)
    if whole.customer[row] >= 0:
        found |= habits(whole, row)
    return found


def fraud_days(whole, known, now):
    first = None
    for place in np.flatnonzero(known):
        first = None if whole.label[place] == GENUINE else place if first is None else first
    return 0.0 if first is None else (now - whole.time.astype(np.int64)[first]) / DAY


def habits(whole, row):
    """How the last days and payments compare with 90 days."""
    seconds, places = whole.time.astype(np.int64), np.arange(len(whole))

    def window(of, days):
        same = (whole.customer == whole.customer[of]) & (places <= of) & (seconds > seconds[of] - days * DAY)
        return np.flatnonzero(same)

    def mean(of, days):
        return whole.amount[window(of, days)].mean()

    large = [whole.amount[of] > 3 * mean(of, 90) > 0 for of in window(row, 14) if of != row]
    shift = {} if mean(row, 90) <= 0 else {"customer_shift_7d": np.clip(mean(row, 7) / mean(row, 90), -100, 100)}
    return {"customer_large_14d": sum(large)} | shift


@pytest.mark.parametrize("delay_days", [0, 1, 7])
def test_windows_equal_those_found_by_looking_at_all_rows(delay_days):
    whole = crowded(delay_days)
    features = every(whole, delay_days).build(whole)
    windowed = [name for name in features.names if name.startswith(("customer_", "terminal_", "cat"))]
    for row in range(len(whole)):
        expected = by_hand(whole, row, delay_days)
        for name in windowed:
            value = features.column(name)[row]
            assert (np.isnan(value) and name not in expected) or value == pytest.approx(expected[name], rel=1e-6), name


def test_known_frauds_are_counted_for_the_words():
    whole = table([0, 1, 2, 8 * DAY], terminal=[0] * 4, label=[FRAUD, UNKNOWN, GENUINE, GENUINE])
    features = every(whole).build(whole)
    assert features.known_frauds["terminal_risk_30d"].tolist() == [0, 0, 0, 1]
    assert features.known_payments["terminal_risk_30d"].tolist() == [0, 0, 0, 2]
    assert features.column("terminal_risk_30d")[3] == 0.5
    assert features.column("terminal_count_30d")[3] == 3


def test_payments_of_the_same_second_count_in_order_of_the_file():
    whole = table([5, 5, 5], [0, 0, 0], [0, 0, 0], [FRAUD] * 3, amount=[1, 2, 6])
    features = every(whole, 0).build(whole)
    assert features.column("customer_count_1d").tolist() == [1, 2, 3]
    assert features.column("customer_mean_1d").tolist() == [1, 1.5, 3]
    assert features.column("terminal_count_1d").tolist() == [0, 0, 0]
    assert features.column("terminal_risk_1d").tolist() == [0, 0, 0]


def test_a_window_begins_after_its_length_and_ends_with_the_delay():
    whole = table([0, 1, DAY, 8 * DAY], [0] * 4, [0] * 4, [FRAUD, GENUINE, FRAUD, GENUINE])
    features = every(whole).build(whole)
    assert features.column("customer_count_1d").tolist() == [1, 2, 2, 1]
    assert features.column("terminal_count_1d")[3] == 2
    assert features.column("terminal_risk_1d")[3] == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("delay_days", [0, 7])
def test_one_row_with_its_history_has_the_features_it_had_in_the_table(delay_days):
    whole = bank()
    plan = every(whole, delay_days)
    features = plan.build(whole)
    for row in np.random.default_rng(0).choice(len(whole), 200, replace=False):
        before = np.arange(len(whole)) < row
        own = (whole.customer == whole.customer[row]) | (whole.terminal == whole.terminal[row])
        own |= whole.categories["kind"] == whole.categories["kind"][row]
        history = np.flatnonzero(before & own)
        alone = plan.build(replace(whole.take(np.append(history, row)), context=len(history)))
        np.testing.assert_array_equal(alone.values[0], features.values[row])
        for risk, frauds in features.known_frauds.items():
            assert alone.known_frauds[risk][0] == frauds[row]


def test_a_batch_after_its_history_has_the_features_of_the_whole_table():
    whole = bank()
    plan = every(whole)
    tail = plan.build(replace(whole, context=len(whole) - 500))
    assert len(tail) == 500
    np.testing.assert_array_equal(tail.values, plan.build(whole).values[-500:])


@pytest.mark.slow
@pytest.mark.parametrize("delay_days", [0, 3, 7])
def test_labels_younger_than_the_delay_change_nothing(delay_days):
    whole = bank()
    plan, rng = every(whole, delay_days), np.random.default_rng(0)
    features, changed = plan.build(whole), 0
    for row in rng.choice(np.arange(len(whole) // 2, len(whole)), 20, replace=False):
        end = whole.time[row] - np.timedelta64(delay_days, "D")
        young = whole.time > end if delay_days else whole.time >= end
        flipped = np.where(young, rng.choice([FRAUD, GENUINE, UNKNOWN], len(whole)), whole.label).astype(np.int8)
        np.testing.assert_array_equal(
            plan.build(replace(whole, label=flipped, context=row)).values[0], features.values[row]
        )
        old = np.where(young, whole.label, 1 - np.maximum(whole.label, 0)).astype(np.int8)
        changed += np.any(plan.build(replace(whole, label=old, context=row)).values[0] != features.values[row])
    assert changed > 15


def test_huge_and_small_amounts_have_exact_means():
    whole = table(range(6), [0, 0, 0, 1, 1, 1], amount=[9e10, 9e10, 0.01, 0.0001, 0.0003, 0.0002])
    means = every(whole).build(whole).column("customer_mean_1d")
    assert means.tolist() == np.float32([9e10, 9e10, 6e10 + 0.01 / 3, 0.0001, 0.0002, 0.0002]).tolist()


def test_ratio_is_unknown_without_a_mean_above_zero_and_bounded():
    whole = table(range(4), [0, 0, 1, 1], amount=[-5, 5, 0, 0])
    ratio = every(whole).build(whole).column("amount_ratio")
    assert np.isnan(ratio).all()
    refunds = table(range(2), [0, 0], amount=[-99.99, 100])
    assert every(refunds).build(refunds).column("amount_ratio")[1] == 100


def test_night_ends_with_its_sixth_hour_and_the_week_ends_with_sunday():
    hours = [0, 6 * 3600 + 3599, 7 * 3600, 2 * DAY, 3 * DAY + DAY - 1, 4 * DAY]
    whole = table(hours)
    features = every(whole).build(whole)
    assert features.column("night").tolist() == [1, 1, 0, 1, 0, 1]
    assert features.column("weekend").tolist() == [0, 0, 0, 1, 1, 0]


@pytest.mark.parametrize("role", ["time", "customer", "terminal"])
def test_absent_columns_mean_fewer_features_and_a_notice(role):
    whole = replace(crowded(0), **{role: None})
    plan = every(whole)
    assert all(role not in feature.definition.roles for feature in plan.features)
    assert any(str(notice).startswith(f"The data have no {role}s") for notice in plan.notices)
    assert len(plan.build(whole)) == len(whole)


def test_columns_that_are_ids_constant_or_answer_keys_are_left_out_and_said():
    whole = crowded(0)
    n, rng = len(whole), np.random.default_rng(0)
    whole = replace(
        whole,
        numbers={
            "account": np.arange(n, dtype=float),
            "same": np.ones(n),
            "verdict": np.where(whole.label == FRAUD, 3.0, 2.0),
            "latitude": rng.normal(size=n),
            "empty": np.full(n, np.nan),
        },
        categories={
            "mail": np.array([f"a{i}@b" for i in range(n)]),
            "scenario": np.where(whole.label == FRAUD, rng.choice(["x", "y"], n), "0"),
            "kind": rng.choice(["food", "fuel"], n),
            "line\nbreak": rng.choice(["food", "fuel"], n),
        },
    )
    plan = every(whole)
    others = [name for name in plan.names if ":" in name]
    assert others == ["number:latitude", "category_count_30d:kind", "category_risk_30d:kind"]
    said = " ".join(map(str, plan.notices))
    for column in ("account", "same", "verdict", "empty", "mail", "scenario"):
        assert f"Column {column} is left out" in said
    assert "not printable" in said


def test_only_training_rows_decide_and_are_measured():
    whole = replace(crowded(0), numbers={"late": np.append(np.zeros(200), np.arange(200.0) % 7)})
    plan = FeaturePlan.fit(whole, np.arange(200), 7)
    assert "number:late" not in plan.names
    amount = plan.features[plan.names.index("amount")]
    assert amount.mean == pytest.approx(whole.amount[:200].mean(), rel=1e-6)
    assert amount.quantiles == pytest.approx(np.quantile(whole.amount[:200], (0.01, 0.5, 0.99)), rel=1e-6)


def test_standardised_values_of_the_training_rows_have_mean_zero_and_deviation_one():
    whole = crowded(0)
    plan = every(whole)
    values = plan.build(whole).values
    moved = plan.standardised(values)
    known = np.where(np.isnan(values), np.nan, moved)
    assert moved.dtype == np.float32
    assert not np.isnan(moved).any()
    np.testing.assert_allclose(np.nanmean(known, axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.nanstd(known, axis=0), 1, atol=1e-4)


def test_absurd_numbers_stay_within_reach_and_leave_the_other_features_alone():
    whole = crowded(0)
    absurd = whole.numbers["score"].copy()
    absurd[7:9] = 1e300, -1e300
    plan, odd = every(whole), replace(whole, numbers={"score": absurd})
    learned = every(odd)
    for one in (plan, learned):
        values = one.build(odd).values
        assert not np.isinf(values).any()
        moved = one.standardised(values)
        assert np.isfinite(moved).all() and np.abs(moved).max() <= REACH
    place = plan.names.index("number:score")
    assert plan.standardised(plan.build(odd).values)[7:9, place].tolist() == [REACH, -REACH]


def test_a_plan_is_read_as_it_was_written():
    plan = every(crowded(0))
    assert FeaturePlan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "broken",
    [
        lambda raw: raw.update(schema=2),
        lambda raw: raw.update(more=1),
        lambda raw: raw.pop("delay_days"),
        lambda raw: raw.update(delay_days=-1),
        lambda raw: raw.update(delay_days=True),
        lambda raw: raw.update(features=[]),
        lambda raw: raw.update(features={}),
        lambda raw: raw["features"].append(raw["features"][0]),
        lambda raw: raw["features"][0].update(name="../../etc/passwd"),
        lambda raw: raw["features"][0].update(name="number:"),
        lambda raw: raw["features"][0].update(name="number:a\x00b"),
        lambda raw: raw["features"][0].update(name=["amount"]),
        lambda raw: raw["features"][0].update(std=0),
        lambda raw: raw["features"][0].update(mean="1"),
        lambda raw: raw["features"][0].update(mean=float("nan")),
        lambda raw: raw["features"][0].update(quantiles=[3, 2, 1]),
        lambda raw: raw["features"][0].update(quantiles=[1, 2]),
        lambda raw: raw["features"][0].pop("mean"),
    ],
)
def test_a_plan_that_is_wrong_in_any_detail_is_refused(broken):
    raw = json.loads(every(crowded(0)).to_json())
    broken(raw)
    with pytest.raises(ModelRefused) as refused:
        FeaturePlan.from_json(json.dumps(raw))
    assert refused.value.code == "model.features"
    assert "etc" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"schema": 1e999}'])
def test_a_text_that_is_no_plan_is_refused(text):
    with pytest.raises(ModelRefused):
        FeaturePlan.from_json(text)


def test_missing_columns_are_listed_with_those_that_were_found():
    whole = crowded(0)
    plan = every(whole)
    with pytest.raises(InputRefused) as refused:
        plan.build(replace(whole, terminal=None, categories={}))
    assert str(refused.value.message) == (
        "The model needs columns that were not found: terminal, kind. Found: amount, time, customer, score."
    )


def test_payments_without_labels_are_scored_with_a_notice():
    whole = crowded(0)
    plan = every(whole)
    features = plan.build(replace(whole, label=None))
    assert "carry no labels" in str(features.notices[0])
    assert not features.column("terminal_risk_30d")[whole.terminal >= 0].any()
    assert not plan.build(whole).notices


def test_rows_that_are_not_in_order_of_time_are_an_error():
    whole = table([5, 3], [0, 0])
    with pytest.raises(ValueError, match="order of time"):
        build_features(whole, ("amount", "customer_count_1d"), 7)


@pytest.mark.parametrize("delay_days", [-1, 366])
def test_a_delay_out_of_range_is_refused(delay_days):
    with pytest.raises(InputRefused):
        every(crowded(0), delay_days)


def test_no_training_rows_are_refused():
    with pytest.raises(InputRefused):
        FeaturePlan.fit(crowded(0), np.array([], int), 7)


@pytest.mark.data
@pytest.mark.slow
def test_the_published_features_come_out(data_folder):
    folder = data_folder / "fraud" / "handbook_simulated"
    raw = pd.read_parquet(folder / "transactions.parquet")
    published = pd.read_parquet(folder / "window_features.parquet").set_index("TRANSACTION_ID")
    whole = Transactions(
        ids=raw["TRANSACTION_ID"].to_numpy().astype(str),
        amount=raw["TX_AMOUNT"].to_numpy(),
        time=raw["TX_DATETIME"].to_numpy().astype("datetime64[s]"),
        customer=raw["CUSTOMER_ID"].to_numpy(np.int32),
        terminal=raw["TERMINAL_ID"].to_numpy(np.int32),
        label=raw["TX_FRAUD"].to_numpy(),
    )
    ours = {"night": "TX_DURING_NIGHT", "weekend": "TX_DURING_WEEKEND"}
    for days in (1, 7, 30):
        ours |= {
            f"customer_count_{days}d": f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW",
            f"customer_mean_{days}d": f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW",
            f"terminal_count_{days}d": f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW",
            f"terminal_risk_{days}d": f"TERMINAL_ID_RISK_{days}DAY_WINDOW",
        }
    features = build_features(whole, tuple(ours), 7)
    rows = raw["TRANSACTION_ID"].searchsorted(published.index)
    # Four pairs of payments of one customer in one second stand in the other order in the published table.
    customer_second = raw["CUSTOMER_ID"].astype(np.int64) * 2**34 + whole.time.astype(np.int64)
    in_one_second = customer_second.duplicated(keep=False).to_numpy()[rows]
    assert in_one_second.sum() == 24
    for name, column in ours.items():
        found, expected = features.column(name)[rows], published[column].to_numpy(np.float32)
        wrong = np.abs(found - expected) > (0.00005 * (1 + 1e-6) + 2e-7 * np.abs(expected) if "mean" in name else 0)
        assert not (wrong & ~in_one_second).any(), name
        assert wrong.sum() == (8 if name.startswith("customer_") else 0), name
