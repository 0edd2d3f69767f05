"""Payments in every shape that banks, shops and public data sets send them in."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data import read_transactions
from core.data.read_transactions import ROLES, guess_columns, open_table, open_transactions, preview
from core.data.transaction_columns import TRANSACTION_ROLES
from core.data.transactions import FRAUD, GENUINE, UNKNOWN, Transactions
from core.errors import InputRefused
from core.settings import settings


def csv(**columns: object) -> bytes:
    return pd.DataFrame(columns).to_csv(index=False).encode()


def said(transactions: Transactions) -> str:
    return "\n".join([*map(str, transactions.notices), *(str(row.message) for row in transactions.refused)])


def refused(data: bytes, columns: dict[str, str] | None = None, need_label: bool = True) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        open_transactions(data, "bank.csv", columns, need_label=need_label)
    assert str(caught.value.message) and str(caught.value.hint)
    return caught.value


TIMES = [f"2024-05-01 10:0{n}:00" for n in (3, 1, 2, 0)]
BANK = csv(
    tx_id=["a", "b", "c", "d"],
    tx_datetime=TIMES,
    card_id=["007", "7", "", "007"],
    merchant=["x", "y", "x", ""],
    amount=[3.5, 1, 2, 0.25],
    is_fraud=[1, 0, 0, 0],
    country=["NA", "DE", "NA", ""],
    items=[1, 2, "", 4],
)


def test_columns_are_found_and_rows_sorted_by_time() -> None:
    table = open_transactions(BANK, "bank.csv", need_label=True)
    assert table.columns == {
        "id": "tx_id",
        "time": "tx_datetime",
        "customer": "card_id",
        "terminal": "merchant",
        "amount": "amount",
        "label": "is_fraud",
    }
    assert table.ids.tolist() == ["d", "b", "c", "a"]
    assert table.amount.tolist() == [0.25, 1, 2, 3.5]
    assert table.time is not None and table.time.dtype == "datetime64[s]" and (np.diff(table.time) > 0).all()
    assert table.customer is not None and [table.customers[c] if c >= 0 else "" for c in table.customer] == [
        "007",
        "7",
        "",
        "007",
    ]
    assert table.terminal is not None and table.terminal.dtype == np.int32 and table.terminal[0] == -1
    assert table.label is not None and table.label.tolist() == [0, 0, 0, 1]
    assert table.categories["country"].tolist() == ["", "DE", "NA", "NA"]
    np.testing.assert_array_equal(table.numbers["items"], [4, 2, np.nan, 1])
    assert table.name == "bank.csv" and table.refused == ()
    assert [str(notice).split(":")[0] for notice in table.notices] == ["Column card_id", "Column merchant"]


def test_contents_give_the_hash() -> None:
    table = open_transactions(BANK, "bank.csv")
    assert table.sha256 == open_transactions(BANK.replace(b",", b";"), "other.csv").sha256
    assert table.sha256 != open_transactions(BANK.replace(b"3.5", b"3.6"), "bank.csv").sha256
    assert len(table.sha256) == 64


def test_rows_of_one_time_keep_their_order() -> None:
    data = csv(id=list("abcd"), time=["2024-05-01"] * 4, amount=[4, 3, 2, 1])
    assert open_transactions(data, "a.csv").ids.tolist() == list("abcd")


def test_unusable_rows_are_listed_with_their_numbers() -> None:
    amounts = [*map(str, range(1, 19)), "", "abc"]
    times = ["2024-05-01 10:00:00"] * 20
    times[4] = "2024-13-01"
    table = open_transactions(csv(time=times, amount=amounts), "bank.csv")
    assert len(table) == 17 and "5" not in table.ids.tolist()
    assert [row.name for row in table.refused] == ["bank.csv #19", "bank.csv #20", "bank.csv #5"]
    words = said(table)
    for part in (
        "Row 19: amount is empty",
        "Row 20: amount cannot be read: abc",
        "Row 5: time cannot be read: 2024-13",
    ):
        assert part in words
    assert "could not be used: 3" in words


def test_too_many_unusable_rows_refuse_the_table() -> None:
    amounts = ["1"] * 79 + ["inf"] * 21
    assert refused(csv(amount=amounts), need_label=False).code == "table.mostly_unusable"
    assert len(open_transactions(csv(amount=["1"] * 80 + ["1e400"] * 20), "a.csv")) == 80


def test_negative_and_zero_amounts_are_kept_and_counted() -> None:
    table = open_transactions(csv(amount=[-5, 0, 3]), "a.csv")
    assert table.amount.tolist() == [-5, 0, 3]
    assert "below zero, which were kept as refunds: 1" in said(table) and "zero, which were kept: 1" in said(table)


def test_text_labels_and_unknown_ones() -> None:
    labels = ["ok", "Fraud ", "unknown", "", "OK"]
    table = open_transactions(csv(amount=[1, 2, 3, 4, 5], status=labels), "a.csv", need_label=True)
    assert table.label is not None
    assert table.label.tolist() == [GENUINE, FRAUD, UNKNOWN, UNKNOWN, GENUINE]
    assert "without a known label: 2; they are not taken for genuine" in said(table)


def test_other_labels_are_refused_and_listed() -> None:
    error = refused(csv(amount=[1, 2, 3], label=["ok", "fraud", "frad"]), {"label": "label"})
    assert error.code == "columns.unknown_labels" and "frad" in str(error.message)
    error = refused(csv(amount=[1, 2, 3], label=[0, 1, -1]), {"label": "label"})
    assert "-1" in str(error.message)


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], ["", "unknown", ""], [0, "", 0]])
def test_one_class_cannot_be_learned_from(labels: list[object]) -> None:
    data = csv(amount=[1, 2, 3], is_fraud=labels)
    assert refused(data, {"label": "is_fraud"}).code == "transactions.one_class"
    assert len(open_transactions(data, "a.csv", {"label": "is_fraud"})) == 3


def test_missing_columns_say_what_there_is() -> None:
    error = refused(csv(foo=[1, 2], bar=["x", "y"]))
    assert error.code == "transactions.no_amount" and "foo, bar" in str(error.hint)
    error = refused(csv(amount=[1, 2], bar=["x", "y"]))
    assert error.code == "transactions.no_label" and "amount, bar" in str(error.hint)


def test_without_times_and_customers() -> None:
    table = open_transactions(csv(amount=[3, 1, 2], class_=[0, 1, 0]), "a.csv", {"label": "class_"}, need_label=True)
    assert table.time is None and table.customer is None and table.customers == () and table.terminal is None
    assert table.ids.tolist() == ["1", "2", "3"] and table.amount.tolist() == [3, 1, 2]
    assert "no column of times" in said(table)


def test_mapping_of_a_person() -> None:
    data = csv(a=[1, 2], b=[3, 4], when=["2024-05-01", "2024-05-02"], time=["2023-01-02", "2023-01-01"])
    table = open_transactions(data, "a.csv", {"amount": "B", "time": "when", "id": ""})
    assert table.columns == {"amount": "b", "time": "when"} and table.amount.tolist() == [3, 4]
    assert open_transactions(data, "a.csv", {"amount": "b", "time": ""}).time is None
    for columns, code, words in (
        ({"price": "a"}, "columns.unknown_role", "amount"),
        ({"amount": "c"}, "columns.unknown_column", "a, b, when, time"),
        ({"amount": "a", "customer": "a"}, "columns.used_twice", "a"),
    ):
        error = refused(data, columns)
        assert error.code == code and words in f"{error.message} {error.hint}"


def test_guess_and_preview() -> None:
    table = open_table(BANK, "bank.csv")
    assert guess_columns(table)["amount"] == "amount"
    assert preview(table).shape == (4, 8) and preview(table)["card_id"].tolist()[0] == "007"
    assert {role.name for role in TRANSACTION_ROLES} == set(ROLES)


def test_repeated_ids_become_row_numbers() -> None:
    table = open_transactions(csv(id=["a", "b", "a", ""], amount=[1, 2, 3, 4]), "a.csv")
    assert table.ids.tolist() == ["a", "b", "#3", "#4"] and "go by their row numbers: 2" in said(table)
    table = open_transactions(csv(id=["#2", "b", "b"], amount=[1, 2, 3]), "a.csv")
    assert len(set(table.ids.tolist())) == 3
    table = open_transactions(csv(id=["x" * 101, "b"], amount=[1, 2]), "a.csv")
    assert table.ids.tolist() == ["1", "2"] and "too long" in said(table)


def test_nobodys_cells_are_no_customer() -> None:
    table = open_transactions(csv(amount=[1, 2, 3, 4], card=["", "NULL", "NA", "4.53E+15"], shop=["x"] * 4), "a.csv")
    assert table.customers == ("NA", "4.53E+15") and table.customer is not None
    assert table.customer.tolist() == [-1, -1, 0, 1]
    assert "card: empty cells, which belong to nobody: 2" in said(table) and "rounded numbers such as 4.53E+15" in said(
        table
    )


def test_days_without_an_hour_are_said() -> None:
    assert "without an hour" in said(open_transactions(csv(amount=[1, 2], date=["2024-05-01", "2024-05-02"]), "a.csv"))


def test_bad_cells_of_further_columns_are_listed() -> None:
    cells = [*map(str, range(1, 20)), "abc"]
    table = open_transactions(csv(amount=range(20), score=cells, note=["x"] * 20, none=[""] * 20), "a.csv")
    assert np.isnan(table.numbers["score"]).tolist() == [False] * 19 + [True]
    assert "count as empty: 1 (20: abc)" in said(table) and "empty and were left out: none" in said(table)
    assert list(table.categories) == ["note"]


def test_codes_stay_text() -> None:
    table = open_transactions(csv(amount=[1, 2], zip=["01234", "98765"]), "a.csv")
    assert table.categories["zip"].tolist() == ["01234", "98765"] and not table.numbers


def test_file_like_the_card_data_of_kaggle() -> None:
    random = np.random.default_rng(0)
    columns: dict[str, object] = {"Time": np.sort(random.integers(0, 172_792, 500)).astype(float)}
    columns |= {f"V{n}": random.normal(size=500) for n in range(1, 29)}
    labels = np.where(np.arange(500) % 50 == 0, 1, 0)
    table = open_transactions(csv(**columns, Amount=random.gamma(1, 80, 500), Class=labels), "c.csv", need_label=True)
    assert table.columns == {"time": "Time", "amount": "Amount", "label": "Class"}
    assert len(table.numbers) == 28 and table.label is not None and table.label.sum() == 10
    assert table.time is not None and table.time[0] >= np.datetime64("1970-01-01")
    assert "seconds after the first row" in said(table)


def test_gbk_with_semicolons() -> None:
    text = "交易编号;交易时间;客户号;商户;金额;是否欺诈\n"
    text += "1;2024年5月1日 10:00:00;甲;便利店;￥1,200.50;正常\n2;2024年5月2日 10:00:00;乙;便利店;３５;欺诈\n"
    table = open_transactions(text.encode("gbk"), "a.csv", need_label=True)
    assert table.amount.tolist() == [1200.5, 35] and table.customers == ("甲", "乙")
    assert table.label is not None and table.label.tolist() == [0, 1]
    assert all(part in said(table) for part in ("GB18030", "semicolon", "were read as 1200.5"))


def test_parquet_and_csv_give_the_same() -> None:
    frame = pd.read_csv(io.BytesIO(BANK), parse_dates=["tx_datetime"], dtype={"card_id": str}, keep_default_na=False)
    buffer = io.BytesIO()
    frame.assign(items=[1.0, 2.0, None, 4.0]).to_parquet(buffer)
    assert open_transactions(buffer.getvalue(), "a.parquet").sha256 == open_transactions(BANK, "a.csv").sha256


@pytest.mark.slow
def test_401000_rows_with_4500_categories() -> None:
    count = 401_000
    random = np.random.default_rng(0)
    data = csv(
        amount=random.gamma(1, 80, count).round(2),
        status=np.where(random.random(count) < 0.01, "fraud", np.where(random.random(count) < 0.1, "unknown", "ok")),
        category=[f"kind {n}" for n in random.integers(0, 4500, count)],
    )
    table = open_transactions(data, "a.csv", need_label=True)
    assert len(table) == count and len(np.unique(table.categories["category"])) == 4500


@pytest.mark.data
@pytest.mark.slow
def test_handbook() -> None:
    folder = _public("handbook_simulated")
    table = open_transactions(folder, "handbook", need_label=True)
    assert len(table) == 1_754_155 and len(table.customers) == 4_990 and len(table.terminals) == 10_000
    assert table.label is not None and int(table.label.sum()) == 14_681
    assert table.ids[:2].tolist() == ["0", "1"] and set(table.columns) == set(ROLES)
    assert table.scenario is not None and (table.scenario == "2").sum() == 9_077
    assert not table.numbers and not table.categories


@pytest.mark.data
def test_aws() -> None:
    folder = _public("aws_synthetic_transactions")
    table = open_transactions(folder, "aws", need_label=True)
    assert table.columns == {
        "id": "EVENT_ID",
        "time": "EVENT_TIMESTAMP",
        "customer": "ENTITY_ID",
        "terminal": "merchant",
        "amount": "order_price",
        "label": "EVENT_LABEL",
    }
    assert table.label is not None
    assert np.unique(table.label, return_counts=True)[1].tolist() == [801, 715, 95]
    assert len(table.customers) == 248 and len(table.terminals) == 601
    assert "LABEL_TIMESTAMP" in said(table) and "LABEL_TIMESTAMP" not in table.categories


def _public(name: str) -> Path:
    data = settings().data
    assert data is not None
    if not (folder := data / "fraud" / name).is_dir():
        pytest.skip(f"{name} is not below VITRINE_DATA")
    return folder


def test_an_amount_that_nobody_can_pay_is_listed_and_left_out() -> None:
    amounts = ["1e39", "-200000000000", "100000000000", *("12.5" for _ in range(30))]
    table = open_transactions(csv(amount=amounts), "bank.csv")
    assert table.amount.tolist() == [1e11, *[12.5] * 30]
    assert [str(row.message) for row in table.refused] == [
        "Row 1: amount cannot be read: 1e39.",
        "Row 2: amount cannot be read: -200000000000.",
    ]


def test_one_long_scenario_does_not_take_memory_for_every_row() -> None:
    n = 400
    data = csv(amount=range(1, n + 1), tx_fraud_scenario=["s" * 90_000, *("1" for _ in range(n - 1))])
    table = open_transactions(data, "bank.csv", {"scenario": "tx_fraud_scenario"})
    assert table.scenario is not None and table.scenario[1] == "1"
    assert table.scenario.nbytes == 400 * n


def test_texts_that_take_too_much_memory_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = csv(amount=[1, 2], kind=["a" * 50, "b"], scenario=["c" * 60, "d"], shop=["x", "y"])
    monkeypatch.setattr(read_transactions, "_TEXT_BYTES", 500)
    table = open_transactions(data, "bank.csv", {"scenario": "scenario", "terminal": ""})
    assert table.scenario is not None and set(table.categories) == {"shop"}
    assert "Columns of long texts that were left out: kind." in said(table)
    monkeypatch.setattr(read_transactions, "_TEXT_BYTES", 100)
    table = open_transactions(data, "bank.csv", {"scenario": "scenario", "terminal": ""})
    assert table.scenario is None and "long texts that were left out: scenario." in said(table)


@pytest.mark.parametrize("ignore", ["risk|Card Type", "risk", '"Card Type"', "card_type | RISK"])
def test_columns_are_left_out(ignore):
    data = b"amount,customer,risk,Card Type\n1,a,7,x\n2,b,8,y\n"
    found = open_transactions(data, "a.csv", {"ignore": ignore})
    left = {name for name in ("risk", "Card Type") if name.casefold() not in ignore.casefold().replace("_", " ")}
    assert {*found.numbers, *found.categories} == left
    assert "ignore" not in found.columns


def test_a_column_that_is_left_out_is_not_guessed_and_has_no_role():
    data = b"amount,amt,customer\n1,5,a\n2,6,b\n"
    assert open_transactions(data, "a.csv", {"ignore": "amount|customer"}).amount.tolist() == [5, 6]
    assert open_transactions(data, "a.csv", {"ignore": "customer"}).customer is None
    for columns, code in (
        ({"ignore": "nothing"}, "columns.unknown_column"),
        ({"amount": "amt", "ignore": "amt"}, "columns.used_twice"),
    ):
        with pytest.raises(InputRefused) as refused:
            open_transactions(data, "a.csv", columns)
        assert refused.value.code == code
