"""One transaction on top of a bank: nothing of the future, nobody else's rows, the same columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.new_transaction import NewTransaction, on_history, recent, row_with_history, transaction_at
from core.data.transactions import FRAUD, UNKNOWN, Transactions

START = np.datetime64("2026-03-01T10:00:00", "s")


def bank() -> Transactions:
    """Ten days, one row a day; customers a, b in turn, terminals x, y, z in turn; row 1 is a fraud at y."""
    n = 10
    return Transactions(
        ids=np.array([f"t{row}" for row in range(n)]),
        amount=np.arange(10.0, 20.0),
        time=START + np.arange(n) * np.timedelta64(1, "D"),
        customer=(np.arange(n) % 2).astype(np.int32),
        customers=("a", "b"),
        terminal=(np.arange(n) % 3).astype(np.int32),
        terminals=("x", "y", "z"),
        label=np.where(np.arange(n) == 1, 1, 0).astype(np.int8),
        numbers={"age": np.full(n, 30.0)},
        categories={"kind": np.array(["chip", "web"] * 5)},
    )


def test_history_is_what_the_bank_knew_of_both_and_nothing_later() -> None:
    new = NewTransaction(50.0, START + np.timedelta64(6, "D"), "a", "y", {"age": 41.0})
    table = on_history(bank(), new)
    assert list(table.ids) == ["t0", "t1", "t2", "t4", "new"], "a: 0 2 4, y: 1 4; row 6 has the same second"
    assert table.context == len(table) - 1
    assert (table.amount[-1], table.numbers["age"][-1], table.categories["kind"][-1]) == (50.0, 41.0, "")
    assert table.customers[table.customer[-1]] == "a" and table.terminals[table.terminal[-1]] == "y"
    assert table.label[-1] == UNKNOWN


def test_a_sample_is_not_its_own_history() -> None:
    table = on_history(bank(), transaction_at(bank(), 4))
    assert "t4" not in table.ids and table.ids[-1] == "new"
    assert table.amount[-1] == bank().amount[4] and table.categories["kind"][-1] == "chip"


def test_a_row_of_a_table_stands_behind_its_own_past() -> None:
    table = row_with_history(bank(), 4)
    assert list(table.ids) == ["t0", "t1", "t2", "t4"] and table.context == 3
    assert table.sha256 not in (bank().sha256, row_with_history(bank(), 5).sha256)
    assert row_with_history(bank(), 0).context == 0


def test_strangers_and_blanks_get_places_of_their_own() -> None:
    table = on_history(bank(), NewTransaction(1.0, START + np.timedelta64(9, "D"), "nobody", ""))
    assert table.context == 0
    assert table.customers[table.customer[0]] == "nobody" and table.terminal[0] == -1


def test_other_content_is_another_input() -> None:
    new = NewTransaction(1.0, START + np.timedelta64(9, "D"), "a", "x")
    assert on_history(bank(), new).sha256 != on_history(bank(), replace(new, amount=2.0)).sha256


@pytest.mark.parametrize(("delay", "frauds"), [(3, 1), (7, 0)])
def test_a_fraud_counts_when_it_is_known(delay: int, frauds: int) -> None:
    found = recent(bank(), NewTransaction(1.0, START + np.timedelta64(5, "D"), "b", "y"), delay)
    assert (found.customer_count, found.customer_mean) == (2, 12.0)
    assert (found.terminal_count, found.terminal_frauds) == (2, frauds)


def test_without_times_everything_is_known() -> None:
    timeless = replace(bank(), time=None)
    found = recent(timeless, NewTransaction(1.0, None, "a", "y"), 7)
    assert (found.customer_count, found.terminal_frauds) == (5, 1)
    assert on_history(timeless, NewTransaction(1.0, None, "a", "")).context == 5
    assert FRAUD in on_history(timeless, NewTransaction(1.0, None, "b", "")).label


def test_a_column_that_only_the_new_row_has_is_empty_in_its_history() -> None:
    new = NewTransaction(1.0, START + np.timedelta64(9, "D"), "a", "x", {"speed": 3.0}, {"channel": "web"})
    table = on_history(bank(), new)
    assert np.isnan(table.numbers["speed"][:-1]).all() and table.numbers["speed"][-1] == 3.0
    assert list(table.categories["channel"]) == [""] * table.context + ["web"]
    assert np.isnan(table.numbers["age"][-1])


def test_a_transaction_without_a_time_has_no_place_in_a_bank_with_times() -> None:
    with pytest.raises(ValueError, match="without a time"):
        on_history(bank(), NewTransaction(1.0, None, "a", "x"))
