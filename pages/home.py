"""Home: what the show-case is, one card per sector, and how a demo goes."""

from __future__ import annotations

from core.catalog import SECTORS
from core.ui import cards

cards.show_opening()
for sector in SECTORS:
    cards.show_sector(sector)
cards.show_course()
cards.show_promises()
