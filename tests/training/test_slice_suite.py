"""The gate's question about the frozen suite: the same lines, slice by slice, without chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.contracts import Evaluation
from core.training.gate import check_from
from core.training.slice_suite import COLUMN, by_slice, suite_check
from tests.training.tables import evaluated

SLICES = {"negation": 56, "sarcasm": 52}


def suite(wrong: dict[str, int], fingerprint: str = "suite") -> Evaluation:
    """A suite in which so many lines of each slice are read wrong."""
    names = np.repeat(list(SLICES), list(SLICES.values()))
    truth = np.arange(len(names)) % 2
    logit = np.where(truth == 1, 2.0, -2.0)
    for name, count in wrong.items():
        logit[np.flatnonzero(names == name)[:count]] *= -1
    return evaluated(truth, logit, fingerprint, **{COLUMN: names})


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ({"negation": 5}, {"negation": 5}, "pass"),
        ({"negation": 5}, {"negation": 6}, "pass"),
        ({"negation": 5}, {"negation": 7}, "fail"),
        ({"sarcasm": 9}, {"sarcasm": 10}, "pass"),
        ({"sarcasm": 9}, {"sarcasm": 11}, "fail"),
        ({"negation": 20, "sarcasm": 9}, {"sarcasm": 11}, "fail"),
        ({}, {}, "pass"),
    ],
)
def test_a_slice_may_lose_two_points_and_no_more(old, new, result):
    assert suite_check(suite(old), suite(new)).result == result


def test_the_message_names_the_slice_both_figures_and_how_many_lines():
    check = suite_check(suite({"sarcasm": 13, "negation": 3}), suite({"sarcasm": 26, "negation": 4}))
    assert str(check.message) == (
        "Of 52 lines of our own with sarcasm it reads 50.0 % right instead of 75.0 %, which is more than 2 points "
        "less. Slices that fall so far: 1 of 2."
    )
    assert check.value == pytest.approx(-0.25)


def test_what_passes_says_how_near_it_came():
    said = str(suite_check(suite({"negation": 5}), suite({"negation": 6})).message)
    assert "greatest change for the worse: " in said
    assert "negation, 89.3 % right instead of 91.1 % (n = 56)" in said and "108 in all" in said


def test_where_nothing_gets_worse_no_slice_is_named():
    same = str(suite_check(suite({"negation": 5}), suite({"negation": 5})).message)
    assert same == "On each of 2 slices of our own lines (108 in all) it reads as many right as before."
    better = str(suite_check(suite({"negation": 5}), suite({"negation": 4})).message)
    assert "2 slices of our own lines (108 in all) does it read less right than before; on 1 it" in better


def test_the_order_of_the_lines_does_not_matter():
    new = suite({"sarcasm": 3})
    turned = replace(new, table={name: column[::-1] for name, column in new.table.items()})
    assert suite_check(suite({"sarcasm": 3}), turned).result == "pass"


@pytest.mark.parametrize("other", [None, suite({}, "another suite"), replace(suite({}), table={"id": np.array(["x"])})])
def test_other_lines_say_nothing(other):
    assert suite_check(other, suite({})).result == "undecided"
    assert suite_check(suite({}), other).result == "undecided"


def test_a_check_of_the_suite_outlasts_its_promotion():
    check = suite_check(suite({"negation": 1}), suite({"negation": 9}))
    from core.training.gate import Verdict

    entry = Verdict("fail", (check,), None).as_dict()["checks"][0]
    assert str(check_from(entry).message) == str(check.message)


def test_each_slice_is_counted_with_its_interval():
    found = {part.name: part for part in by_slice(suite({"sarcasm": 13}))}
    assert (found["sarcasm"].right, found["sarcasm"].n) == (39, 52)
    accuracy = found["sarcasm"].accuracy
    assert (accuracy.value, accuracy.n) == (0.75, 52) and accuracy.low < 0.75 < accuracy.high
    assert found["negation"].accuracy.value == 1
