"""Transactions to learn from: which column is what, and what is in them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import streamlit as st

from core.contracts import N_
from core.data.mapping import write_mapping
from core.data.transactions import LABELS
from core.errors import AppError
from core.serving import service
from core.store import audit
from core.ui.columns import Opened, confirmed_columns
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.views import show_error

if TYPE_CHECKING:
    from core.data.transaction_check import TransactionReport
    from core.ui.training_data import TrainingData

EXAMPLE = (
    "time,customer,terminal,amount,fraud\n2026-01-31 08:15:00,C17,T312,24.90,0\n2026-01-31 08:16:30,C4,T8,310.00,1"
)
ROLES = {
    "amount": N_("Amount"),
    "label": N_("Label: was it fraud?"),
    "time": N_("Time"),
    "customer": N_("Customer"),
    "terminal": N_("Terminal or merchant"),
    "id": N_("Transaction id"),
    "scenario": N_("Kind of fraud: an answer key, for slices alone"),
}
REQUIRED = ("amount", "label")
DELAY_DAYS = 7
"""Label delay that the check divides by, where the task's options have none."""


def with_columns(slug: str, data: TrainingData) -> TrainingData | None:
    """An upload with the columns that its visitor confirmed; None before that."""
    opened = _opened(slug, data)
    if isinstance(opened, AppError):
        show_error(opened)
        return None
    columns = confirmed_columns(slug, data.key, opened, ROLES, REQUIRED, ignorable=True)
    if columns is None:
        return None
    return replace(data, key=f"{data.key}|{write_mapping(columns)}", columns=columns)


def _opened(slug: str, data: TrainingData) -> Opened | AppError:
    """First rows and guess, read once per upload; the table itself is not kept."""
    from core.data.read_transactions import guess_columns, open_table, preview

    slot = f"{slug}.data_opened"
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != data.key:
        found: Opened | AppError
        try:
            with st.spinner(t("Reading the file")):
                table = open_table(data.upload.getvalue(), data.name)
                found = Opened(preview(table), guess_columns(table), table.notices)
        except AppError as error:
            audit.note_refused(slug, [error.code])
            found = error
        kept = (data.key, found)
        st.session_state[slot] = kept
    opened: Opened | AppError = kept[1]
    return opened


def read_report(slug: str, data: TrainingData) -> TransactionReport:
    """The data check; raises `InputRefused`."""
    from core.data.read_transactions import open_transactions
    from core.data.transaction_check import check_transactions

    with st.spinner(t("Reading the transactions"), show_time=True):
        source = data.path or data.upload.getvalue()
        return check_transactions(open_transactions(source, data.name, data.columns), _delay_days(slug))


def _delay_days(slug: str) -> int:
    """The label delay as it stands in the form below, else its default."""
    named = {entry.name: entry.default for entry in fields(service.config_type(slug))}
    return int(st.session_state.get(f"{slug}.train.label_delay_days", named.get("label_delay_days", DELAY_DAYS)))


def show_counts(report: TransactionReport) -> None:
    """Rows of each label month by month, what they span, and what repeats."""
    st.dataframe(
        {t("Month"): [t("all") if month == "all" else month for month in report.counts]}
        | {
            label_name(label) if label in LABELS else t("unknown"): [row[label] for row in report.counts.values()]
            for label in (*LABELS, "unknown")
        },
        hide_index=True,
        height=min(38 + 35 * len(report.counts), 388),
    )
    amounts = report.amounts
    words = t(
        "{rows:,} transactions, {customers:,} customers, {terminals:,} terminals. Amounts {least:,.2f} to {most:,.2f} "
        "(median {median:,.2f}); {negative:,} negative, {zero:,} zero. Rows that repeat another to the "
        "second: {within:,}. Test rows like a training row but at another time: {across:,}.",
        rows=report.rows,
        customers=report.customers,
        terminals=report.terminals,
        least=amounts.least,
        most=amounts.most,
        median=amounts.median,
        negative=amounts.negative,
        zero=amounts.zero,
        within=report.duplicates,
        across=report.duplicates_across_split,
    )
    if report.span is not None:
        first, last = (str(moment.astype("datetime64[m]")).replace("T", " ") for moment in report.span)
        words = f"{t('From {first} to {last}.', first=first, last=last)} {words}"
    st.caption(words)
