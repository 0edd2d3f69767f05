"""A visitor's table of texts: sent, its columns confirmed, its reading begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from core.contracts import N_, Message
from core.errors import InputRefused
from core.settings import settings
from core.store import audit
from core.ui.columns import columns_input, columns_problem
from core.ui.i18n import t
from core.ui.predict import wait_until_ready
from core.ui.quota import charge_upload, megabytes
from core.ui.views import say

if TYPE_CHECKING:
    import pandas as pd

    from core.intake.tables import Table
    from core.serving.board import BoardReading

ROLES: Final = {
    "text": N_("Text"),
    "time": N_("Date"),
    "category": N_("Category"),
    "label": N_("Label"),
    "id": N_("Id"),
}
REQUIRED: Final = ("text",)
_PREVIEW_ROWS, _PREVIEW_CHARACTERS = 5, 200


@dataclass
class _Opened:
    """A file of which the columns are to be confirmed. The whole table is let go of once its texts are read."""

    file_id: str
    preview: pd.DataFrame
    guess: Mapping[str, str]
    notices: tuple[Message, ...]
    table: Table


def begin(slug: str) -> BoardReading | None:
    """A file, opened; its columns, confirmed; its reading, begun. None until all of that is done.

    Raises:
        InputRefused: The file cannot be used.
    """
    limits = settings().limits
    file = st.file_uploader(
        t("Upload texts"),
        key=f"{slug}.board.upload",
        max_upload_size=megabytes(limits.table_bytes),
        label_visibility="collapsed",
    )
    st.caption(
        t(
            "CSV, TSV or Parquet with a column of texts, or a .txt with one text in each line; UTF-8, UTF-16 or "
            "GB18030; up to {mb} MB and {rows:,} rows. A date, a category or labels are used when there are any. It "
            "stays in the memory of this session and is gone when you leave.",
            mb=limits.table_bytes // 2**20,
            rows=limits.table_rows,
        )
    )
    slot = f"{slug}.board.opened"
    if file is None:
        st.session_state.pop(slot, None)
        return None
    opened = _opened(slug, slot, file)
    columns = _columns_input(slug, opened)
    if columns is None:
        return None
    from core.intake.text_tables import texts_of
    from core.serving.board import start_reading

    wait_until_ready()
    with st.spinner(t("Reading the rows")), _refusals_noted(slug):
        table = texts_of(opened.table, columns)
    del st.session_state[slot]
    return start_reading(slug, table)


def _opened(slug: str, slot: str, file: Any) -> _Opened:
    """The table of a file, opened once; what is wrong with it is found out once too."""
    kept: _Opened | tuple[str, InputRefused] | None = st.session_state.get(slot)
    if isinstance(kept, _Opened) and kept.file_id == file.file_id:
        return kept
    if isinstance(kept, tuple) and kept[0] == file.file_id:
        raise kept[1]
    try:
        with _refusals_noted(slug):
            opened = _open(file)
    except InputRefused as error:
        st.session_state[slot] = (file.file_id, error)
        raise
    st.session_state[slot] = opened
    return opened


def _open(file: Any) -> _Opened:
    from core.data.text_columns import guess_columns
    from core.intake.text_tables import open_text_table

    charge_upload(file.size)
    with st.spinner(t("Reading the file")):
        table = open_text_table(file.getvalue(), file.name)
        rows = table.frame.head(_PREVIEW_ROWS)
        preview = rows.apply(lambda column: column.astype("str").str.slice(0, _PREVIEW_CHARACTERS))
        return _Opened(file.file_id, preview, guess_columns(table), table.notices, table)


@contextmanager
def _refusals_noted(slug: str) -> Iterator[None]:
    """Put the code of a refusal into the audit log."""
    try:
        yield
    except InputRefused as error:
        audit.note_refused(slug, [error.code])
        raise


def _columns_input(slug: str, opened: _Opened) -> Mapping[str, str] | None:
    """Which column is what, once the form was sent; a list of texts has nothing to ask about."""
    for notice in opened.notices:
        st.caption(f":material/info: {say(notice)}")
    if len(opened.preview.columns) == 1:
        return opened.guess
    with st.form(f"{slug}.board.form"):
        chosen = columns_input(f"{slug}.board", opened.preview, opened.guess, ROLES, REQUIRED)
        if not st.form_submit_button(t("Read the texts"), type="primary", icon=":material/play_arrow:"):
            return None
    if problem := columns_problem(chosen, ROLES, REQUIRED):
        st.error(problem, icon=":material/error:")
        return None
    return chosen
