"""Where the sentences of a text end, in English and Chinese.

A full stop is more often something else than any other mark: part of a number, an address or an abbreviation. The
other marks end a sentence wherever they stand, except in an address and where what was quoted goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TAG: Final = r"</?(?:br|p|div|li|ul|ol|h[1-6]|hr|tr|td|th|table)\b[^<>]{0,200}>"
"""Of pages that texts were copied from; ends a sentence and belongs to none."""
_CLOSING: Final = "[\"'”’」』)）】》]*"
_END: Final = re.compile(rf"(?P<tag>{_TAG})|(?P<marks>[.!?。！？；…\n]+)(?P<closing>{_CLOSING})", re.IGNORECASE)
_ALWAYS: Final = re.compile(r"[。！？；\n]")
_ADDRESS: Final = re.compile(r"(?:https?://|\bwww\.)[!-~]+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*$")
_NUMBER: Final = re.compile(r"\s*\d{1,3}")
_INITIAL: Final = re.compile(r"(?:^|[^\w-])(?!I$)(?:[^\W\d_]+\.)*[^\W\d_]$")
""""I" is a word more often than an initial."""
_BEFORE: Final = 12
"""Characters before a full stop that are looked at; no abbreviation is longer."""
_BEHIND: Final = 80
"""Blanks that are looked over for what comes next."""
_GO_ON: Final = _words("mr mrs ms mx dr prof rev st mt gen col capt sgt lt messrs vs cf e.g i.e eg ie viz approx dept")
"""Abbreviations after which a sentence goes on."""
_BEFORE_NUMBERS: Final = _words("no nos vol fig pp jan feb mar apr jun jul aug sept sep oct nov dec")
"""Those that are one before a number alone: "no" is a word too."""
_MAY_END: Final = _words("a.m p.m etc inc ltd co corp jr sr al ave blvd ft")
"""Those that end a sentence where another one begins after them."""


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Beginnings and ends of the sentences of a text, without blanks around them; in linear time."""
    spans, begin = [], 0
    for end, after in _ends(text):
        part = text[begin:end]
        start, stop = begin + len(part) - len(part.lstrip()), begin + len(part.rstrip())
        if stop > start:
            spans.append((start, stop))
        begin = after
    return spans


def _ends(text: str) -> Iterator[tuple[int, int]]:
    """Ends of sentences, and where the next one can begin."""
    begin, addresses = 0, _ADDRESS.finditer(text)
    address = next(addresses, None)
    for found in _END.finditer(text):
        while address is not None and address.end() < found.end():
            address = next(addresses, None)
        inside = address is not None and address.start() < found.start() and found.end() < address.end()
        if found["tag"]:
            begin = found.end()
            yield found.start(), begin
        elif not inside and _ends_here(text, begin, found):
            begin = found.end()
            yield begin, begin
    yield len(text), len(text)


def _ends_here(text: str, begin: int, found: re.Match[str]) -> bool:
    """Whether these marks end the sentence that began at `begin`."""
    marks, rest = found["marks"], text[found.end() : found.end() + _BEHIND]
    loud = bool(marks.strip(".…"))
    if not rest or _ALWAYS.search(marks):
        return True
    if not rest[0].isspace():
        # Chinese is written without blanks; 3.5分 and 1.房间 are no two sentences all the same.
        return loud or (bool(_HAN.match(rest)) and not text[found.start() - 1 : found.start()].isdigit())
    following = rest.lstrip()[:1]
    if not following or "\n" in rest[: rest.index(following)]:
        return True
    if found["closing"] or not (loud or marks == "."):
        # A sentence can go on after what it quotes, and a thought after its dots.
        return not following.islower()
    return loud or not _is_short(text[max(begin, found.start() - _BEFORE) : found.start()], following)


def _is_short(before: str, following: str) -> bool:
    """Whether a full stop after `before` is of an abbreviation, of an initial, or of a number that counts a list."""
    word = _WORD.search(before)
    if word is None:
        return bool(_NUMBER.fullmatch(before))
    name = word.group().lower()
    if name in _BEFORE_NUMBERS:
        return following.isdigit()
    if name in _MAY_END:
        return following.islower() or following.isdigit()
    return name in _GO_ON or (before[-1].isupper() and bool(_INITIAL.search(before)))
