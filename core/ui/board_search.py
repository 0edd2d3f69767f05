"""Search among the texts of a board, one of them opened whole, and the file to take away."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from core.contracts import N_
from core.ui.beginnings import one_line
from core.ui.board_chosen import Board
from core.ui.board_speech import facts
from core.ui.i18n import t

PER_PAGE: Final = 25
ALL, DIFFERS = "all", "differs"
KINDS: Final = {
    ALL: N_("All"),
    "2": N_("Positive"),
    "1": N_("Neutral or undecided"),
    "0": N_("Negative"),
    "3": N_("No answer"),
    DIFFERS: N_("Other than its label"),
}
ORDERS: Final = {
    "table": N_("As in the table"),
    "positive": N_("Most positive first"),
    "negative": N_("Most negative first"),
    "newest": N_("Newest first"),
}
READINGS: Final = (N_("Negative"), N_("Neutral or undecided"), N_("Positive"), N_("No answer"))
LABELS: Final = (N_("Negative"), N_("Positive"))
_CELL: Final = 240
"""Characters of a text in the list."""


def show_search(board: Board) -> None:
    """The texts that hold some words, by reading, and all of them as a file."""
    slug, table = board.slug, board.scored.table
    with st.grid(min_column_width=180):
        words = st.text_input(
            t("Words to look for"), max_chars=200, key=f"{slug}.board.words", help=t("Texts that hold all of them.")
        )
        kinds = [kind for kind in KINDS if kind != DIFFERS or table.label is not None]
        kind = st.selectbox(
            t("Read as"), kinds, format_func=lambda kind: t(KINDS[kind]), key=f"{slug}.board.kind.{len(kinds)}"
        )
        orders = [order for order in ORDERS if order != "newest" or table.time is not None]
        order = st.selectbox(
            t("Order"), orders, format_func=lambda order: t(ORDERS[order]), key=f"{slug}.board.order.{len(orders)}"
        )
    places = board.once(("found", words, kind, order), lambda: _found(board, words, str(kind), str(order)))
    _show_found(board, places)
    _show_download(board)


def _found(board: Board, words: str, kind: str, order: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    from core.data.board import NEGATIVE, POSITIVE, lines_with

    scored = board.scored
    wanted = board.rows & lines_with(scored.searchable, words)
    if kind == DIFFERS and scored.table.label is not None:
        said = np.select([scored.table.label == 0, scored.table.label == 1], [NEGATIVE, POSITIVE], -1)
        decided = (scored.verdicts == NEGATIVE) | (scored.verdicts == POSITIVE)
        wanted &= decided & (said >= 0) & (said != scored.verdicts)
    elif kind != ALL:
        wanted &= scored.verdicts == int(kind)
    places = np.flatnonzero(wanted)
    if order == "newest" and scored.table.time is not None:
        age = -scored.table.time[places].astype("datetime64[s]").astype(np.int64)
        # No time is the smallest number there is, and comes last.
        return np.asarray(places[np.lexsort((age, np.isnat(scored.table.time[places])))])
    if order in ("positive", "negative"):
        sign = -1 if order == "positive" else 1
        return np.asarray(places[np.argsort(sign * scored.scores[places], kind="stable")])
    return places


def _show_found(board: Board, places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """One page of what was found, and the text that is opened."""
    if not len(places):
        st.info(t("No text is left with these words and filters."))
        return
    pages = -(-len(places) // PER_PAGE)
    key = f"{board.slug}.board.page.{pages}"
    page = int(st.session_state.get(key, 1))
    shown = [int(place) for place in places[(page - 1) * PER_PAGE : page * PER_PAGE]]
    picked = st.dataframe(
        [_cells(board, place) for place in shown],
        hide_index=True,
        height=38 + 35 * min(len(shown), 10),
        column_config={
            t("Text"): st.column_config.TextColumn(width="large"),
            "%": st.column_config.ProgressColumn(t("Positive, %"), min_value=0, max_value=100, format="%.0f"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"{board.slug}.board.found.{hash(tuple(shown)) & 0xFFFFFFFF:08x}",
    )
    if pages > 1:
        st.pagination(pages, key=key)
    st.caption(t("{count:,} texts found. Select a row to read it whole.", count=len(places)))
    rows = picked.selection.rows
    if rows:
        with st.container(border=True):
            st.caption(facts(board, shown[rows[0]]))
            st.text(board.scored.table.texts[shown[rows[0]]])


def _cells(board: Board, place: int) -> dict[str, object]:
    scored = board.scored
    table = scored.table
    cells: dict[str, object] = {
        t("Text"): one_line(table.texts[place], _CELL),
        t("Read as"): t(READINGS[scored.verdicts[place]]),
        "%": 100 * float(scored.scores[place]),
    }
    if table.label is not None:
        label = int(table.label[place])
        cells[t("Label")] = t(LABELS[label]) if label >= 0 else ""
    if table.time is not None:
        day = table.time[place]
        cells[t("Date")] = "" if np.isnat(day) else str(day.astype("datetime64[D]"))
    if table.category is not None:
        cells[t("Category")] = str(table.category[place])
    return cells | {t("Row"): str(table.ids[place])}


def _show_download(board: Board) -> None:
    """The whole table with its readings, whatever is looked at."""
    from core.serving.board_file import board_csv

    masked = st.checkbox(
        t("Mask e-mail addresses, phone, id card and bank card numbers in the file"),
        value=True,
        key=f"{board.slug}.board.masked",
    )
    notice = t(board.notice) if board.notice else ""
    st.download_button(
        t("Download all {count:,} texts with their readings", count=len(board.scored)),
        data=lambda: board_csv(board.scored, notice, masked=masked),
        file_name=f"vitrine-{board.slug}-board.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{board.slug}.board.download",
        on_click="ignore",
    )
    st.caption(
        t(
            "CSV in UTF-8. Cells that a spreadsheet would run as formulas are written as text. Personal data are found "
            "by their form; names and addresses are not."
        )
    )
