"""Which texts are like our hard lines, by their words."""

from __future__ import annotations

import pytest

from core.data.hard_words import hard_kinds
from core.data.sentiment_slices import read_slices


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Not bad at all.", ("negation",)),
        ("I can't complain.", ("negation",)),
        ("It didnt work", ("negation",)),
        ("这个酒店不差", ("negation",)),
        ("没有任何问题", ("negation",)),
        ("The room was small but clean.", ("but",)),
        ("房间很小，但是很干净", ("but",)),
        ("Nice, but not for me.", ("negation", "but")),
        ("不错，不过有点贵", ("but",)),
        ("I want the best one, and I went twice.", ()),
        ("非常好，特别喜欢", ()),
        ("A wonderful evening.", ()),
    ],
)
def test_kinds_by_words(text: str, kinds: tuple[str, ...]) -> None:
    assert hard_kinds(text) == kinds


@pytest.mark.parametrize(("kind", "least"), [("negation", 0.9), ("but", 0.6)])
def test_most_of_our_own_lines_are_found(kind: str, least: float) -> None:
    parts = read_slices().splits.values()
    lines = [
        text for part in parts for text, source in zip(part.texts, part.sources, strict=True) if source.startswith(kind)
    ]
    assert len(lines) >= 50 and sum(kind in hard_kinds(line) for line in lines) >= least * len(lines)
