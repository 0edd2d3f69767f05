"""What every character is to the reader of a text: how it is folded, and which kind of unit it belongs to.

Folding maps one character to one character, so that a place in the folded text is a place in the visitor's own.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

SPACE, WORD, DIGIT, HAN, OTHER, MARK, EMOJI, DROPPED = range(8)
"""Kinds: gap; Latin letter; digit; Chinese character; letter of another script; punctuation; picture; ignored."""

APOSTROPHE = ord("'")
_APOSTROPHES = "\u2019\u2018\u02bc\u00b4\u0060"
_HAN_RANGES = ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_LATIN_ENDS = 0x24F
_LATIN_EXTENDED = (0x1E00, 0x1EFF)
_SKIN_TONES = (0x1F3FB, 0x1F3FF)
_PICTURES_BEGIN = 0x1F000
_FOLDED_BELOW = 0x10000
"""Characters above are folded to themselves: mathematical letters and the like are rare, emoji have no case."""


@cache
def folding() -> NDArray[np.uint32]:
    """Code point -> code point of its lower-case, half-width, plain form; shape (0x110000,)."""
    table = np.arange(sys.maxunicode + 1, dtype=np.uint32)
    for code in range(_FOLDED_BELOW):
        folded = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(folded) == 1:
            table[code] = ord(folded)
    for sign in _APOSTROPHES:
        table[ord(sign)] = APOSTROPHE
    return table


@cache
def kinds() -> NDArray[np.uint8]:
    """Code point -> kind; shape (0x110000,)."""
    table = np.full(sys.maxunicode + 1, SPACE, np.uint8)
    for code in range(_FOLDED_BELOW):
        table[code] = _kind(code)
    table[_FOLDED_BELOW:_PICTURES_BEGIN] = OTHER
    table[_PICTURES_BEGIN:0x20000] = EMOJI
    table[_SKIN_TONES[0] : _SKIN_TONES[1] + 1] = DROPPED
    for low, high in _HAN_RANGES:
        table[low : high + 1] = HAN
    return table


def _kind(code: int) -> int:
    category = unicodedata.category(chr(code))
    if category in ("Cf", "Mn", "Me"):
        return DROPPED
    if category == "So":
        return EMOJI
    if category == "Nd":
        return DIGIT
    if category[0] in "LMN":
        latin = code <= _LATIN_ENDS or _LATIN_EXTENDED[0] <= code <= _LATIN_EXTENDED[1]
        full_width = 0xFF21 <= code <= 0xFF5A
        return WORD if latin or full_width else OTHER
    return MARK if category[0] in "PS" else SPACE
