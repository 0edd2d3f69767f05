"""The lines of the queue: what a reviewer needs at a glance, and what was said of each alert before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import streamlit as st

from core.contracts import TransactionCase
from core.data.new_transaction import row_with_history
from core.errors import AppError
from core.serving.alert_queue import AlertQueue
from core.store import feedback
from core.store.feedback import REVIEW, Correction
from core.ui import asking
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.scored import Scored
from core.ui.views import show_error

NAME_LENGTH = 12
"""A longer name of a customer may be a number of a person or a card: the list shows its end alone."""
_END = 4


def alert_rows(slug: str, scored: Scored, queue: AlertQueue) -> list[dict[str, Any]]:
    """Cells of each alert of a page of the queue by their titles; figures stand before names, which may be long."""
    said = _reviews(slug, scored, [int(row) for row in queue.rows])
    return [dict(_cells(scored, queue, place, said[place])) for place in range(len(queue))]


def short_name(name: str) -> str:
    """A customer's name for a list that others may see over a shoulder."""
    return name if len(name) <= NAME_LENGTH else f"…{name[-_END:]}"


def _cells(scored: Scored, queue: AlertQueue, place: int, review: Correction | None) -> Iterator[tuple[str, Any]]:
    table, row = scored.transactions, int(queue.rows[place])
    at = table.context + row
    yield t("Rank"), int(queue.rank[place])
    if table.time is not None:
        yield t("Time"), str(table.time[at]).replace("T", " ")
    yield t("Amount"), float(table.amount[at])
    yield "%", 100 * float(scored.decisions.scores[row])
    yield t("Expected loss"), round(float(queue.expected_loss[place]), 2)
    yield t("Score against the threshold"), _against_threshold(scored, row)
    yield t("Reviewed"), _reviewed(review)
    yield t("Transaction"), str(table.ids[at])
    if table.customer is not None:
        yield t("Customer"), short_name(table.customers[table.customer[at]]) if table.customer[at] >= 0 else ""
    if table.terminal is not None:
        yield t("Terminal"), table.terminals[table.terminal[at]] if table.terminal[at] >= 0 else ""


def _against_threshold(scored: Scored, row: int) -> str:
    """Where the score lies; not a label, which would be read as somebody's verdict."""
    if scored.decisions.abstained is not None:
        return t("No answer")
    return t("over today's threshold") if scored.decisions.decided[row] else t("below today's threshold")


def _reviewed(review: Correction | None) -> str:
    if review is None:
        return ""
    return t("sent to a person") if review.kind == REVIEW else label_name(review.answer)


def _reviews(slug: str, scored: Scored, rows: Sequence[int]) -> list[Correction | None]:
    """What was said of each of these rows before, by the version that scored them."""
    try:
        cases = _cases(slug, scored, rows)
        found = feedback.find_all(cases, scored.answer.model)
    except AppError as error:
        show_error(error)
        return [None] * len(rows)
    return [found.get(case.sha256) for case in cases]


def _cases(slug: str, scored: Scored, rows: Sequence[int]) -> list[TransactionCase]:
    """The rows as a person judges them: entries are found by their fingerprints. Kept while the page stays."""
    slot, key = f"{slug}.queue.cases", (scored.key, *rows)
    kept = st.session_state.get(slot)
    if kept is None or kept[0] != key:
        table = scored.transactions
        tables = (row_with_history(table, table.context + row) for row in rows)
        kept = (key, asking.cases_of(slug, tables, scored.answer.model))
        st.session_state[slot] = kept
    cases: list[TransactionCase] = kept[1]
    return cases
