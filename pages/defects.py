"""Defect detection: is a part like the good ones, where not, and how often a good one is called defective."""

from __future__ import annotations

from core.catalog import sector
from core.ui.card import show_card
from core.ui.corrections import show_corrections
from core.ui.frame import page
from core.ui.improve import show_improve
from core.ui.part_answer import show_parts
from core.ui.quality import show_champion_quality
from core.ui.sections import section_input

SECTOR = sector("defects")
PARTS = {
    "answer": show_parts,
    "corrections": show_corrections,
    "improve": show_improve,
    "quality": show_champion_quality,
    "card": show_card,
}

page(SECTOR)
PARTS[section_input(SECTOR)](SECTOR)
