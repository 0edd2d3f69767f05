"""From texts to units: words, Chinese characters, punctuation and emoji, each with its place in the visitor's text.

All texts of a batch are read at once as one array of code points, so that a hundred thousand short texts take about a
second; training and serving call the same function.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.tasks.text_classification.characters import (
    APOSTROPHE,
    DIGIT,
    DROPPED,
    EMOJI,
    MARK,
    OTHER,
    SPACE,
    WORD,
    folding,
    kinds,
)

Codes = NDArray[np.uint32]
Keys = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

TAG = re.compile(r"<[a-zA-Z/][^<>]{0,200}>")
"""HTML as some corpora hold it; read as a gap."""
_BASE = np.uint64(0x9E3779B97F4A7C15)
_BASE_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
_SPLIT_ENDINGS = tuple(
    np.array([ord(c) for c in text], np.uint32) for text in ("n't", "'s", "'re", "'ve", "'ll", "'d", "'m")
)
"""Endings that some corpora write apart (`do n't`); they are joined to the word before."""


@dataclass(frozen=True)
class Units:
    """Units of a batch of texts, in reading order; all arrays (U,) unless said otherwise."""

    keys: Keys
    """Hash of the folded characters."""
    kinds: NDArray[np.uint8]
    texts: Places
    """Number of the text that the unit stands in."""
    starts: Places
    """Character offset in that text."""
    ends: Places
    n_texts: int
    sums: Keys
    """Running polynomial over the characters that were kept, (C + 1,); keys of parts of words follow from it."""
    first: Places
    """Place of the first character of the unit among those kept."""
    length: Places
    """Characters of the unit that were kept."""


def mixed(values: Keys) -> Keys:
    """Scatter 64-bit numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def read_units(texts: Sequence[str]) -> Units:
    """All units of a batch of texts; never fails, whatever the characters are."""
    joined = "\n".join(texts) + "\n"
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes, kind = folding()[raw], kinds()[raw].copy()
    for tag in TAG.finditer(joined) if "<" in joined else ():
        kind[tag.start() : tag.end()] = SPACE
    kept = np.flatnonzero(~_ignored(codes, kind))
    codes, kind = codes[kept], kind[kept]
    begins, stops = _spans(codes, kind)
    lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
    text_starts = np.concatenate([[0], np.cumsum(lengths)])
    where = kept[begins]
    owners = np.searchsorted(text_starts, where, side="right") - 1
    sums = _running(codes)
    offset = text_starts[owners]
    return Units(
        keys=part_keys(sums, begins, stops - begins),
        kinds=kind[begins],
        texts=owners,
        starts=where - offset,
        ends=kept[stops - 1] + 1 - offset,
        n_texts=len(texts),
        sums=sums,
        first=begins,
        length=stops - begins,
    )


def part_keys(sums: Keys, first: Places, length: Places) -> Keys:
    """Keys of stretches of characters, the same wherever they stand."""
    return mixed((sums[first + length] - sums[first]) * _powers(len(sums), _BASE_INVERSE)[first])


def _powers(n: int, base: np.uint64) -> Keys:
    powers = np.full(n, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _running(codes: Codes) -> Keys:
    terms = mixed(codes.astype(np.uint64) + np.uint64(0x51ED)) * _powers(len(codes), _BASE)
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])


def _ignored(codes: Codes, kind: NDArray[np.uint8]) -> Flags:
    """Characters that are not read: marks of direction, apostrophes in words, more than two equal ones."""
    drop = kind == DROPPED
    letter = kind == WORD
    inside = np.zeros_like(drop)
    inside[1:-1] = (codes[1:-1] == APOSTROPHE) & letter[:-2] & letter[2:]
    drop |= inside
    long = np.zeros_like(drop)
    long[2:] = (codes[2:] == codes[1:-1]) & (codes[2:] == codes[:-2])
    drop |= long & (kind != SPACE) & (kind != DIGIT)
    drop[1:] |= (codes[1:] == codes[:-1]) & (kind[1:] == EMOJI)
    signs = np.flatnonzero(codes == APOSTROPHE)
    for ending in _SPLIT_ENDINGS:
        drop[_apart(codes, kind, ending, signs)] = True
    return np.asarray(drop, np.bool_)


def _apart(codes: Codes, kind: NDArray[np.uint8], ending: Codes, signs: Places) -> Places:
    """Places of the space and the apostrophe of ` n't` after a word; `signs` are those of all apostrophes."""
    size = len(ending)
    inside = int(np.flatnonzero(ending == APOSTROPHE)[0])
    sign = signs - inside
    sign = sign[(sign >= 2) & (sign + size < len(codes))]
    fits = (codes[sign - 1] == ord(" ")) & (kind[sign - 2] == WORD) & (kind[sign + size] != WORD)
    for place, code in enumerate(ending):
        fits &= codes[sign + place] == code
    found = sign[fits]
    return np.concatenate([found - 1, found + inside])


def _spans(codes: Codes, kind: NDArray[np.uint8]) -> tuple[Places, Places]:
    """First and last-but-one places of units: runs of letters or digits, Chinese characters, equal marks."""
    changes = np.ones(len(codes), np.bool_)
    same_kind = kind[1:] == kind[:-1]
    same_code = codes[1:] == codes[:-1]
    runs = (kind == WORD) | (kind == DIGIT) | (kind == OTHER)
    repeats = (kind == MARK) | (kind == EMOJI)
    changes[1:] = ~(same_kind & (runs[1:] | (repeats[1:] & same_code)))
    begins = np.flatnonzero(changes)
    stops = np.append(begins[1:], len(codes))
    unit = kind[begins] != SPACE
    return begins[unit], stops[unit]
