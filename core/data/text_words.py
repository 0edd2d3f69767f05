"""Words of many texts as one array of numbers, so that counting them takes seconds for a hundred thousand texts.

Latin words stand between whatever is no letter; Chinese is cut into the words of a dictionary by rjieba.
"""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import rjieba
from numpy.typing import NDArray

from core.data.text_grammar import is_function_word, is_word

TEXTS_AT_ONCE: Final = 4096
WORDS_PER_TEXT: Final = 2000
"""Of a longer text the first ones are counted."""
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")
"""A word, or a mark: words on both sides of a mark are no pair."""

Codes = NDArray[np.int32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Words:
    """The words of N texts, one text after the other."""

    vocabulary: tuple[str, ...]
    """Word of each number, in lower case; marks among them."""
    codes: Codes
    """Numbers of all words, (T,)."""
    starts: Places
    """Where each text begins, and the end of the last, (N + 1,)."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def plain(self) -> NDArray[np.bool_]:
        """Which entries of the vocabulary are words, not marks, (V,)."""
        return np.fromiter(map(is_word, self.vocabulary), bool, len(self.vocabulary))

    @cached_property
    def function_words(self) -> NDArray[np.bool_]:
        """Which entries say nothing of their own, such as "the", (V,)."""
        return np.fromiter(map(is_function_word, self.vocabulary), bool, len(self.vocabulary))

    def parts(self) -> Iterator[tuple[slice, Places, Codes]]:
        """Stretches of texts: which, the text of each word within the stretch (t,), and the words (t,)."""
        for first in range(0, len(self), TEXTS_AT_ONCE):
            last = min(first + TEXTS_AT_ONCE, len(self))
            bounds = self.starts[first : last + 1]
            owners = np.repeat(np.arange(last - first), np.diff(bounds))
            yield slice(first, last), owners, self.codes[bounds[0] : bounds[-1]]

    def texts_with(self, code: int) -> Places:
        """Places of the texts that hold a word."""
        found = np.searchsorted(self.starts, np.flatnonzero(self.codes == code), side="right") - 1
        return np.unique(found)


class WordReader:
    """Collects the words of texts, batch by batch."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._codes = array("i")
        self._starts = array("q", [0])

    def add(self, texts: Sequence[str]) -> None:
        """Read more texts."""
        numbers = self._numbers
        for text in texts:
            self._codes.extend([numbers[word] for word in cut(text)[:WORDS_PER_TEXT]])
            self._starts.append(len(self._codes))

    def words(self) -> Words:
        """All that was read so far."""
        codes = np.array(self._codes, np.int32)
        return Words(tuple(self._numbers), codes, np.array(self._starts, np.int64))


def cut(text: str) -> list[str]:
    """Words and marks of a text in lower case, in order; blanks are left out."""
    lower = text.lower().replace("’", "'")
    if _HAN.search(lower) is None:
        return _LATIN.findall(lower)
    # Without guesses at words that the dictionary lacks: they change with the words around them.
    return [word for word in rjieba.cut(lower, False) if not word.isspace()]
