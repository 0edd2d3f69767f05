"""A batch of answers: the table with thumbnails, and the file to take away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from core.contracts import AnomalyPrediction, Refusal, Sector, Single
from core.intake.exports import csv_bytes
from core.ui.i18n import t
from core.ui.labels import label_name
from core.ui.predict import Answered, Row
from core.ui.views import escape, plain

_ROW_HEIGHT = 64


def show_batch(sector: Sector, answered: Answered) -> int | None:
    """Table and download; returns the place of the row that was clicked."""
    slug = sector.slug
    counts = _counts(answered.rows)
    st.caption(" · ".join(f"{label}: {count:,}" for label, count in counts))
    picked = st.dataframe(
        [_shown(row) for row in answered.rows],
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=min(40 + _ROW_HEIGHT * len(answered.rows), 560),
        column_config={
            "image": st.column_config.ImageColumn(t("Image"), width="small"),
            "file": st.column_config.TextColumn(t("File"), width="medium"),
            "decision": st.column_config.TextColumn(t("Answer")),
            "score": st.column_config.ProgressColumn(t("Score, %"), min_value=0, max_value=100, format="%.1f"),
            "set": st.column_config.TextColumn(t("Labels at this coverage")),
            "note": st.column_config.TextColumn(t("Notes"), width="large"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"{slug}.batch",
    )
    st.caption(t("Select a row to see the image and the reasons."))
    download(sector, answered)
    rows = picked.selection.rows if picked else []
    return int(rows[0]) if rows and rows[0] < len(answered.rows) else None


def download(sector: Sector, answered: Answered) -> None:
    """A button for the CSV with everything that was answered or refused."""
    st.download_button(
        t("Download the results as CSV"),
        data=lambda: to_csv(sector, answered),
        file_name=f"vitrine-{sector.slug}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{sector.slug}.download",
        on_click="ignore",
    )


def _counts(rows: Sequence[Row]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for row in rows:
        decided = row.answer.single.decision
        label = label_name(decided) if decided else t("No answer")
        counts[label] = counts.get(label, 0) + 1
    return [(escape(label), count) for label, count in sorted(counts.items(), key=lambda pair: -pair[1])]


def _shown(row: Row) -> dict[str, Any]:
    prediction = row.answer.single
    notes = [plain(notice) for notice in row.notices]
    if prediction.abstained is not None:
        notes.insert(0, plain(prediction.abstained.message))
    decided = prediction.decision
    return {
        "image": row.thumbnail,
        "file": row.item.name,
        "decision": label_name(decided) if decided else t("No answer"),
        "score": 100 * float(prediction.scores[prediction.labels.index(decided)]) if decided else None,
        "set": ", ".join(map(label_name, prediction.prediction_set)) if decided else "",
        "note": " ".join(notes),
    }


def to_csv(sector: Sector, answered: Answered) -> bytes:
    """The answers as CSV in UTF-8 with a byte order mark, so that spreadsheets read Chinese; one row per input.

    Every row carries model, version and the sector's notice, so that a line cut out of the file still does.
    """
    said = tuple(_said(answered.rows[0].answer.single)) if answered.rows else ("decision",)
    header = ["input", *said, "abstained", "latency_ms"]
    header += ["notices", "removed_tags", "refused", "hint", "model", "version", "notice"]
    notice = t(sector.notice) if sector.notice else ""
    rows = [(*_answer_cells(row), notice) for row in answered.rows]
    return csv_bytes([header, *rows, *((*_refusal_cells(row, len(said)), notice) for row in answered.refused)])


def _said(prediction: Single) -> dict[str, object]:
    """The answer itself by the names of its columns."""
    if isinstance(prediction, AnomalyPrediction):
        outlined = sum(region.area for region in prediction.regions)
        return {
            "decision": prediction.decision or "",
            "outcome": prediction.outcome,
            "score": round(prediction.verdict.score, 4),
            "threshold": round(prediction.verdict.threshold, 4),
            "unsure_from": round(prediction.unsure[0], 4),
            "unsure_to": round(prediction.unsure[1], 4),
            "held_out_good_parts_below": prediction.exceeded,
            "held_out_good_parts": prediction.held_out,
            "regions": len(prediction.regions),
            "outlined_percent": round(100 * outlined, 2),
        }
    scores = zip(prediction.labels, prediction.scores, strict=True)
    return {
        "decision": prediction.decision or "",
        **{f"score {label}": round(float(score), 4) for label, score in scores},
        "prediction_set": " | ".join(prediction.prediction_set),
    }


def _answer_cells(row: Row) -> Iterable[object]:
    prediction, model = row.answer.single, row.answer.model
    yield row.item.name
    yield from _said(prediction).values()
    yield plain(prediction.abstained.message) if prediction.abstained else ""
    yield round(row.answer.latency_ms, 1)
    yield " ".join(plain(notice) for notice in row.notices)
    yield ", ".join(row.removed_tags)
    yield from ("", "")
    yield model.architecture
    yield model.version


def _refusal_cells(refusal: Refusal, n_said: int) -> Iterable[object]:
    yield refusal.name
    yield from [""] * (n_said + 4)
    yield f"{plain(refusal.message)} ({refusal.code})"
    yield plain(refusal.hint)
    yield from ("", "")
