"""What the board is about at this moment, and what was reckoned of it already."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import streamlit as st

if TYPE_CHECKING:
    from core.data.board import Mask
    from core.serving.board import ScoredTexts

Made = TypeVar("Made")

ALL: Final = ""
"""In the place of a category or a language."""
_KEPT: Final = 60


@dataclass(frozen=True)
class Board:
    """Texts that were read, and which of them are looked at."""

    slug: str
    notice: str
    scored: ScoredTexts
    category: str
    language: str

    @property
    def rows(self) -> Mask:
        """Which texts are looked at, (N,)."""
        return self.once("rows", lambda: self.scored.rows(self.category, self.language))

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` returns for these texts, reckoned once and kept as long as they are on the board."""
        slot = f"{self.slug}.board.views"
        key, views = st.session_state.get(slot, ("", {}))
        if key != self.scored.key:
            key, views = self.scored.key, {}
            st.session_state[slot] = (key, views)
        place = (name, self.category, self.language)
        if place not in views:
            views[place] = make()
            while len(views) > _KEPT:
                del views[next(iter(views))]
        found: Made = views[place]
        return found
