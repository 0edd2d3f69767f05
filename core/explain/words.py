"""Tokens of an explained text as words that a reader can point at: Chinese characters of one word are one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import TokenAttribution

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
EDGES = (0.2, 0.4, 0.7)
"""Shares of the strongest word from which a word is marked, marked more, and most; shares below the first are not."""
LEVELS = len(EDGES)
STRONG = 0.5
"""Log odds that count as strong where no word adds more, so that a neutral text is not full of strong marks."""
SHORT = 20
"""Words of a text up to which that holds; each says less in a longer one, as the root of their number."""


@dataclass(frozen=True)
class Words:
    """Stretches of a text and what each adds to the log odds of a label; arrays (W,), in reading order."""

    text: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    contributions: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts)

    def word(self, place: int) -> str:
        """The characters of one of them."""
        return self.text[self.starts[place] : self.ends[place]]

    def title(self, places: Sequence[int]) -> str:
        """How to call a word that stands in some places: `good × 2`."""
        word = self.word(places[0])
        return word if len(places) == 1 else f"{word} × {len(places)}"

    @property
    def strongest(self) -> float:
        """What the strongest word adds, or what would count as strong, whichever is more; above 0."""
        least = STRONG / math.sqrt(max(1.0, len(self) / SHORT))
        return max(float(np.abs(self.contributions).max(initial=0.0)), least)

    @property
    def levels(self) -> NDArray[np.int64]:
        """How strongly each is to be marked, 0 for not at all to `LEVELS`, (W,)."""
        return np.searchsorted(EDGES, np.abs(self.contributions) / self.strongest, side="right")


def words_of(attribution: TokenAttribution) -> Words:
    """One word for each token, but one for the Chinese characters that a dictionary takes for a word.

    The contribution of a word is the sum of those of its characters, so that words add up to what the tokens do.
    """
    starts, ends, values = attribution.starts, attribution.ends, attribution.contributions
    if not len(starts):
        return Words(attribution.text, starts, ends, values)
    first = np.flatnonzero(~_continues(attribution))
    last = np.append(first[1:], len(starts)) - 1
    return Words(attribution.text, starts[first], ends[last], np.add.reduceat(values, first))


def _continues(attribution: TokenAttribution) -> NDArray[np.bool_]:
    """Which tokens are in the middle of a Chinese word, (T,)."""
    text, starts, ends = attribution.text, attribution.starts, attribution.ends
    found = np.zeros(len(starts), bool)
    if _HAN.search(text) is None:
        return found
    import rjieba  # reads its dictionary when it is imported, a third of a second

    inside = np.zeros(len(text) + 1, bool)
    for word, begin, end in rjieba.tokenize(text, "default", False):
        if end - begin > 1 and _HAN.match(word):
            inside[begin + 1 : end] = True
    found[1:] = inside[starts[1:]] & (starts[1:] == ends[:-1])
    return found
