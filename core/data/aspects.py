"""What reviews are about: words that name things, and how the clauses that hold them read. Simple, and said so.

A word passes for the name of a thing by how it is used: in English after "the" or "my", or before "is" and "was"; in
Chinese by the dictionary. How a clause reads says what stands near the word, not what the writer thinks of the thing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.data.board import UNREAD, Mask, Verdicts
from core.data.sentences import sentence_spans
from core.data.text_grammar import (
    BE,
    DETERMINERS,
    adjectives,
    can_name_a_thing,
    is_chinese,
    is_function_word,
    is_named_thing,
)
from core.data.text_words import Places, Words, cut

LEAST_TEXTS: Final = 5
LEAST_SHARE: Final = 0.005
"""Of all texts: what fewer speak of is no aspect."""
_USED_AS_NOUN: Final = 0.45
"""Share of a Latin word's places at which it is used as the name of a thing."""
CLAUSES_READ: Final = 400
"""Clauses of an aspect that are read, of evenly spread texts; their number stands beside every share."""
_CLAUSE: Final = re.compile(
    r"[，,、；;:：]|\s(?=(?:but|although|though|however|whereas)\b)|(?=但是|但|不过|然而|可是|只是)", re.IGNORECASE
)


@dataclass(frozen=True)
class Aspect:
    """A thing that texts speak of."""

    name: str
    codes: tuple[int, ...]
    """Numbers of its words: "room" and "rooms"."""
    texts: Places
    """Places of the texts that hold it."""


def find_aspects(words: Words, verdicts: Verdicts, rows: Mask | None = None, n: int = 12) -> list[Aspect]:
    """The `n` things that most texts speak of, the most frequent first."""
    wanted = verdicts < UNREAD
    wanted &= True if rows is None else rows
    held = _texts_by_word(words, wanted)
    frequent = held >= max(LEAST_TEXTS, int(LEAST_SHARE * wanted.sum()))
    usage = _used_as_noun(words)
    codes = [
        code
        for code in np.argsort(-held, kind="stable")[: int(frequent.sum())]
        if _names_a_thing(words.vocabulary[code], float(usage[code]))
    ][: 3 * n]
    forms = _one_and_many([int(code) for code in codes], words.vocabulary)
    aspects = [_aspect(words, wanted, own) for own in forms]
    return sorted(aspects, key=lambda aspect: -len(aspect.texts))[:n]


def _texts_by_word(words: Words, wanted: Mask) -> NDArray[np.int64]:
    size = len(words.vocabulary)
    held = np.zeros(size, np.int64)
    for part, owners, codes in words.parts():
        here = wanted[part][owners]
        held += np.bincount(np.unique(owners[here] * size + codes[here]) % max(size, 1), minlength=size)
    return np.where(words.plain & ~words.function_words, held, 0)


def _used_as_noun(words: Words) -> NDArray[np.float64]:
    """Share of the places of each word after a determiner, or an adjective after one, or before "is", (V,)."""
    size = len(words.vocabulary)
    determiner, be, adjective = (
        np.fromiter((word in kind for word in words.vocabulary), bool, size) for kind in (DETERMINERS, BE, adjectives())
    )
    uses, places = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for _, owners, codes in words.parts():
        same = np.append(owners[1:] == owners[:-1], False)
        after = np.zeros(len(codes), bool)
        after[1:] = same[:-1] & (determiner[codes[:-1]] | adjective[codes[:-1]])
        before = np.zeros(len(codes), bool)
        before[:-1] = same[:-1] & be[codes[1:]]
        # What stands before another content word may only describe it: "the customer service".
        describes = np.zeros(len(codes), bool)
        describes[:-1] = same[:-1] & words.plain[codes[1:]] & ~words.function_words[codes[1:]]
        used = before | (after & ~describes)
        uses += np.bincount(codes[used], minlength=size)
        places += np.bincount(codes, minlength=size)
    return np.asarray(uses / np.maximum(places, 1))


def _names_a_thing(word: str, usage: float) -> bool:
    if is_chinese(word):
        return is_named_thing(word)
    return usage >= _USED_AS_NOUN and can_name_a_thing(word)


def _one_and_many(codes: Sequence[int], vocabulary: Sequence[str]) -> list[list[int]]:
    """Codes of the forms of each thing, the one that names it first: a singular with its plural, however rare."""
    numbers = {word: code for code, word in enumerate(vocabulary)}
    names = dict.fromkeys(_singular(vocabulary[code], numbers) for code in codes)
    forms = ((name, *(() if is_chinese(name) else (f"{name}s", f"{name[:-1]}ies"))) for name in names)
    return [[numbers[form] for form in some if form in numbers] for some in forms]


def _singular(word: str, known: Collection[str]) -> str:
    """The singular of a Latin noun where the texts hold it."""
    if word.endswith("s") and not word.endswith("ss"):
        for single in (f"{word[:-3]}y" if word.endswith("ies") else "", word[:-1]):
            if single in known and can_name_a_thing(single):
                return single
    return word


def _aspect(words: Words, wanted: Mask, codes: Sequence[int]) -> Aspect:
    texts = np.unique(np.concatenate([words.texts_with(code) for code in codes]))
    return Aspect(words.vocabulary[codes[0]], tuple(codes), texts[wanted[texts]])


def clauses_about(aspect: Aspect, words: Words, texts: Sequence[str]) -> tuple[Places, list[str]]:
    """Places of up to `CLAUSES_READ` texts that speak of an aspect, and the clause of each that does, (C,).

    Args:
        aspect: One of `find_aspects`.
        words: Of all texts.
        texts: All texts.
    """
    chosen = aspect.texts
    if len(chosen) > CLAUSES_READ:
        chosen = chosen[np.linspace(0, len(chosen) - 1, CLAUSES_READ).astype(int)]
    forms = [words.vocabulary[code] for code in aspect.codes]
    pattern = "|".join(sorted(map(re.escape, forms), key=len, reverse=True))
    named = re.compile(pattern if is_chinese(forms[0]) else rf"\b(?:{pattern})\b", re.IGNORECASE)
    found = [clause_with(texts[place], named) for place in chosen]
    kept = [number for number, clause in enumerate(found) if clause]
    return chosen[kept], [found[number] for number in kept]


def clause_with(text: str, named: re.Pattern[str]) -> str:
    """The first clause that `named` is found in, or its sentence where the clause says nothing else; "" for none."""
    hit = named.search(text)
    if hit is None:
        return ""
    first, last = next((span for span in sentence_spans(text) if span[1] > hit.start()), (0, 0))
    if not first <= hit.start() < last:
        return ""
    begin, end = first, last
    for mark in _CLAUSE.finditer(text, first, last):
        begin = mark.end() if mark.end() <= hit.start() else begin
        end = min(end, mark.start()) if mark.start() >= hit.end() else end
    clause = text[begin:end].strip()
    besides = (word for word in cut(clause) if word not in hit.group().lower())
    return clause if any(not is_function_word(word) for word in besides) else text[first:last]
