"""Home: what the show-case is, how a demo goes, and one card per sector."""

from __future__ import annotations

from core.catalog import SECTORS
from core.ui import cards

cards.show_opening()
cards.show_course()
for sector in SECTORS:
    cards.show_sector(sector)
cards.show_promises()
