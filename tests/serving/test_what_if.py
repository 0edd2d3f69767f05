"""What-if: the nearest change is found, and the absence of one is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.data.new_transaction import NewTransaction
from core.data.transactions import Transactions
from core.serving import what_if
from tests.data.test_new_transaction import START, bank

NEW = NewTransaction(40.0, START + np.timedelta64(8, "D"), "a", "x")


def by(rule) -> what_if.Score:
    """A score from the last row of each table."""

    def score(tables: Sequence[Transactions]) -> np.ndarray:
        return np.array([float(rule(table)) for table in tables])

    return score


@pytest.mark.parametrize(("amount", "limit"), [(40.0, 220.0), (400.0, 220.0), (40.0, 41.0)])
def test_the_amount_is_close_to_where_the_decision_turns(amount: float, limit: float) -> None:
    score = by(lambda table: table.amount[-1] > limit)
    found = what_if.other_amount(bank(), replace(NEW, amount=amount), score, 0.5, (1.0, 3000.0))
    assert found.to is not None and (found.to > limit) != (amount > limit)
    assert abs(found.to - limit) < 0.15 * limit
    assert found.score == (0.0 if amount > limit else 1.0)


def test_no_amount_that_was_tried_changes_anything() -> None:
    found = what_if.other_amount(bank(), NEW, by(lambda _: 0.2), 0.5, (1.0, 3000.0))
    assert found.to is None and found.tried >= what_if.AMOUNTS


def test_the_nearest_hour_of_the_same_day() -> None:
    def night(table: Transactions) -> bool:
        return bool((table.time[-1] - table.time[-1].astype("datetime64[D]")) < np.timedelta64(6, "h"))

    found = what_if.other_hour(bank(), NEW, by(night), 0.5)
    assert found.to == 5
    moved = what_if.with_hour(NEW, 5)
    assert str(moved.time) == "2026-03-09T05:00:00" and what_if.hour_of(moved) == 5


def test_the_first_terminal_that_changes_the_decision() -> None:
    score = by(lambda table: table.terminals[table.terminal[-1]] == "z")
    assert what_if.other_terminal(bank(), NEW, score, 0.5, ("y", "z")).to == "z"
    assert what_if.other_terminal(bank(), NEW, score, 0.5, ("y",)).to is None


def test_usual_terminals_are_the_customers_own_most_frequent_first() -> None:
    late = replace(NEW, time=START + np.timedelta64(30, "D"))
    assert what_if.usual_terminals(bank(), late) == ("x", "z", "y")
    assert what_if.usual_terminals(bank(), replace(late, customer="nobody"), 1) == ("x",)
    assert what_if.usual_terminals(replace(bank(), terminal=None), late) == ()


def test_terminals_of_later_payments_are_not_known_yet() -> None:
    early = replace(NEW, time=START + np.timedelta64(3, "D"))
    assert what_if.usual_terminals(bank(), early) == ("x", "z")
    assert what_if.usual_terminals(bank(), replace(early, customer="nobody")) == ("x", "y", "z")
    assert what_if.usual_terminals(bank(), replace(early, time=START)) == ()
