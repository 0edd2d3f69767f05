"""Roles of columns by name and by what their cells can be."""

from __future__ import annotations

import pandas as pd
import pytest

from core.data.cells import is_number, is_text
from core.data.columns import SAMPLE_ROWS, Role, check_mapping, guess_roles, named, plain_name, sample_rows
from core.data.transaction_columns import TRANSACTION_ROLES

ROLES = (Role("text", ("text|review", ".*text.*"), is_text), Role("stars", ("stars|rating",), is_number))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("TransactionAmt ($)", "transaction_amt"),
        ("isFraud", "is_fraud"),
        ("Is Fraud?", "is_fraud"),
        ("TX_FRAUD", "tx_fraud"),
        ("  order--price ", "order_price"),
        ("客户ID", "客户id"),
        ("ＡＭＯＵＮＴ", "amount"),
        ("card1", "card1"),
    ],
)
def test_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells) for name, cells in columns.items()})


def test_the_surest_name_that_fits_is_taken() -> None:
    table = frame(context_text=["a"], Review=["b"], rating=["good"], stars=["5"])
    assert guess_roles(table, ROLES, {}) == {"text": "Review", "stars": "stars"}
    assert guess_roles(table, ROLES, {"text": "context_text"}) == {"text": "context_text", "stars": "stars"}
    assert guess_roles(table, ROLES, {"stars": ""}) == {"text": "Review"}
    assert guess_roles(frame(rating=["good"]), ROLES, {}) == {}


def test_no_column_is_used_twice() -> None:
    twice = (Role("a", ("x",), is_text), Role("b", ("x|y",), is_text))
    assert guess_roles(frame(x=["1"], y=["2"]), twice, {}) == {"a": "x", "b": "y"}
    assert guess_roles(frame(x=["1"]), twice, {"b": "x"}) == {"b": "x"}


def test_mapping_is_checked() -> None:
    columns = ["Review", "review", "Stars"]
    assert check_mapping({"text": "review", "stars": "STARS"}, ROLES, columns, "a.csv") == {
        "text": "review",
        "stars": "Stars",
    }
    assert check_mapping({"text": "Review"}, ROLES, columns, "a.csv") == {"text": "Review"}
    assert check_mapping({"text": "", "stars": ""}, ROLES, columns, "a.csv") == {"text": "", "stars": ""}


def test_names_in_messages_are_cut() -> None:
    assert named(["a", "b"]) == "a, b"
    assert named([str(n) for n in range(40)]).endswith("29, … (40)")


def test_samples_are_spread() -> None:
    assert len(sample_rows(frame(a=[1, 2, 3]))) == 3
    spread = sample_rows(pd.DataFrame({"a": range(10 * SAMPLE_ROWS)}))
    assert len(spread) == SAMPLE_ROWS and spread["a"].iloc[-1] == 10 * SAMPLE_ROWS - 1


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (
            {
                "TransactionID": "1",
                "isFraud": "0",
                "TransactionDT": "86400",
                "TransactionAmt": "68.5",
                "card1": "13926",
            },
            {
                "id": "TransactionID",
                "label": "isFraud",
                "time": "TransactionDT",
                "amount": "TransactionAmt",
                "customer": "card1",
            },
        ),
        (
            {
                "trans_date_trans_time": "2019-01-01 00:00:18",
                "cc_num": "2703186189652095",
                "merchant": "fraud_Rippin",
                "category": "misc_net",
                "amt": "4.97",
                "trans_num": "0b242abb623afc578575680df30655b9",
                "unix_time": "1325376018",
                "is_fraud": "0",
            },
            {
                "time": "trans_date_trans_time",
                "customer": "cc_num",
                "terminal": "merchant",
                "amount": "amt",
                "id": "trans_num",
                "label": "is_fraud",
            },
        ),
        (
            {
                "step": "1",
                "type": "PAYMENT",
                "amount": "9839.64",
                "nameOrig": "C1231006815",
                "nameDest": "M1979787155",
                "isFraud": "0",
                "isFlaggedFraud": "0",
            },
            {"amount": "amount", "customer": "nameOrig", "terminal": "nameDest", "label": "isFraud"},
        ),
        (
            {
                "交易编号": "1",
                "交易时间": "2024-05-01",
                "卡号": "6222",
                "商户编号": "88",
                "交易金额": "5",
                "是否欺诈": "否",
            },
            {
                "id": "交易编号",
                "time": "交易时间",
                "customer": "卡号",
                "terminal": "商户编号",
                "amount": "交易金额",
                "label": "是否欺诈",
            },
        ),
    ],
    ids=["ieee-cis", "sparkov", "paysim", "chinese"],
)
def test_public_data_sets(columns: dict[str, str], roles: dict[str, str]) -> None:
    table = frame(**{name: [cell] for name, cell in columns.items()})
    assert guess_roles(table, TRANSACTION_ROLES, {}) == roles
