"""What kind of word a word is, by short lists for English and the tags of rjieba's dictionary for Chinese.

No parser: enough to leave "the" out of a list of telling terms and to find words that things are called by.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import rjieba

from core.data.cues import read_adjectives

FILE: Final = Path(__file__).parent / "sentiment" / "word_kinds.txt"


def _read_kinds() -> dict[str, frozenset[str]]:
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    entries = [entry.partition(": ") for entry in "\n".join(lines).replace("\n  ", " ").splitlines()]
    return {name: frozenset(words.split()) for name, _, words in entries}


_KINDS: Final = _read_kinds()
DETERMINERS: Final = _KINDS["determiner"]
BE: Final = _KINDS["be"]
_PAIRED: Final = _KINDS["negation"] | _KINDS["too"]
_FUNCTION: Final = DETERMINERS | BE | _PAIRED | _KINDS["function"]
_GENERAL: Final = _KINDS["general"]
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_LATIN: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_FUNCTION_TAGS: Final = ("u", "p", "c", "r", "m", "q", "y", "e", "x", "o", "d", "f", "t", "zg", "k", "h", "w")
"""Particles, prepositions, conjunctions, pronouns, numerals, measure words, modal and other adverbs and the like."""
_NOUN_TAGS: Final = ("n", "nz", "vn", "an", "nt")


def is_word(text: str) -> bool:
    """Whether a token has a letter: not a mark, not a number."""
    return any(sign.isalpha() for sign in text)


def is_chinese(text: str) -> bool:
    """Whether a token is of Chinese characters alone."""
    return _HAN.fullmatch(text) is not None


def is_function_word(text: str) -> bool:
    """Whether a word says nothing of its own: it holds sentences together, or is too short to tell."""
    if text in _FUNCTION or not is_word(text):
        return True
    if not is_chinese(text):
        return len(text) < 3 or _LATIN.fullmatch(text) is None
    tag = chinese_tag(text)
    # Of single characters only adjectives, such as 差, can be understood in a list.
    return not tag.startswith("a") if len(text) == 1 else tag.startswith(_FUNCTION_TAGS)


def may_begin_a_pair(text: str) -> bool:
    """Whether a function word changes what follows so much that both are one term, as in "not good"."""
    return text in _PAIRED


def is_named_thing(text: str) -> bool:
    """Whether a Chinese word is a common noun of the dictionary that names something in particular."""
    return len(text) > 1 and text not in _GENERAL and chinese_tag(text) in _NOUN_TAGS


def can_name_a_thing(text: str) -> bool:
    """Whether a Latin word is none that is known to be something else than a noun, or to name nothing."""
    return text not in _GENERAL and text not in adjectives() and not text.endswith(("ly", "n't"))


@lru_cache(maxsize=1)
def adjectives() -> frozenset[str]:
    """English words of praise and blame among our cues, and some that say how much or how."""
    return read_adjectives("en") | _KINDS["adjective"]


@lru_cache(maxsize=100_000)
def chinese_tag(text: str) -> str:
    """Part of speech of a Chinese word by rjieba's dictionary: `n` noun, `v` verb, `a` adjective and so on."""
    tagged = rjieba.tag(text, False)
    return tagged[0][1] if len(tagged) == 1 else "l"
