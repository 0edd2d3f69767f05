"""The roles that columns of a table of texts play, by the names that shops, surveys and public data sets give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.contracts import N_, Message
from core.data.cells import read_numbers
from core.data.columns import Role, check_mapping, guess_roles, named, sample_rows
from core.data.sentiment_columns import TEXT_NAMES, read_labels
from core.data.times import is_time
from core.errors import InputRefused
from core.intake.tables import Table

_DISTINCT_MAX = 0.5
"""Share of different values among the cells from which on a column is no category."""
_COUNT_MIN = 20_000
"""Smaller figures are ratings or numbers of rows, and no count of days or seconds."""


def _is_sentiment(column: pd.Series[Any]) -> bool:
    try:
        return bool((read_labels(column, "")[0] >= 0).any())
    except InputRefused:
        return False


def _is_words(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.StringDtype) or column.dtype == object


def _is_time(column: pd.Series[Any]) -> bool:
    if is_time(column, share=0.5):
        return True
    read = read_numbers(column)
    known = read.values[~read.missing & ~read.bad]
    return len(known) > 0 and float(np.median(known)) >= _COUNT_MIN and is_time(column, share=0.5, counts=True)


def _is_category(column: pd.Series[Any]) -> bool:
    return bool(column.nunique() <= max(20, _DISTINCT_MAX * len(column)))


def _is_name(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_datetime64_any_dtype(column)


TEXT_ROLES = (
    Role(
        "text",
        (
            "|".join(name for name in TEXT_NAMES if name not in ("content", "body", "内容")),
            r"(review|comment|feedback|tweet|post|message)_?(text|body|content|detail)s?",
            r"reviews|comments|feedback|texts|sentences|opinion|answer|remarks?|content|body",
            r"(评论|评价|反馈|留言|点评|文本)_?(内容|正文|详情)?|内容|正文|意见",
        ),
        _is_words,
    ),
    Role(
        "label",
        (
            r"sentiment|polarity|label|情感|情感倾向|标签|极性|情绪",
            r"(sentiment|polarity)_?(label|class)|class|target",
            r"stars?|(star_?)?rating|score|评分|星级|打分",
        ),
        _is_sentiment,
    ),
    Role(
        "time",
        (
            r"date|datetime|timestamp|time|created(_at|_on|_time)?|posted(_at|_on)?|published(_at)?|day|month",
            r"(review|comment|post|order|submit(ted)?|creation)_?(date|time|datetime|at)",
            r"日期|时间|(评论|评价|发布|创建|下单|反馈)(日期|时间)",
        ),
        _is_time,
    ),
    Role(
        "category",
        (
            r"category_en|category|categories|cat|topic|product_?(category|type|line)|department|kind|类别|分类|品类",
            r"product(_name)?|store|shop|branch|hotel|city|country|region|channel|source|domain|brand",
            r"产品|商品|门店|店铺|城市|地区|渠道|来源|品牌|部门",
        ),
        _is_category,
    ),
    Role("id", (r"id|(review|comment|text|row|order)_?(id|no|number)|uuid|编号|序号|评论编号|订单号",), _is_name),
)
"""In the order in which they choose their columns."""
ROLES = ("text", "label", "time", "category", "id")


def guess_columns(table: Table, columns: Mapping[str, str] | None = None) -> dict[str, str]:
    """Role -> column of the table, for the roles that were given in `columns` or can be guessed.

    Where no column is called like one of texts, the one with the longest cells is taken.

    Raises:
        InputRefused: A given role or column does not exist, a column is given two roles, or no column holds texts.
    """
    given = check_mapping(columns or {}, TEXT_ROLES, list(table.frame.columns), table.name)
    found = guess_roles(table.frame, TEXT_ROLES, given)
    if "text" not in found:
        found = {"text": _longest(table, found)} | found
    return found


def _longest(table: Table, taken: Mapping[str, str]) -> str:
    """The column of words with the longest cells, of those that no person has given another role."""
    sample = sample_rows(table.frame)
    words = [name for name in table.frame.columns if name not in taken.values() and _is_words(table.frame[name])]
    lengths = {name: float(sample[name].fillna("").astype(str).str.len().mean()) for name in words}
    if not lengths:
        raise InputRefused(
            "texts.columns",
            Message(
                N_("{name}: no column of texts was found; the table has {found}."),
                {"name": table.name, "found": named(list(table.frame.columns), 10)},
            ),
            Message(N_("Name the column: text=review.")),
        )
    return max(lengths, key=lambda name: lengths[name])
