"""Kept texts with their right answers as a table, to read elsewhere or to train on."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import StoreError
from core.intake.exports import csv_bytes
from core.store import audit, feedback
from core.store.feedback import CORRECTION

HEADER = ("text", "label", "decision", "reason", "version", "created")


def texts_csv(sector: str) -> bytes:
    """The kept texts that whoever asks may see, newest first, as CSV; on record.

    Raises:
        StoreError: the database cannot be read, or the export not be put on record.
    """
    rows = list(_rows(sector))
    audit.record("export", sector=sector, n_items=len(rows), details={"what": "corrections"})
    return csv_bytes([HEADER, *rows])


def _rows(sector: str) -> Iterator[tuple[str, ...]]:
    for entry in feedback.corrections(sector, CORRECTION):
        if not entry.of_text or entry.undone:
            continue
        try:
            text = feedback.kept_text(entry)
        except StoreError:  # deleted since it was listed, or damaged: the page says so of that one
            continue
        created = entry.created.isoformat(timespec="seconds")
        yield text, entry.answer, entry.decision, entry.reason, entry.version, created
