"""Many parts at once: a table with what is said of each, small pictures with their maps, and the file to take away."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import streamlit as st

from core.contracts import Outcome, Sector
from core.ui.batch import download
from core.ui.i18n import t
from core.ui.part_asking import found_in
from core.ui.part_verdict import OUTCOMES, SIGNS
from core.ui.predict import Answered, Row
from core.ui.views import plain

_ROW_HEIGHT: Final = 64
_ORDER: Final[tuple[Outcome, ...]] = ("defect", "unsure", "ok", "declined")


def show_part_batch(sector: Sector, answered: Answered) -> Row | None:
    """Counts, which also filter, table and download; returns the row that was clicked."""
    slug = sector.slug
    outcomes = [found_in(row.answer).outcome for row in answered.rows]
    wanted = _filter_input(slug, Counter(outcomes))
    rows = [row for row, outcome in zip(answered.rows, outcomes, strict=True) if wanted in ("", outcome)]
    picked = st.dataframe(
        [_shown(row) for row in rows],
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=min(40 + _ROW_HEIGHT * len(rows), 560),
        column_config={
            "image": st.column_config.ImageColumn(t("Image"), width="small"),
            "file": st.column_config.TextColumn(t("File"), width="medium"),
            "outcome": st.column_config.TextColumn(t("Answer")),
            "score": st.column_config.ProgressColumn(t("Score"), min_value=0, max_value=1, format="%.2f"),
            "regions": st.column_config.NumberColumn(t("Regions")),
            "area": st.column_config.NumberColumn(t("Outlined, %"), format="%.2f"),
            "note": st.column_config.TextColumn(t("Notes"), width="large"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"{slug}.batch.{wanted}",
    )
    st.caption(t("The map is laid over the small pictures. Select a row to see the part large, with its regions."))
    download(sector, answered)
    places = picked.selection.rows if picked else []
    return rows[places[0]] if places and places[0] < len(rows) else None


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
        "regions": len(found.regions),
        "area": 100 * sum(region.area for region in found.regions),
        "file": row.item.name,
        "note": " ".join(notes),
    }
