"""What is taken away from scored transactions: all of them with their scores, or the queue that people work off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import streamlit as st

from core.contracts import Sector
from core.serving.alert_queue import AlertQueue
from core.ui.i18n import t
from core.ui.scored import Scored


def downloads(sector: Sector, scored: Scored, queue: AlertQueue) -> None:
    """Two buttons; the files are made when somebody clicks."""
    notice = t(sector.notice) if sector.notice else ""
    with st.container(horizontal=True):
        _button(sector.slug, "queue", t("Download the queue as CSV"), lambda: queue_csv(scored, queue, notice))
        _button(sector.slug, "scored", t("Download all scores as CSV"), lambda: all_csv(scored, notice))


def all_csv(scored: Scored, notice: str) -> bytes:
    """Every scored row, see `core.data.scored.scored_csv`."""
    from core.data.scored import scored_csv

    return scored_csv(scored.transactions, scored.decisions, notice)


def queue_csv(scored: Scored, queue: AlertQueue, notice: str) -> bytes:
    """One line per alert in UTF-8 with a byte order mark; cells that a spreadsheet would run are escaped.

    Every line carries model, version and `notice`, so that one cut out of the file still does.
    """
    from core.intake.exports import csv_bytes

    header = ["day", "rank", "id", "time", "customer", "terminal", "amount", "score", "threshold", "decision"]
    model = scored.answer.model
    rows = ([*cells, model.architecture, model.version, notice] for cells in _alerts(scored, queue))
    return csv_bytes([[*header, "expected_loss", "model", "version", "notice"], *rows])


def _alerts(scored: Scored, queue: AlertQueue) -> Iterator[list[object]]:
    table, decisions = scored.transactions, scored.decisions
    for place, row in enumerate(queue.rows.tolist()):
        at = table.context + row
        day = queue.day[place]
        yield [
            "" if np.isnat(day) else str(day),
            int(queue.rank[place]),
            str(table.ids[at]),
            "" if table.time is None else str(table.time[at]),
            "" if table.customer is None or table.customer[at] < 0 else table.customers[table.customer[at]],
            "" if table.terminal is None or table.terminal[at] < 0 else table.terminals[table.terminal[at]],
            float(table.amount[at]),
            round(float(decisions.scores[row]), 6),
            decisions.threshold,
            decisions.row(row).decision or "",
            round(float(queue.expected_loss[place]), 2),
        ]


def _button(slug: str, name: str, title: str, made: Callable[[], bytes]) -> None:
    st.download_button(
        title,
        data=made,
        file_name=f"vitrine-{slug}-{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{slug}.queue.download_{name}",
        on_click="ignore",
    )
