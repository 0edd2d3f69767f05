"""The check of a table of payments: every trap is named, and clean data raise no alarm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.contracts import Message, Refusal
from core.data.label_leaks import LEAST_FRAUDS, column_leaks, sorted_by_label
from core.data.payments import PaymentWorld, simulate
from core.data.transaction_check import FRAUDS_MIN, NO_MONTH, TransactionReport, check_transactions
from core.data.transactions import FRAUD, GENUINE, UNKNOWN, Transactions
from core.errors import InputRefused
from core.settings import settings

DELAY = 7


@pytest.fixture(scope="module")
def payments() -> Transactions:
    return simulate(PaymentWorld(customers=400, terminals=150, days=60, seed=5, fraud_share=0.02))


def warned(rows: Transactions) -> str:
    return " | ".join(map(str, check_transactions(rows, DELAY).warnings))


def noticed(report: TransactionReport) -> str:
    return " | ".join(map(str, report.notices))


def plus(rows: Transactions, **columns: np.ndarray) -> Transactions:
    """The same rows with further columns."""
    numbers = {name: values for name, values in columns.items() if values.dtype.kind == "f"}
    categories = {name: values for name, values in columns.items() if values.dtype.kind == "U"}
    return replace(rows, numbers={**rows.numbers, **numbers}, categories={**rows.categories, **categories})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.008, 0.03])
def test_clean_data_raise_no_alarm(seed, share):
    rows = simulate(PaymentWorld(customers=800, terminals=300, days=90, seed=seed, fraud_share=share))
    rng = np.random.default_rng(seed)
    rows = plus(
        rows,
        channel=rng.choice(["chip", "online", "contactless"], len(rows)),
        device=np.array([f"d{number}" for number in rng.integers(0, 10**6, len(rows))]),
        distance=np.where(rng.random(len(rows)) < 0.1, np.nan, rng.exponential(5, len(rows))),
        age=rng.integers(18, 90, len(rows)).astype(float),
        hint=rows.label + rng.normal(0, 0.6, len(rows)),
    )
    report = check_transactions(rows, DELAY)
    assert not report.warnings, [str(said) for said in report.warnings]
    assert not report.blocking
    assert report.duplicates == 0
    report.refuse_if_blocked()


def test_counts_span_and_amounts(payments):
    report = check_transactions(payments, DELAY)
    assert list(report.counts) == ["2025-01", "2025-02", "2025-03"]
    march = payments.time >= np.datetime64("2025-03-01")
    assert report.counts["2025-03"] == {
        "genuine": int((payments.label[march] == GENUINE).sum()),
        "fraud": int((payments.label[march] == FRAUD).sum()),
        "unknown": 0,
    }
    assert report.totals["fraud"] == int((payments.label == FRAUD).sum())
    assert sum(report.totals.values()) == report.rows == len(payments)
    assert report.span == (payments.time[0], payments.time[-1])
    assert report.customers == len(np.unique(payments.customer))
    assert report.terminals == len(np.unique(payments.terminal))
    assert report.amounts.median == np.median(payments.amount)
    assert report.split is not None
    assert "answer key" in noticed(report)


@pytest.mark.slow
def test_more_than_one_currency_is_warned_of(payments):
    rng = np.random.default_rng(0)
    two = rng.choice(["EUR", "USD", ""], len(payments))
    assert "Column TX_Currency names 2 currencies (EUR, USD)" in warned(plus(payments, TX_Currency=two))
    assert "Column 币种 names 2" in warned(plus(payments, 币种=two))
    assert "currencies" not in warned(plus(payments, currency=np.where(two == "EUR", "EUR", "")))
    assert "currencies" not in warned(plus(payments, channel=two, recurring=two))


def test_an_answer_key_in_numbers_is_found(payments):
    key = np.unique(payments.scenario, return_inverse=True)[1].astype(float)
    said = warned(plus(payments, kind=key))
    assert "Column kind" in said
    assert "answer key" in said
    ranked = warned(plus(payments, risk=payments.label + np.random.default_rng(0).normal(0, 0.2, len(payments))))
    assert "Column risk alone tells" in ranked


def test_an_answer_key_whose_codes_do_not_rank_is_found(payments):
    code = np.where(payments.label == FRAUD, 5.0, np.random.default_rng(0).choice([1.0, 9.0], len(payments)))
    assert "Column code separates frauds" in warned(plus(payments, code=code))


def test_all_known_frauds_are_accounted_for(payments):
    report = check_transactions(payments, DELAY)
    parts = {part: int((payments.label[rows] == FRAUD).sum()) for part, rows in report.split.parts.items()}
    between = report.totals["fraud"] - sum(parts.values())
    assert between > 0
    said = noticed(report)
    assert f"Of {report.totals['fraud']} known frauds {parts['train']} are in the training part" in said
    assert f"The other {between} lie in the 7 days before validation and before the test" in said
    assert "known frauds" not in noticed(check_transactions(payments, 0)), "without a delay all are in a part"


def test_a_remedy_exists_for_each_leak(payments):
    amount = np.where(payments.label == FRAUD, payments.amount + 1e6, payments.amount)
    said = warned(replace(payments, amount=amount))
    assert "Column amount alone tells" in said and "No model can do without amounts" in said
    assert "leave out" not in said
    said = warned(plus(payments, risk=payments.label + np.random.default_rng(0).normal(0, 0.1, len(payments))))
    assert "“Columns to leave out” (on the command line: --column ignore=risk)" in said


def test_a_text_that_equals_the_label_is_found(payments):
    said = warned(plus(payments, scenario_text=payments.scenario))
    assert "values in column scenario_text say" in said
    assert "AUC 1.000" in said


def test_names_that_occur_once_are_no_answer_key(payments):
    names = np.array([f"n{number}" for number in range(len(payments))])
    assert not column_leaks(plus(payments, name=names))


@pytest.mark.parametrize("text", [True, False])
def test_cells_empty_for_one_class_are_found(payments, text):
    rng = np.random.default_rng(0)
    fraud = payments.label == FRAUD
    if text:
        values = np.where(fraud, rng.choice(["a", "b"], len(fraud)), "")
    else:
        values = np.where(fraud, rng.normal(size=len(fraud)), np.nan)
    assert "Column chargeback is empty for one class" in warned(plus(payments, chargeback=values))


def test_a_column_filled_where_the_label_is_known_is_found(payments):
    label = np.where(np.random.default_rng(0).random(len(payments)) < 0.5, UNKNOWN, payments.label).astype(np.int8)
    rows = replace(payments, label=label)
    said = warned(plus(rows, reviewed=np.where(label == UNKNOWN, "", "2025-03-01")))
    assert "Column reviewed is filled exactly where the label is known" in said
    assert "transactions carry no label. Unknown is not genuine" in said
    assert "filled exactly" not in warned(rows)


def test_an_amount_that_gives_the_label_away_is_named_as_in_the_file(payments):
    rows = replace(
        payments,
        amount=np.where(payments.label == FRAUD, payments.amount + 10_000, payments.amount),
        columns={**payments.columns, "amount": "order_price"},
    )
    assert "Column order_price alone tells" in warned(rows)


def test_customers_of_their_own_for_frauds_are_found(payments):
    customer = np.where(payments.label == FRAUD, payments.customer % 5, 5 + payments.customer % 300).astype(np.int32)
    assert "The values in column customer" in warned(replace(payments, customer=customer))


def test_ids_sorted_by_label_are_found(payments):
    order = np.argsort(payments.label, kind="stable")
    for prefix in ("", "T"):
        ids = np.empty(len(payments), dtype="<U12")
        ids[order] = [f"{prefix}{number:06d}" for number in range(len(payments))]
        rows = replace(payments, ids=ids)
        assert sorted_by_label(rows)
        assert "sorted by label" in warned(rows)
    in_blocks = np.concatenate([order[:1000], np.flatnonzero(payments.label == FRAUD), order[1000:]])
    ids = np.empty(len(payments), dtype="<U12")
    ids[in_blocks[::-1]] = [str(number) for number in range(len(in_blocks))]
    assert sorted_by_label(replace(payments, ids=ids))
    assert not sorted_by_label(replace(payments, ids=ids[np.random.default_rng(0).permutation(len(ids))]))


@pytest.mark.parametrize("how", ["later", "own day", "own seconds"])
def test_a_time_that_separates_the_classes_is_found(payments, how):
    fraud = payments.label == FRAUD
    time = payments.time.copy()
    if how == "later":
        time[fraud] += np.timedelta64(400, "D")
    elif how == "own day":
        time = np.where(fraud, np.datetime64("2025-02-01T12:00:00"), time)
        fine = (time.astype("datetime64[D]") != np.datetime64("2025-02-01")) | fraud
        time = np.where(fine, time, time + np.timedelta64(1, "D"))
    else:
        minutes = time.astype("datetime64[m]").astype("datetime64[s]")
        time = np.where(fraud, minutes + np.timedelta64(17, "s"), minutes)
    order = np.argsort(time, kind="stable")
    rows = replace(payments, time=time).take(order)
    assert "time alone tells" in " | ".join(map(str, check_transactions(rows, 0).warnings))


def test_repeated_rows_are_counted_and_contradictions_named(payments):
    again = np.sort(np.concatenate([np.arange(len(payments)), np.arange(0, 500)]))
    rows = payments.take(again)
    report = check_transactions(rows, DELAY)
    assert report.duplicates == 500
    assert "500 transactions repeat an earlier one" in " | ".join(map(str, report.warnings))
    label = rows.label.copy()
    label[1] = 1 - label[0]
    assert "1 repeated transactions carry another label" in warned(replace(rows, label=label))


def test_copies_of_training_rows_in_the_test_part_are_found(payments):
    split = check_transactions(payments, DELAY).split
    source, target = split.train[:2000], split.test[:2000]
    columns = {}
    for name in ("amount", "customer", "terminal"):
        values = getattr(payments, name).copy()
        values[target] = values[source]
        columns[name] = values
    report = check_transactions(replace(payments, **columns), DELAY)
    assert report.duplicates_across_split >= 2000
    assert "test transactions repeat a training transaction" in " | ".join(map(str, report.warnings))
    assert report.duplicates == 0


def test_negative_and_zero_amounts_are_counted(payments):
    amount = payments.amount.copy()
    amount[:3], amount[3:5] = -amount[:3], 0.0
    report = check_transactions(replace(payments, amount=amount), DELAY)
    assert (report.amounts.negative, report.amounts.zero) == (3, 2)
    said = " | ".join(map(str, report.warnings))
    assert "3 amounts are negative" in said
    assert "2 amounts are zero" in said


@pytest.mark.parametrize("label", [GENUINE, FRAUD])
def test_one_class_blocks(payments, label):
    report = check_transactions(replace(payments, label=np.full(len(payments), label, np.int8)), DELAY)
    assert "only one class" in str(report.blocking[0])
    with pytest.raises(InputRefused) as caught:
        report.refuse_if_blocked()
    assert caught.value.code == "data.blocked"


@pytest.mark.parametrize("label", [None, UNKNOWN])
def test_no_labels_block(payments, label):
    labels = None if label is None else np.full(len(payments), label, np.int8)
    report = check_transactions(replace(payments, label=labels), DELAY)
    assert "No transaction is labelled" in str(report.blocking[0])
    assert report.totals == {"genuine": 0, "fraud": 0, "unknown": len(payments)}


@pytest.mark.parametrize(("frauds", "blocks"), [(FRAUDS_MIN - 1, True), (FRAUDS_MIN, False)])
def test_too_few_frauds_block(payments, frauds, blocks):
    label = np.zeros(len(payments), np.int8)
    label[np.linspace(0, len(payments) - 1, frauds).astype(int)] = FRAUD
    report = check_transactions(replace(payments, label=label), DELAY)
    assert bool(report.blocking) == blocks
    if blocks:
        assert f"There are {frauds} known frauds; at least {FRAUDS_MIN}" in str(report.blocking[0])
    else:
        assert "figures are uncertain" in " | ".join(map(str, report.warnings))


def test_a_span_that_allows_no_split_blocks_in_the_words_of_the_split(payments):
    report = check_transactions(payments.take(payments.time < payments.time[0] + np.timedelta64(10, "D")), DELAY)
    assert "at least 17 are needed" in str(report.blocking[0])
    assert report.split is None


def test_without_times_the_check_says_what_cannot_be_measured(payments):
    report = check_transactions(replace(payments, time=None), DELAY)
    assert list(report.counts) == [NO_MONTH]
    assert report.span is None
    assert not report.blocking
    assert "cannot be measured" in noticed(report)


def test_amounts_alone_are_no_duplicates(payments):
    bare = replace(payments, time=None, customer=None, customers=(), terminal=None, terminals=())
    bare = replace(bare, amount=np.round(bare.amount))
    report = check_transactions(bare, DELAY)
    assert report.duplicates == 0
    assert "no customer column" in noticed(report)
    assert "no terminal column" in noticed(report)


def test_constant_columns_are_named(payments):
    rows = plus(payments, country=np.full(len(payments), "NL"), version=np.full(len(payments), 2.0))
    report = check_transactions(replace(rows, terminal=np.zeros(len(rows), np.int32)), DELAY)
    said = noticed(report)
    assert "left out: version, country" in said
    assert "Column terminal has the same value" in said


def test_times_in_the_future_and_refused_rows_are_said(payments):
    time = payments.time.copy()
    time[-4:] = np.datetime64("2190-01-01T00:00:00")
    refusal = Refusal("row 17", "table.cell", Message("Row 17 is no number."), Message(""))
    said = warned(replace(payments, time=time, refused=(refusal,)))
    assert "4 transactions lie in the future" in said
    assert "could not be used: 1. First: Row 17" in said


def test_frauds_too_few_to_tell_from_chance_are_not_judged(payments):
    label = np.zeros(len(payments), np.int8)
    label[: LEAST_FRAUDS - 1] = FRAUD
    assert not column_leaks(plus(replace(payments, label=label), key=label.astype(float)))
    assert not sorted_by_label(replace(payments, label=label))


def test_nothing_at_all_is_reported_as_such(payments):
    report = check_transactions(payments.take(np.zeros(0, np.int64)), DELAY)
    assert report.rows == 0
    assert report.blocking


def public(name: str, file: str) -> Path:
    data = settings().data
    if data is None or not (data / "fraud" / name / file).is_file():
        pytest.skip(f"needs {name} below VITRINE_DATA")
    return data / "fraud" / name / file


@pytest.mark.data
def test_the_answer_key_of_the_handbook_is_found():
    frame = pd.read_parquet(public("handbook_simulated", "transactions.parquet")).iloc[::4]
    customer, names = pd.factorize(frame["CUSTOMER_ID"])
    terminal, places = pd.factorize(frame["TERMINAL_ID"])
    clean = Transactions(
        ids=frame["TRANSACTION_ID"].to_numpy().astype(str),
        amount=frame["TX_AMOUNT"].to_numpy(float),
        time=frame["TX_DATETIME"].to_numpy().astype("datetime64[s]"),
        customer=customer.astype(np.int32),
        customers=tuple(map(str, names)),
        terminal=terminal.astype(np.int32),
        terminals=tuple(map(str, places)),
        label=frame["TX_FRAUD"].to_numpy(np.int8),
    )
    assert "alone" not in warned(clean)
    keyed = plus(clean, TX_FRAUD_SCENARIO=frame["TX_FRAUD_SCENARIO"].to_numpy(float))
    assert "Column TX_FRAUD_SCENARIO alone tells" in warned(keyed)


@pytest.mark.data
def test_the_label_times_of_aws_are_found():
    frame = pd.read_csv(public("aws_synthetic_transactions", "transaction_data_2K_coldstart.csv"))
    frame = frame.sort_values("EVENT_TIMESTAMP", kind="stable")
    rows = Transactions(
        ids=frame["EVENT_ID"].to_numpy().astype(str),
        amount=frame["order_price"].to_numpy(float),
        time=pd.to_datetime(frame["EVENT_TIMESTAMP"]).dt.tz_localize(None).to_numpy().astype("datetime64[s]"),
        label=frame["EVENT_LABEL"].fillna(UNKNOWN).to_numpy(np.int8),
        categories={
            name: frame[name].fillna("").astype(str).to_numpy().astype(np.str_)
            for name in ("LABEL_TIMESTAMP", "customer_name", "merchant", "product_category", "ip_address")
        },
    )
    said = warned(rows)
    assert "Column LABEL_TIMESTAMP is filled exactly where the label is known" in said
    assert said.count("Column ") == 1
    assert "801 of 1611 transactions carry no label" in said
