"""From units to n-grams: one to three words, one to four Chinese characters, words apart, words that are negated.

An n-gram may run over punctuation and change script, so that mixed text needs no special case; with a Chinese
character in it, it may be one unit longer. Punctuation and digits alone are other n-grams in a text with Chinese
characters than in one without: an exclamation mark does not say the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.tasks.text_classification.characters import DIGIT, HAN, MARK, OTHER, WORD
from core.tasks.text_classification.units import Flags, Keys, Places, Units, mixed, read_units

LONGEST = 3
"""Words in the longest n-gram."""
LONGEST_HAN = 4
"""Units in the longest n-gram that holds a Chinese character."""
SCOPE = 4
"""Words after a negation that it may reach, up to the next punctuation."""
GAPS = (1, 2)
"""Words left out between the two words of a pair."""
_NEGATIONS = (
    "not no never nothing nobody none neither nor without hardly barely cannot cant dont doesnt didnt isnt wasnt arent "
    "werent wont wouldnt shouldnt couldnt hasnt havent hadnt aint lack lacks lacked lacking"
)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_NEGATED, _APART, _CHINESE = np.uint64(0x4E4547), np.uint64(0x534B4950), np.uint64(0x7A68)


_Part: TypeAlias = tuple[Keys, Places, Places, Places, Flags]


@dataclass(frozen=True)
class Ngrams:
    """N-grams of a batch of texts, an entry for each occurrence; all arrays (G,)."""

    keys: Keys
    texts: Places
    """Number of the text."""
    first: Places
    """Number of the first unit."""
    last: Places
    """Number of the last unit."""
    whole: Flags
    """Whether the units between belong to it too."""


def read_ngrams(units: Units) -> Ngrams:
    """All n-grams of a batch, those of one unit first."""
    parts = [_of_length(units, length, keys) for length, keys in _chained(units)]
    parts += [_pairs(units, gap) for gap in GAPS]
    parts.append(_negated(units))
    return Ngrams(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def distinct(texts: Places, keys: Keys) -> NDArray[np.int64]:
    """Places of one entry for each n-gram of each text, however often it occurs."""
    order = np.argsort(mixed(texts.astype(np.uint64) + np.uint64(1)) ^ keys)
    texts, keys = texts[order], keys[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (texts[1:] != texts[:-1]) | (keys[1:] != keys[:-1])
    return order[new]


def _chained(units: Units) -> list[tuple[int, Keys]]:
    """Keys of all runs of one unit, two units and so on, wherever a run of that length can begin."""
    found = [(1, units.keys ^ np.uint64(1))]
    keys = units.keys
    for length in range(2, LONGEST_HAN + 1):
        keys = mixed(keys[:-1] * _STEP + units.keys[length - 1 :])
        found.append((length, keys ^ np.uint64(length)))
    return found


def _of_length(units: Units, length: int, keys: Keys) -> _Part:
    """Runs that stay within one text and are not too long for what is in them."""
    n = max(len(units.keys) - length + 1, 0)
    fits = units.texts[:n] == units.texts[length - 1 :]
    if length > LONGEST:
        fits &= _count(units.kinds == HAN, length) > 0
    begin = np.flatnonzero(fits)
    texts = units.texts[begin]
    plain = _count(np.isin(units.kinds, (MARK, DIGIT)), length)[begin] == length
    chinese = np.bincount(units.texts[units.kinds == HAN], minlength=units.n_texts) > 0
    found = np.where(plain & chinese[texts], keys[begin] ^ _CHINESE, keys[begin])
    return found, texts, begin, begin + length - 1, np.ones(len(begin), np.bool_)


def _pairs(units: Units, gap: int) -> _Part:
    """Two words with others between, whatever those are; the same n-gram for every gap."""
    away = gap + 1
    word = np.isin(units.kinds, (WORD, OTHER, DIGIT))
    fits = word[:-away] & word[away:] & (units.texts[:-away] == units.texts[away:])
    begin = np.flatnonzero(fits)
    keys = mixed(units.keys[begin] * _STEP + units.keys[begin + away] + _APART)
    return keys, units.texts[begin], begin, begin + away, np.zeros(len(begin), np.bool_)


def _negated(units: Units) -> _Part:
    """Words in the scope of a negation, each as an n-gram of its own."""
    denies, mark = np.isin(units.keys, _negation_keys()), units.kinds == MARK
    reached = np.zeros(len(mark), np.bool_)
    for distance in range(1, SCOPE + 1):
        near = denies[:-distance] & (units.texts[distance:] == units.texts[:-distance])
        near &= _count(mark, distance + 1) == 0
        reached[distance:] |= near
    found = np.flatnonzero(reached & (units.kinds != HAN))
    return mixed(units.keys[found] + _NEGATED), units.texts[found], found, found, np.ones(len(found), np.bool_)


def _count(flags: Flags, length: int) -> Places:
    """How many of each `length` neighbours are set."""
    total = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(total[length:] - total[: max(len(total) - length, 0)])


@cache
def _negation_keys() -> Keys:
    return read_units([_NEGATIONS]).keys
