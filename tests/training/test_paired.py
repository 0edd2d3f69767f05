"""Differences between two models on the same rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.training.paired import metric_change, shared
from core.training.quality import curve_area
from tests.training.tables import evaluated, rivals, without


def test_the_change_is_the_difference_of_the_two_metrics_and_tighter_than_either() -> None:
    old, new = rivals(n=800, old=1.0, new=2.5)
    change = metric_change(old, new, "average_precision")
    before, after = (curve_area(one, "average_precision") for one in (old, new))
    assert change.value == pytest.approx(after.value - before.value)
    assert 0 < change.low < change.value < change.high
    assert change.high - change.low < (before.high - before.low) + (after.high - after.low)


def test_a_model_against_itself_has_no_change() -> None:
    old, _ = rivals(n=200)
    change = metric_change(old, old, "auroc")
    assert (change.value, change.low, change.high) == (0, 0, 0)


def test_customers_are_drawn_whole() -> None:
    old, new = rivals(n=400, old=1.0, new=2.0)
    customer = np.repeat(np.arange(40), 10)
    of_rows = metric_change(old, new, "auroc")
    of_customers = metric_change(old, replace(new, table={**new.table, "customer": customer}), "auroc")
    assert of_rows.value == of_customers.value and of_rows != of_customers


def test_only_what_both_tests_hold_is_compared_row_by_row() -> None:
    old, new = rivals(n=100)
    first, second = shared(without(old, np.arange(10)), without(new, np.arange(80, 100)))
    assert list(first.table["id"]) == list(second.table["id"]) and len(first.table["id"]) == 70
    assert np.array_equal(first.table["truth"], second.table["truth"])


def test_of_one_class_the_change_is_not_defined() -> None:
    one = evaluated(np.zeros(40, np.int64), np.linspace(-1, 1, 40))
    assert np.isnan(metric_change(one, one, "average_precision").value)
