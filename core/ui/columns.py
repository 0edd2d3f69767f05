"""Which column of a table is what: guessed, shown with its first rows, and put right by whoever sent it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from core.data.mapping import IGNORE, parse_names, write_names
from core.ui.i18n import t
from core.ui.views import escape

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
