"""Fraud: scores a transaction and says why, ranks a table into a queue of alerts, and says what that is worth."""

from __future__ import annotations

from core.catalog import sector
from core.ui.card import show_card
from core.ui.corrections import show_corrections
from core.ui.frame import page
from core.ui.improve import show_improve
from core.ui.quality import show_champion_quality
from core.ui.queue import show_queue
from core.ui.sections import section_input
from core.ui.single import show_single
from core.ui.theatre import show_theatre

SECTOR = sector("fraud")
PARTS = {
    "answer": show_single,
    "queue": show_queue,
    "corrections": show_corrections,
    "improve": show_improve,
    "quality": show_champion_quality,
    "overfitting": show_theatre,
    "card": show_card,
}

page(SECTOR)
PARTS[section_input(SECTOR)](SECTOR)
