"""The frozen test of the version in use, for challengers that were compared on other examples."""

from __future__ import annotations

import pytest

from core.training.gate import judge
from core.training.home_test import home_check
from tests.training.tables import SAME_COSTS, rivals


@pytest.mark.parametrize(
    ("old", "new", "expected"), [(2.0, 3.0, "pass"), (3.0, 1.0, "fail")], ids=["better there too", "worse there"]
)
def test_what_was_promised_before_counts(old, new, expected):
    check = home_check(*rivals(n=600, old=old, new=new), "auroc")
    assert check.result == expected
    assert check.low is not None and check.high is not None and check.low <= check.value <= check.high
    assert "600 examples of made" in str(check.message)


def test_an_unmeasured_promise_keeps_the_gate_shut():
    better = judge(*rivals(n=600, old=1.5, new=3.0), SAME_COSTS)
    champion, challenger = rivals(n=600, seed=1, old=2.0, new=2.5)
    assert better.result == "pass"
    assert better.and_also(home_check(champion, None, "auroc")).result == "undecided"
    assert better.and_also(home_check(champion, challenger, "auroc")).result == "pass"
    worse = home_check(*rivals(n=600, seed=1, old=3.0, new=1.0), "auroc")
    assert better.and_also(worse).result == "fail"
    assert better.and_also(worse).as_dict()["checks"][-1]["name"] == "home"
