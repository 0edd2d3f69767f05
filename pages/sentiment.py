"""Sentiment: reads a text and shows the words that decided, a board of many texts, and learning from corrections."""

from __future__ import annotations

from core.catalog import sector
from core.ui.card import show_card
from core.ui.corrections import show_corrections
from core.ui.frame import page
from core.ui.improve import show_improve
from core.ui.quality import show_champion_quality
from core.ui.sections import section_input

SECTOR = sector("sentiment")
PARTS = {
    "corrections": show_corrections,
    "improve": show_improve,
    "quality": show_champion_quality,
    "card": show_card,
}

page(SECTOR)
section = section_input(SECTOR)
if section in PARTS:
    PARTS[section](SECTOR)
