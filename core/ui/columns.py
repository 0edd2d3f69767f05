"""Which column of a table is what: guessed, shown with its first rows, and put right by whoever sent it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.contracts import Message
from core.data.mapping import IGNORE, parse_names, write_names
from core.ui.i18n import t
from core.ui.views import escape, say

_NONE = ""
"""Stands for no column."""


def columns_input(
    slug: str,
    table: Any,
    guess: Mapping[str, str],
    roles: Mapping[str, str],
    required: Collection[str] = (),
    *,
    ignorable: bool = False,
) -> Mapping[str, str]:
    """First rows of a table and a box per role; returns the column of each role, empty where there is none.

    Draw it into a form of the caller's: nothing is read before that is sent.

    Args:
        slug: Begins the keys of the boxes.
        table: First rows as `st.dataframe` takes them, text as it came; its column names are the options.
        guess: Role -> column, as far as it could be guessed.
        roles: Role -> title for the visitor, in order.
        required: Roles that must have a column.
        ignorable: Ask too which columns are to be left out; they stand under `IGNORE`, where there are any.
    """
    names = [str(name) for name in table]
    st.caption(t("The first rows, as they were read"))
    st.dataframe(table, hide_index=True, key=f"{slug}.columns_preview")
    # Another file has other columns: a choice made for the last one would mean nothing.
    file = hashlib.sha256("\0".join(names).encode()).hexdigest()[:8]
    with st.grid(min_column_width=170):
        chosen = {
            role: _column_input(
                f"{slug}.column.{role}.{file}",
                f"{t(title)} *" if role in required else t(title),
                names,
                guess.get(role, _NONE),
            )
            for role, title in roles.items()
        }
    if ignorable:
        ignored = st.multiselect(t("Columns to leave out"), names, key=f"{slug}.column.{IGNORE}.{file}")
        chosen |= {IGNORE: write_names(ignored)} if ignored else {}
    return chosen


@dataclass(frozen=True)
class Opened:
    """What the form shows of an upload."""

    preview: Any
    guess: Mapping[str, str]
    notices: tuple[Message, ...]


def confirmed_columns(
    slug: str,
    key: str,
    opened: Opened,
    roles: Mapping[str, str],
    required: Collection[str],
    *,
    ignorable: bool = False,
) -> Mapping[str, str] | None:
    """The form for an upload to learn from, and the columns that its visitor sent last; None before that.

    `key` changes with the upload; the rest as for `columns_input`.
    """
    slot = f"{slug}.data_columns"
    for notice in opened.notices:
        st.caption(f":material/info: {say(notice)}")
    with st.form(f"{slug}.data_columns_form"):
        chosen = columns_input(f"{slug}.data", opened.preview, opened.guess, roles, required, ignorable=ignorable)
        if st.form_submit_button(t("Check the data"), icon=":material/fact_check:"):
            st.session_state[slot] = (key, chosen)
    confirmed = st.session_state.get(slot)
    if confirmed is None or confirmed[0] != key:
        return None
    columns: Mapping[str, str] = confirmed[1]
    if problem := columns_problem(columns, roles, required):
        st.error(problem, icon=":material/error:")
        return None
    return columns


def columns_problem(chosen: Mapping[str, str], roles: Mapping[str, str], required: Collection[str] = ()) -> str | None:
    """Why a choice of columns cannot be used, as Markdown; None when it can."""
    if missing := [t(roles[role]) for role in required if not chosen.get(role)]:
        return t("Say which column is: {roles}.", roles=", ".join(missing))
    columns = [column for role, column in chosen.items() if column and role != IGNORE]
    columns += parse_names(chosen.get(IGNORE, ""))
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        listed = ", ".join(map(escape, twice))
        return t("A column can be one thing only. Chosen more than once: {columns}.", columns=listed)
    return None


def _column_input(key: str, title: str, names: Sequence[str], guessed: str) -> str:
    options = [_NONE, *names]
    shown = {_NONE: t("– none –")}
    return str(
        st.selectbox(
            title,
            options,
            index=options.index(guessed) if guessed in options else 0,
            format_func=lambda name: shown.get(name, name),
            key=key,
        )
    )
