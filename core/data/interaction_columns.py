"""The roles that columns of interactions and of items play, by the names that shops and public data sets give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.contracts import N_, Message
from core.data.cells import is_number, read_numbers
from core.data.columns import Role, check_mapping, exact_name, guess_roles, named, plain_name, sample_rows
from core.data.interaction_parts import parts_rows
from core.data.times import is_time
from core.errors import InputRefused
from core.intake.id_lists import TIMES
from core.intake.labels import clean_text
from core.intake.tables import Table

_KEY = "id|no|num|number|key|code"
_TYPED = "(_token|_float)?"
"""Some libraries write the type of a column behind its name, `user_id:token`."""


def _is_any(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_datetime64_any_dtype(column)


def _is_rating(column: pd.Series[Any]) -> bool:
    return is_number(column, share=0.5)


def _is_time(column: pd.Series[Any]) -> bool:
    return is_time(column, share=0.5, counts=True)


USER = Role(
    "user",
    (
        rf"(user|customer|client|member|visitor|reviewer|buyer|listener|reader)_?({_KEY}){_TYPED}",
        rf"(user|customer|client|member|visitor|reviewer|buyer|uid|user_name|username){_TYPED}",
        "(用户|会员|客户|顾客|买家)(_?id|编号|号)?",
        # Several people may share an account, and one person has many sessions.
        rf"account_?({_KEY}){_TYPED}",
        rf"session(_?({_KEY}))?{_TYPED}",
    ),
    _is_any,
)
ITEM = Role(
    "item",
    (
        rf"(item|product|article|goods|movie|film|book|song|track|artist|game|business|sku|asin|video|news|parent)"
        rf"_?({_KEY}|asin){_TYPED}",
        rf"(sku|asin|isbn|iid|stock_code){_TYPED}",
        rf"(joke|recipe|restaurant|hotel|venue|poi|course|lesson|app|post|story|show|series|anime|beer|wine|podcast|playlist"
        rf"|document|doc|page|content|job|offer|stock)_?({_KEY}){_TYPED}",
        rf"(item|product|article|goods|movie|film|book|song|track|artist|game){_TYPED}",
        "(商品|产品|物品|电影|图书|歌曲)(_?id|编号|号)?",
    ),
    _is_any,
)
TIME = Role(
    "time",
    (
        rf"(time_?stamp|datetime|date_time|time|ts|unix_time|unix_review_time|epoch){_TYPED}",
        rf"(event|order|invoice|purchase|review|rating|interaction|created|watched)_?(time|date|datetime|at){_TYPED}",
        rf"(bought|purchased|ordered|watched|viewed|clicked|played|listened|rated)(_(at|on))?{_TYPED}",
        "时间|时间戳|日期|评分时间|购买时间|date",
    ),
    _is_time,
)
RATING = Role("rating", (rf"rating|ratings|stars|star|score|overall|rating{_TYPED}", "评分|星级|打分"), _is_rating)
PART = Role("part", ("split|part|set|fold|subset", "划分|集合"), parts_rows)
INTERACTION_ROLES = (
    USER,
    ITEM,
    TIME,
    RATING,
    PART,
)
"""In the order in which they choose their columns."""
ITEM_ROLES = (
    ITEM,
    Role(
        "title", ("title|name|title_en|name_en", ".*_(title|name)|description", "标题|名称|商品名|片名|书名"), _is_any
    ),
)
OF_ITEMS = {"items_id": "item", "title": "title"}
"""Roles that are said of columns of the table of items, and what they are there; its id may be called otherwise than
that of the interactions."""
_ID_ALONE = Role("item", ("id|编号",), _is_any)
"""What the id of an item may be called in its own table."""


def find_interaction_columns(table: Table, given: Mapping[str, str]) -> dict[str, str]:
    """Role -> column: as given, by their usual names, or by their place in a table without a header.

    Raises:
        InputRefused: A given role or column does not exist, or users or items cannot be found.
    """
    found = guess_interaction_columns(table, given)
    for role, template in (
        ("user", N_("{name}: no column says which user each row is of.")),
        ("item", N_("{name}: no column says which item each row is of.")),
    ):
        if role not in found:
            raise _no_column(table, template, role)
    return found


def guess_interaction_columns(table: Table, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The same as far as it can be told, without a refusal where users or items cannot be found."""
    given = given or {}
    frame = table.frame
    wanted = {role: column for role, column in given.items() if role not in OF_ITEMS}
    checked = check_mapping(wanted, INTERACTION_ROLES, list(frame.columns), table.name)
    found = guess_roles(frame, INTERACTION_ROLES, checked)
    if not table.header and not {"user", "item"} & given.keys():
        found = _by_place(frame) | found
    return found


def rival_columns(table: Table, chosen: Mapping[str, str], given: Mapping[str, str]) -> Iterator[Message]:
    """That a column of users or items was guessed although others are called so as well."""
    for role, template in (
        (USER, N_("Users were read from the column {column}; {others} could name them as well.")),
        (ITEM, N_("Items were read from the column {column}; {others} could name them as well.")),
    ):
        others = [
            column
            for column in table.frame.columns
            if column not in chosen.values()
            and any(re.fullmatch(pattern, plain_name(column)) for pattern in role.patterns)
        ]
        if others and role.name not in given:
            found = {"column": clean_text(chosen[role.name]), "others": named([clean_text(one) for one in others], 5)}
            yield Message(template, found)


def unread_columns(table: Table, chosen: Mapping[str, str]) -> Iterator[Message]:
    """That a column is called like a rating, a time or a part and was left alone, because its cells are none."""
    sample = sample_rows(table.frame)
    free = [column for column in table.frame.columns if column not in chosen.values()]
    for role, template in (
        (RATING, N_("The column {column} was not used: its cells are no numbers.")),
        (TIME, N_("The column {column} was not used: its cells are no times.")),
        (PART, N_("The column {column} was not used as a split: its cells name no training and test.")),
    ):
        for column in free if role.name not in chosen else ():
            called_so = any(re.fullmatch(pattern, plain_name(column)) for pattern in role.patterns)
            if called_so and not role.fits(sample[column]):
                yield Message(template, {"column": clean_text(column)})


def _by_place(frame: pd.DataFrame) -> dict[str, str]:
    """Columns of a table without names: user, item, then a rating and a time, told apart by their size."""
    columns = list(frame.columns)
    if len(columns) < 2:
        return {}
    found = {"user": columns[0], "item": columns[1]}
    for column in columns[2:]:
        sample = sample_rows(frame[column])
        if is_number(sample):
            role = "time" if float(np.nanmedian(read_numbers(sample).values)) >= TIMES[0] else "rating"
        elif is_time(sample):
            role = "time"
        else:
            continue
        found.setdefault(role, column)
    return found


def find_item_columns(table: Table, given: Mapping[str, str]) -> dict[str, str]:
    """Role -> column of a table of items.

    The first column is the id where none is called so; in a table without names the second one is the title.

    Raises:
        InputRefused: A given column does not exist, or the first one is that of the titles.
    """
    columns = list(table.frame.columns)
    known = {role: column for role, column in given.items() if role == "item" and column in columns}
    own = {role: given[said] for said, role in OF_ITEMS.items() if said in given}
    known |= {role: exact_name(column, columns, table.name) if column else "" for role, column in own.items()}
    found = guess_roles(table.frame, ITEM_ROLES, known)
    if "item" not in found:
        found |= guess_roles(table.frame, (_ID_ALONE,), found)
    if not table.header and len(columns) > 1 and not known and not is_number(sample_rows(table.frame[columns[1]])):
        found |= {"item": columns[0], "title": columns[1]}
    if "item" not in found and columns[0] in found.values():
        raise _no_column(
            table, N_("{name}: no column of this table of items says which item each row is of."), "items_id"
        )
    return {"item": columns[0], **found}


def _no_column(table: Table, template: str, role: str) -> InputRefused:
    found = {"name": table.name, "role": role, "columns": named(list(table.frame.columns))}
    hint = N_("Say which column is the {role}, as {role}=column. The table has: {columns}.")
    return InputRefused(f"interactions.no_{role}", Message(template, found), Message(hint, found))
