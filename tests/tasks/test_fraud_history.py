"""What is said of a table that brings less of the past than its model looks back."""

from dataclasses import replace

import numpy as np

from core.tasks.fraud_detection.features import FeaturePlan
from core.tasks.fraud_detection.history import history_notices, look_back
from tests.tasks.fraud_bank import small_bank
from tests.tasks.fraud_tables import DAY, table


def notices(predictor, transactions) -> str:
    return " | ".join(map(str, predictor.predict([transactions])[0].notices))


def test_a_model_looks_back_as_far_as_its_longest_window():
    whole = table([0, DAY, 2 * DAY], [0, 0, 1], [0, 0, 0], [0, 1, 0])
    plan = FeaturePlan.fit(whole, np.arange(3), 7)
    assert look_back(plan) == 90, "a customer's habits"
    assert look_back(FeaturePlan(tuple(f for f in plan.features if f.name == "terminal_risk_30d"), 7)) == 37
    assert look_back(FeaturePlan(tuple(f for f in plan.features if f.name == "customer_mean_7d"), 7)) == 7
    assert look_back(FeaturePlan(plan.features[:1], 7)) == 0
    assert history_notices(FeaturePlan(plan.features[:1], 7), whole) == ()


def test_a_short_table_says_so_and_gives_no_riddles(fraud_predictor):
    bank = small_bank()
    few_days = bank.take(np.flatnonzero(bank.time < bank.time[0].astype("datetime64[D]") + np.timedelta64(5, "D")))
    said = notices(fraud_predictor, few_days)
    assert "This table holds 5 days; the model looks back 90 days" in said
    assert "stability index" not in said and "rare in the training data" not in said
    assert "This table holds" not in notices(fraud_predictor, bank)


def test_rows_that_are_no_windows_are_still_compared(fraud_predictor):
    bank = small_bank()
    few = bank.take(np.arange(300))
    assert "“amount”" in notices(fraud_predictor, replace(few, amount=few.amount * 1000))


def test_a_history_that_was_given_is_enough_and_one_row_alone_has_none(fraud_predictor):
    bank = small_bank()
    assert "days" not in notices(fraud_predictor, replace(bank.take(np.arange(300)), context=200))
    said = notices(fraud_predictor, bank.take(np.array([5])))
    assert "No earlier payment of this customer" in said and "This table holds" not in said


def test_customers_without_a_past_are_counted(fraud_predictor):
    bank = small_bank()
    rows = np.arange(100)
    strangers = replace(bank.take(rows), customer=rows.astype(np.int32), customers=tuple(map(str, rows)))
    assert "100% of the scored payments are the first of their customer" in notices(fraud_predictor, strangers)
    assert "first of their customer" not in notices(fraud_predictor, bank)
