"""Sentiment: reads a text and shows the words that decided, a board of many texts, and learning from corrections."""

from __future__ import annotations

from core.catalog import sector
from core.contracts import Sector
from core.ui.board import show_board
from core.ui.card import show_card
from core.ui.corrections import show_corrections
from core.ui.fixit import show_fixit
from core.ui.frame import page
from core.ui.improve import show_improve
from core.ui.quality import show_champion_quality
from core.ui.sections import section_input
from core.ui.text_answer import show_texts


def show_learning(sector: Sector) -> None:
    """What was corrected, and the quick fix that it allows."""
    show_corrections(sector)
    show_fixit(sector)


SECTOR = sector("sentiment")
PARTS = {
    "answer": show_texts,
    "board": show_board,
    "corrections": show_learning,
    "improve": show_improve,
    "quality": show_champion_quality,
    "card": show_card,
}

page(SECTOR)
PARTS[section_input(SECTOR)](SECTOR)
