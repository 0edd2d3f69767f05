"""A table of transactions with the model's scores: a file of the visitor's, or the last days of our own bank."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import streamlit as st

from core.contracts import N_, Decisions, Message, Sector
from core.data.transactions import Transactions
from core.errors import AppError, InputRefused
from core.serving import service
from core.serving.service import Answer
from core.settings import settings
from core.store import audit
from core.store.registry import registry
from core.ui.columns import columns_input, columns_problem
from core.ui.i18n import t
from core.ui.predict import wait_until_ready
from core.ui.quota import charge_upload, megabytes
from core.ui.views import say, show_error, show_refusals

if TYPE_CHECKING:
    import pandas as pd

    from core.intake.tables import Table

Made = TypeVar("Made")

SOURCES = {"bank": N_("Our sample bank"), "file": N_("My own file")}
EXAMPLE_DAYS = 7
ROLES = {
    "amount": N_("Amount"),
    "time": N_("Time"),
    "customer": N_("Customer"),
    "terminal": N_("Terminal or merchant"),
    "label": N_("Label: was it fraud?"),
    "id": N_("Transaction id"),
}
"""Role -> title; `scenario` is an answer key and of no use for scoring."""
REQUIRED = ("amount",)


@dataclass(frozen=True)
class Scored:
    """Transactions with their scores. `key` changes with the table and the model."""

    key: str
    name: str
    transactions: Transactions
    answer: Answer

    @property
    def decisions(self) -> Decisions:
        """The scores of the rows after the table's history."""
        return self.answer.decisions


@dataclass
class _Opened:
    """A file of which the columns are to be confirmed. The whole table is let go of once its rows are read."""

    preview: pd.DataFrame
    guess: Mapping[str, str]
    notices: tuple[Message, ...]
    table: Table | None


def scored_input(sector: Sector) -> Scored | None:
    """Choose a table and have it scored; None until there is one."""
    source = st.segmented_control(
        t("Transactions to score"),
        list(SOURCES),
        default="bank",
        required=True,
        format_func={name: t(title) for name, title in SOURCES.items()}.__getitem__,
        key=f"{sector.slug}.queue.source",
        persist_state="session",
    )
    try:
        table = _uploaded(sector.slug) if source == "file" else _example()
        return None if table is None else _score(sector.slug, *table)
    except AppError as error:
        show_error(error)
        return None


def _example() -> tuple[str, Transactions]:
    """The last days of our bank; the days before are their history."""
    from core.data.simulated_bank import sample_bank

    bank = sample_bank()
    st.caption(
        t(
            "The last {days} days of our simulated bank, scored with the days before as history. Synthetic: nobody's "
            "payments.",
            days=EXAMPLE_DAYS,
        )
    )
    if bank.time is None:
        return bank.name, bank
    first = bank.time[-1].astype("datetime64[D]") - np.timedelta64(EXAMPLE_DAYS - 1, "D")
    return bank.name, replace(bank, context=int(np.searchsorted(bank.time, first.astype(bank.time.dtype))))


def _uploaded(slug: str) -> tuple[str, Transactions] | None:
    """A file, opened; its columns, confirmed; its rows, read. Each step is done once per file."""
    limits = settings().limits
    file = st.file_uploader(
        t("Upload transactions"),
        key=f"{slug}.queue.upload",
        max_upload_size=megabytes(limits.table_bytes),
        label_visibility="collapsed",
    )
    st.caption(
        t(
            "CSV or Parquet, up to {mb} MB and {rows:,} rows. It stays in the memory of this session and is gone when "
            "you leave. A file brings its own past: customers and terminals are not looked up in our sample bank.",
            mb=limits.table_bytes // 2**20,
            rows=limits.table_rows,
        )
    )
    if file is None:
        for name in ("table", "read"):
            st.session_state.pop(f"{slug}.queue.{name}", None)
        return None
    opened = _once(f"{slug}.queue.table", file.file_id, lambda: _open(file))
    columns = _columns_input(slug, file.file_id, opened)
    return None if columns is None else (file.name, _read(slug, file, opened, columns))


def _open(file: Any) -> _Opened:
    from core.data.read_transactions import guess_columns, preview
    from core.intake.tables import read_table

    charge_upload(file.size)
    with st.spinner(t("Reading the file")):
        table = read_table(file.getvalue(), file.name)
        return _Opened(preview(table), guess_columns(table), table.notices, table)


def _columns_input(slug: str, file_id: str, opened: _Opened) -> Mapping[str, str] | None:
    """Which column is what, once the form was sent."""
    slot = f"{slug}.queue.columns"
    for notice in opened.notices:
        st.caption(f":material/info: {say(notice)}")
    with st.form(f"{slug}.queue.form"):
        chosen = columns_input(f"{slug}.queue", opened.preview, opened.guess, ROLES, REQUIRED)
        if st.form_submit_button(t("Score the transactions"), type="primary", icon=":material/play_arrow:"):
            st.session_state[slot] = (file_id, chosen)
    confirmed = st.session_state.get(slot)
    if confirmed is None or confirmed[0] != file_id:
        return None
    columns: Mapping[str, str] = confirmed[1]
    if problem := columns_problem(columns, ROLES, REQUIRED):
        st.error(problem, icon=":material/error:")
        return None
    return columns


def _read(slug: str, file: Any, opened: _Opened, columns: Mapping[str, str]) -> Transactions:
    def read() -> Transactions:
        from core.data.read_transactions import transactions_of
        from core.intake.tables import read_table

        with st.spinner(t("Reading the rows")):
            table = opened.table or read_table(file.getvalue(), file.name)
            found = transactions_of(table, columns)
        opened.table = None
        return found

    found = _once(f"{slug}.queue.read", (file.file_id, tuple(columns.items())), read)
    for notice in found.notices[len(opened.notices) :]:
        st.caption(f":material/info: {say(notice)}")
    show_refusals(found.refused)
    return found


def _once(slot: str, key: Hashable, make: Callable[[], Made]) -> Made:
    """What `make` returns, or the refusal it raises, kept in this session until `key` changes.

    Other errors, such as a store that does not answer, may be gone the next time.
    """
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != key:
        made: Made | InputRefused
        try:
            made = make()
        except InputRefused as error:
            audit.note_refused(slot.partition(".")[0], [error.code])
            made = error
        kept = (key, made)
        st.session_state[slot] = kept
    if isinstance(kept[1], InputRefused):
        raise kept[1]
    found: Made = kept[1]
    return found


def _score(slug: str, name: str, table: Transactions) -> Scored:
    """The scores of the version in use, kept until table or version changes."""
    version = registry().resolve(slug)
    key = hashlib.sha256(f"{table.sha256}|{table.context}|{version.sha256}".encode()).hexdigest()

    def score() -> Scored:
        wait_until_ready()
        rows = len(table) - table.context
        with st.spinner(t("Scoring {rows:,} transactions", rows=rows), show_time=True):
            return Scored(key, name, table, service.predict(slug, [table])[0])

    scored = _once(f"{slug}.queue.scored", key, score)
    for notice in (*scored.answer.notices, *scored.decisions.notices):
        st.caption(f":material/info: {say(notice)}")
    if scored.decisions.abstained is not None:
        st.warning(say(scored.decisions.abstained.message), icon=":material/do_not_disturb_on:")
    return scored
