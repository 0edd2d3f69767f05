"""The roles that columns of payments play, by the names that banks, shops and public data sets give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.data.cells import is_number, read_labels
from core.data.columns import Role, check_mapping, exact_name, guess_roles, used_twice
from core.data.mapping import IGNORE, parse_names
from core.data.times import is_time
from core.data.transactions import FRAUD, GENUINE, UNKNOWN
from core.errors import InputRefused
from core.intake.tables import Table

KNOWN_LABELS: Mapping[str, int] = {
    **dict.fromkeys(("0", "false", "f", "no", "n", "ok", "genuine", "legit", "legitimate", "good", "normal"), GENUINE),
    **dict.fromkeys(("not fraud", "non fraud", "no fraud", "nonfraud", "正常", "否", "非欺诈"), GENUINE),
    **dict.fromkeys(("1", "true", "t", "yes", "y", "fraud", "fraudulent", "bad", "欺诈", "是", "诈骗"), FRAUD),
    **dict.fromkeys(("unknown", "unlabelled", "unlabeled", "pending", "na", "n/a", "nan", "null", "none"), UNKNOWN),
    **dict.fromkeys(("?", "", "未知", "待定", "未标注"), UNKNOWN),
}
"""Text of a label in lower case, with single spaces for signs between words -> class."""

_PAYMENT = "tx|txn|trans|transaction|event|payment|purchase|order|transfer|trade"
_NUMBER = "id|no|num|number|key|code|ref|reference"


def _is_label(column: pd.Series[Any]) -> bool:
    try:
        return bool((read_labels(column, KNOWN_LABELS) != UNKNOWN).any())
    except InputRefused:
        return False


# A column that is called right is taken even when many cells are wrong: they are listed then.
def _is_amount(column: pd.Series[Any]) -> bool:
    return is_number(column, share=0.5)


def _is_time(column: pd.Series[Any]) -> bool:
    return is_time(column, share=0.5, counts=True)


def _is_name(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_datetime64_any_dtype(column)


TRANSACTION_ROLES = (
    Role("scenario", (r"(tx_)?fraud_(scenario|type|kind|pattern)|scenario", "欺诈类型|场景"), _is_name),
    Role(
        "label",
        (
            r"(tx|is|event)_(fraud|label|fraudulent)",
            r"fraud|fraud_(label|flag|bool)|fraudulent|label|class|target",
            "是否欺诈|欺诈|标签|类别|欺诈标签",
            "status|outcome|verdict|状态|结果",
        ),
        _is_label,
    ),
    Role(
        "amount",
        (
            rf"({_PAYMENT})_(amount|amt|value|price|total)",
            r"amount|amt",
            "交易金额|金额|付款金额|交易额",
            r"(amount|amt)_.*|.*_(amount|amt)",
            r"金额_.*|.*金额",
            r"price|value|total",
        ),
        _is_amount,
    ),
    Role(
        "time",
        (
            rf"({_PAYMENT})_(datetime|timestamp|date_time|time|dt|date)|trans_date_trans_time",
            "datetime|timestamp|date_time|time|ts|unix_time|epoch",
            "交易时间|时间|交易日期|日期",
            "date",
        ),
        _is_time,
    ),
    Role(
        "id",
        (rf"({_PAYMENT})_?({_NUMBER})", "交易编号|交易流水号|流水号|交易号|订单号", "id|uuid|reference|编号|序号"),
        _is_name,
    ),
    Role(
        "customer",
        (
            rf"(customer|client|cust|cardholder|payer|user|entity|buyer)_?({_NUMBER})",
            rf"(card|account|cc)_?({_NUMBER})",
            "客户(号|编号|_?id)?|卡号|账号|账户|用户(_?id)?|会员号?|付款人",
            "customer|client|cust|user|card|account|name_orig|card1",
        ),
        _is_name,
    ),
    Role(
        "terminal",
        (
            rf"(terminal|pos)_?({_NUMBER})",
            rf"(merchant|store|shop|payee|seller|receiver)_?({_NUMBER}|name)",
            "终端(号|编号|_?id)?|商户(号|编号|名称|_?id)?|商店|店铺|收款人",
            "terminal|merchant|store|shop|seller|name_dest",
        ),
        _is_name,
    ),
)
"""In the order in which they choose their columns."""
ROLES = ("id", "time", "customer", "terminal", "amount", "label", "scenario")


def guess_columns(table: Table, columns: Mapping[str, str] | None = None) -> dict[str, str]:
    """Role -> column of the table, for the roles that were given in `columns` or can be guessed.

    Columns of `IGNORE` get no role.

    Raises:
        InputRefused: When a given role or column does not exist, or a column is given two roles.
    """
    given, ignored = _given(table, columns or {})
    return guess_roles(table.frame.drop(columns=ignored), TRANSACTION_ROLES, given)


def ignored_columns(table: Table, columns: Mapping[str, str] | None) -> list[str]:
    """The columns of the table that are not to be read; errors as in `guess_columns`."""
    return _given(table, columns or {})[1]


def _given(table: Table, columns: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The given mapping with the columns' exact names, and the columns that are not to be read."""
    names = list(table.frame.columns)
    given = {role: column for role, column in columns.items() if role != IGNORE}
    found = check_mapping(given, TRANSACTION_ROLES, names, table.name)
    ignored = [exact_name(name, names, table.name) for name in parse_names(columns.get(IGNORE, ""))]
    if twice := next((name for name in ignored if name in found.values()), ""):
        raise used_twice(twice, table.name)
    return found, ignored


def preview(table: Table) -> pd.DataFrame:
    """The first five rows as text."""
    return table.frame.head(5).astype("str")
