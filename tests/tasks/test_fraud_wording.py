"""What the features of one payment say."""

from dataclasses import replace

import numpy as np
import pytest

from core.data.transactions import FRAUD, GENUINE
from core.tasks.fraud_detection.features import FeaturePlan
from core.tasks.fraud_detection.wording import sentences
from tests.tasks.fraud_tables import DAY, bank, crowded, table


def said(whole, row, delay_days=7):
    plan = FeaturePlan.fit(replace(whole, context=0), np.arange(len(whole)), delay_days)
    words = sentences(plan, whole, plan.build(whole), row - whole.context)
    return dict(zip(plan.names, words, strict=True))


def test_sentences_say_what_the_features_are():
    whole = table(
        [0, 60, 120, DAY, 14 * DAY + 3 * 3600],
        [0, 1, 1, 0, 0],
        [1, 1, 1, 1, 1],
        [FRAUD, FRAUD, GENUINE, FRAUD, GENUINE],
        amount=[20, 1, 1, 30, 1950],
    )
    words = {name: str(message) for name, message in said(whole, 4).items()}
    assert words["amount"] == "The amount is 1,950.00."
    ratio = "The amount is 1,950.00: 2.9 times this customer's mean of 30 days, this payment included."
    assert words["amount_ratio"] == ratio
    assert words["night"] == "It is night (3:00 to 3:59)."
    assert words["weekend"] == "It is a working day of the week."
    assert words["customer_count_1d"].startswith("Payments of this customer within 24 hours, this one included: 1; 0.1")
    assert words["customer_mean_30d"] == (
        "This customer's mean amount in the last 30 × 24 hours, this payment included, is 666.67."
    )
    assert words["terminal_risk_7d"] == "Frauds known at terminal T1 in the 7 days that ended 7 days before: 1 of 1."
    assert words["terminal_risk_30d"] == "Frauds known at terminal T1 in the 30 days that ended 7 days before: 3 of 4."
    assert words["terminal_risk_1d"] == "Frauds known at terminal T1 in the day that ended 7 days before: 0 of 0."
    assert words["terminal_fraud_days"].startswith("At terminal T1 every payment was fraud from 13.1 days ago on")
    assert words["customer_shift_7d"].startswith("This customer's mean amount of 7 days is 2.9 times that of 90 days")
    assert words["customer_large_14d"].endswith("in 14 × 24 hours: 0.")
    assert words["terminal_count_30d"] == "Payments at terminal T1 in the 30 days that ended 7 days before: 4."


def test_texts_of_the_file_are_values_and_never_part_of_a_template():
    whole = crowded(0)
    row = int(np.flatnonzero(whole.categories["kind"] == "=HYPERLINK(1)")[-1])
    words = said(whole, row)
    templates = " ".join(message.template for message in words.values())
    assert "HYPERLINK" not in templates
    assert "kind" not in templates
    assert words["category_risk_30d:kind"].params["value"] == "=HYPERLINK(1)"
    assert words["number:score"].params["column"] == "score"


@pytest.mark.parametrize("delay_days", [0, 7])
def test_every_row_has_a_sentence_for_every_feature(delay_days):
    whole = replace(crowded(1), context=50)
    plan = FeaturePlan.fit(whole, np.arange(400), delay_days)
    features = plan.build(whole)
    for place in range(len(features)):
        for message in sentences(plan, whole, features, place):
            assert "nan" not in str(message)
            assert "{" not in str(message)


def test_empty_cells_are_said_to_be_empty():
    whole = crowded(0)
    row = int(np.flatnonzero((whole.customer < 0) & (whole.terminal < 0) & (whole.categories["kind"] == ""))[0])
    words = {name: str(message) for name, message in said(whole, row).items()}
    assert words["terminal_risk_7d"] == "The terminal is not known."
    assert words["customer_count_7d"].startswith("There is nothing to compare with")
    assert words["category_risk_30d:kind"] == "kind is empty."


def test_known_frauds_in_the_words_are_those_of_the_feature():
    whole = bank()
    plan = FeaturePlan.fit(whole, np.arange(len(whole)), 7)
    features = plan.build(whole)
    row = int(np.argmax(features.known_frauds["terminal_risk_7d"]))
    params = dict(zip(plan.names, sentences(plan, whole, features, row), strict=True))["terminal_risk_7d"].params
    assert params["frauds"] > 0
    assert params["frauds"] / params["known"] == pytest.approx(float(features.column("terminal_risk_7d")[row]))
    assert params["terminal"] == whole.terminals[whole.terminal[row]]
