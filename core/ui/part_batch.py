"""Many parts at once: a table with what is said of each, small pictures with their maps, and the file to take away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import mean
from typing import Any, Final

import streamlit as st

from core.contracts import Outcome, Sector
from core.ui.batch import download
from core.ui.i18n import t
from core.ui.part_asking import found_in
from core.ui.part_verdict import OUTCOMES, SIGNS
from core.ui.predict import Answered, Row
from core.ui.views import plain

_ROW_HEIGHT: Final = 68
"""Streamlit wraps text in rows of more than 64 pixels."""
_ANSWER_WIDTH, _FILE_WIDTH = 100, 130
_ORDER: Final[tuple[Outcome, ...]] = ("defect", "unsure", "declined", "ok")
"""Of rows and of the buttons that filter them: what a person has to look at comes first."""


def show_part_batch(sector: Sector, answered: Answered) -> Row | None:
    """Counts, which also filter, table and download; returns the row that was clicked."""
    slug = sector.slug
    ordered = in_order(answered.rows)
    wanted = _filter_input(slug, Counter(found_in(row.answer).outcome for row in ordered))
    rows = [row for row in ordered if wanted in ("", found_in(row.answer).outcome)]
    picked = st.dataframe(
        [_shown(row) for row in rows],
        hide_index=True,
        placeholder="",
        row_height=_ROW_HEIGHT,
        height=min(40 + _ROW_HEIGHT * len(rows), 560),
        column_config={
            "image": st.column_config.ImageColumn(t("Image"), width="small"),
            "outcome": st.column_config.TextColumn(t("Answer"), width=_ANSWER_WIDTH),
            "score": st.column_config.ProgressColumn(
                t("Score"), min_value=0, max_value=1, format="%.2f", width="small"
            ),
            "file": st.column_config.TextColumn(t("File"), width=_FILE_WIDTH),
            "note": st.column_config.TextColumn(t("Notes"), width="medium"),
            "regions": st.column_config.NumberColumn(t("Regions"), width="small"),
            "area": st.column_config.NumberColumn(t("Outlined, %"), format="%.2f", width="small"),
        },
        on_select="rerun",
        selection_mode="single-row",
        # A limit that puts the rows into another order leaves no other part chosen than the one that was clicked.
        key=f"{slug}.batch.{wanted}.{_place_of_declined(rows)}",
    )
    st.caption(
        t(
            "The map is laid over the small pictures. Select a row to see the part large, with its regions. Answered "
            "in {latency:.0f} ms each on average.",
            latency=mean(row.answer.latency_ms for row in answered.rows),
        )
    )
    download(sector, answered)
    places = picked.selection.rows if picked else []
    return rows[places[0]] if places and places[0] < len(rows) else None


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Defects first, then what is unsure or declined; among those of one kind the highest score first."""
    return sorted(
        rows, key=lambda row: (_ORDER.index(found_in(row.answer).outcome), -found_in(row.answer).verdict.score)
    )


def _place_of_declined(rows: Sequence[Row]) -> int:
    """Of the first declined row, 0 where there is none: a limit can move these alone to other places."""
    outcomes = [found_in(row.answer).outcome for row in rows]
    return outcomes.index("declined") if "declined" in outcomes else 0


def _filter_input(slug: str, counts: Counter[Outcome]) -> str:
    """Which rows to show; empty for all of them."""
    present = [outcome for outcome in _ORDER if counts[outcome]]
    titles = {"": t("All: {count:,}", count=counts.total())} | {
        outcome: f"{SIGNS[outcome]} {t(OUTCOMES[outcome])}: {counts[outcome]:,}" for outcome in present
    }
    key = f"{slug}.batch_outcome"
    if st.session_state.get(key, "") not in titles:  # another limit has emptied what was looked at
        st.session_state[key] = ""
    chosen = st.segmented_control(
        t("Which parts"),
        list(titles),
        default="",
        required=True,
        format_func=titles.__getitem__,
        key=key,
        label_visibility="collapsed",
    )
    return str(chosen or "")


def _shown(row: Row) -> dict[str, Any]:
    found = found_in(row.answer)
    notes = [plain(notice) for notice in row.notices]
    if found.abstained is not None:
        notes.insert(0, plain(found.abstained.message))
    return {
        "image": row.thumbnail,
        "outcome": f"{SIGNS[found.outcome]} {t(OUTCOMES[found.outcome])}",
        "score": None if found.abstained else found.verdict.score,
        "file": row.item.name,
        "note": " ".join(notes),
        "regions": None if found.abstained else len(found.regions),
        "area": None if found.abstained else 100 * sum(region.area for region in found.regions),
    }
