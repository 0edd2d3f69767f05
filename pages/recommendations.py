"""Recommendations: a list that changes with every click and says why, the catalogue as a map, and how good it is."""

from __future__ import annotations

from core.catalog import sector
from core.ui.card import show_card
from core.ui.frame import page
from core.ui.improve import show_improve
from core.ui.sections import section_input
from core.ui.shop_answer import show_shop
from core.ui.shop_map import show_catalogue
from core.ui.shop_quality import show_shop_quality

SECTOR = sector("recommendations")
PARTS = {
    "answer": show_shop,
    "catalogue": show_catalogue,
    "improve": show_improve,
    "quality": show_shop_quality,
    "card": show_card,
}

page(SECTOR)
PARTS[section_input(SECTOR)](SECTOR)
