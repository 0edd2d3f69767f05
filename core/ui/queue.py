"""The queue of alerts: of each day the k transactions with the highest expected loss, filtered, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.contracts import N_, Sector
from core.data.transactions import FRAUD
from core.serving.alert_queue import AlertQueue, alert_queue
from core.ui.alert_case import show_alert_case
from core.ui.alert_rows import alert_rows
from core.ui.i18n import t
from core.ui.scored import Scored, scored_input
from core.ui.scored_file import downloads
from core.ui.views import say

PER_PAGE = 25
A_DAY = 20
"""Alerts a day before anybody says otherwise."""
A_DAY_MAX = 1000
ALL = "all"
DECISIONS = {ALL: N_("All"), "over": N_("Over the threshold"), "under": N_("Under the threshold")}


@dataclass(frozen=True)
class _Filter:
    """What of the queue is shown."""

    day: str
    """`ALL` for every day."""
    least: float
    decision: str
    customer: str


def show_queue(sector: Sector) -> None:
    """A file or our own days, the queue that comes of them, one opened case, and the files to take away."""
    scored = scored_input(sector)
    if scored is not None:
        st.fragment(_draw)(sector, scored)


def _draw(sector: Sector, scored: Scored) -> None:
    slug = sector.slug
    with st.grid(min_column_width=150):
        a_day = _a_day_input(slug, scored)
        queue = alert_queue(scored.transactions, scored.decisions.scores, a_day)
        chosen = _filter_input(slug, scored, queue)
    _summary(scored, queue)
    row = _table(slug, scored, _filtered(scored, queue, chosen))
    downloads(sector, scored, queue)
    if row is not None:
        show_alert_case(sector, scored, row)


def _a_day_input(slug: str, scored: Scored) -> int:
    title = t("Alerts a day") if scored.transactions.time is not None else t("Alerts in all")
    key = f"{slug}.queue.a_day"
    said = t("As many as people can look at.")
    return int(st.number_input(title, 1, A_DAY_MAX, A_DAY, key=key, help=said, persist_state="session"))


def _summary(scored: Scored, queue: AlertQueue) -> None:
    """How much work the queue is, and how much of what may be lost it holds."""
    from core.data.currencies import currency_warnings

    amounts = np.maximum(scored.transactions.amount[scored.transactions.context :], 0.0)
    loss = float((scored.decisions.scores * amounts).sum())
    tiles = {
        t("Transactions scored"): f"{len(amounts):,}",
        t("Over today's threshold"): f"{int(scored.decisions.decided.sum()):,}",
        t("Alerts in the queue"): f"{len(queue):,}",
    }
    if loss > 0:
        tiles[t("Of the expected loss")] = f"{100 * float(queue.expected_loss.sum()) / loss:.0f} %"
    with st.grid(min_column_width=210):
        for what, value in tiles.items():
            # The table below shows one day at first.
            title = what if scored.transactions.time is None else t("{what}, all days", what=what)
            st.metric(title, value, border=True)
    st.caption(t("Expected loss is score times amount; the queue ranks by it. Both are estimates of the model."))
    for warning in currency_warnings(scored.transactions):
        st.warning(say(warning), icon=":material/currency_exchange:")
    _known(scored, queue)


def _known(scored: Scored, queue: AlertQueue) -> None:
    """Where the table itself says what was a fraud: how many of them the queue holds."""
    label = scored.transactions.label
    if label is None:
        return
    frauds = label[scored.transactions.context :] == FRAUD
    if frauds.any():
        st.caption(
            t(
                "The table says of {frauds:,} of these transactions that they were fraud; the queue holds {found:,} of "
                "them. The model does not see these labels before they would be known.",
                frauds=int(frauds.sum()),
                found=int(frauds[queue.rows].sum()),
            )
        )


def _filter_input(slug: str, scored: Scored, queue: AlertQueue) -> _Filter:
    days = [str(day) for day in np.unique(queue.day)[::-1] if not np.isnat(day)]
    day = st.selectbox(
        t("Day"),
        [ALL, *days],
        index=1 if days else 0,
        format_func=lambda day: t("All days") if day == ALL else str(day),
        key=f"{slug}.queue.day.{scored.key[:16]}",
    )
    least = st.number_input(t("Amount of at least"), 0.0, None, 0.0, 10.0, key=f"{slug}.queue.least", format="%g")
    decision = st.selectbox(
        t("Decision"),
        list(DECISIONS),
        format_func={name: t(title) for name, title in DECISIONS.items()}.__getitem__,
        key=f"{slug}.queue.decision",
    )
    customer = ""
    if scored.transactions.customer is not None:
        customer = st.text_input(t("Customer"), max_chars=200, key=f"{slug}.queue.customer").strip()
    return _Filter(str(day), float(least), str(decision), customer)


def _filtered(scored: Scored, queue: AlertQueue, chosen: _Filter) -> AlertQueue:
    table, rows = scored.transactions, queue.rows + scored.transactions.context
    wanted = table.amount[rows] >= chosen.least if chosen.least > 0 else np.ones(len(queue), bool)
    if chosen.day != ALL:
        wanted &= queue.day == np.datetime64(chosen.day)
    if chosen.decision != ALL:
        wanted &= scored.decisions.decided[queue.rows] == (chosen.decision == "over")
    if chosen.customer and table.customer is not None:
        place = table.customers.index(chosen.customer) if chosen.customer in table.customers else -2
        wanted &= table.customer[rows] == place
    return queue.where(wanted)


def _table(slug: str, scored: Scored, queue: AlertQueue) -> int | None:
    """One page of alerts; returns the row whose case is open."""
    if not len(queue):
        st.info(t("No alert is left with these filters."))
        return None
    pages, key = -(-len(queue) // PER_PAGE), f"{slug}.queue"
    # Filters change the number of pages; a page of another number of them would mean nothing.
    page = int(st.session_state.get(f"{key}.page.{pages}", 1))
    part = slice((page - 1) * PER_PAGE, page * PER_PAGE)
    chosen = [int(row) for row in queue.rows[part]]
    rows = alert_rows(slug, scored, queue.where(part))
    table = f"{key}.table.{page}.{scored.key[:16]}.{hash(tuple(chosen)) & 0xFFFFFFFF:08x}"
    st.dataframe(
        rows,
        hide_index=True,
        height=38 + 35 * min(len(rows), 12),
        column_config={
            "%": st.column_config.ProgressColumn(t("Score, %"), min_value=0, max_value=100, format="%.1f"),
            **{t(name): st.column_config.NumberColumn(format="%.2f") for name in ("Amount", "Expected loss")},
        },
        on_select=lambda: _pick(slug, scored.key, table, chosen),
        selection_mode="single-row",
        key=table,
    )
    if pages > 1:
        st.pagination(pages, key=f"{key}.page.{pages}")
    st.caption(
        t(
            "Alerts {first:,} to {last:,} of {count:,}. Select a row to open its case.",
            first=part.start + 1,
            last=part.start + len(rows),
            count=len(queue),
        )
    )
    table_key, row = st.session_state.get(f"{key}.open", ("", None))
    return row if table_key == scored.key and row in chosen else None


def _pick(slug: str, scored_key: str, widget: str, rows: list[int]) -> None:
    picked = st.session_state[widget].selection.rows
    st.session_state[f"{slug}.queue.open"] = (scored_key, rows[picked[0]] if picked else None)
