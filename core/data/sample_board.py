"""Made-up reviews of a hotel, a restaurant and a shop over half a year: what the board shows before anybody sends one.

Sentences are this project's own; a seeded draw puts two or three of them together. Three things happen on the way, so
that there is something to find: deliveries fail for six weeks, the hotel's rooms are renewed, the kitchen loses its
cook for a month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from core.intake.text_tables import TextTable, table_of_texts

FILE: Final = Path(__file__).parent / "sentiment" / "board_pool.txt"
NAME: Final = "sample_reviews"
REVIEWS: Final = 1400
DAYS: Final = 182
FIRST_DAY: Final = np.datetime64("2026-01-05", "D")
SEED: Final = 20260105
CATEGORIES: Final = {"hotel": "Hotel 酒店", "restaurant": "Restaurant 餐厅", "shop": "Online shop 网店"}
CHINESE_SHARE: Final = 0.45
_GOOD: Final = {"hotel": 0.62, "restaurant": 0.66, "shop": 0.64}
"""Chance that an ordinary sentence is praise."""
_NEUTRAL: Final = 0.05
"""Reviews that say nothing either way."""
_AS_MOOD: Final = 0.88
"""Chance that a sentence has the mood of its review."""
_ENDED: Final = 0.4
"""Chance that a review ends with a sentence about the whole."""


@dataclass(frozen=True)
class Event:
    """A stretch of days in which praise of one aspect has another chance."""

    kind: str
    aspect: str
    first: int
    last: int
    good: float
    spoken_of: float
    """How many times as often as usual people speak of it."""


EVENTS: Final = (
    Event("shop", "delivery", 63, 105, 0.06, 3.0),
    Event("hotel", "room", 98, DAYS, 0.93, 1.5),
    Event("hotel", "room", 0, 97, 0.38, 1.3),
    Event("restaurant", "food", 126, 154, 0.12, 2.0),
)

Pool = Mapping[tuple[str, str, str, str], Sequence[str]]
"""(kind, aspect, sign, language) -> sentences."""


@lru_cache(maxsize=1)
def sample_table() -> TextTable:
    """The same reviews every time, in the order of their days; a label is what the draw meant."""
    pool, rng = read_pool(), np.random.default_rng(SEED)
    days = np.sort(rng.integers(0, DAYS, REVIEWS))
    made = [draw_review(pool, int(day), rng) for day in days]
    return replace(
        table_of_texts([text for text, _, _ in made], NAME),
        time=(FIRST_DAY + days).astype("datetime64[s]"),
        category=np.array([CATEGORIES[kind] for _, kind, _ in made]),
        label=np.array([label for _, _, label in made], np.int64),
    )


@lru_cache(maxsize=1)
def read_pool() -> Pool:
    """All sentences by what they are about and say."""
    found: dict[tuple[str, str, str, str], Sequence[str]] = {}
    language = ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            language = line[1:].strip()
            continue
        head, _, sentences = line.partition(": ")
        kind, aspect, sign = head.split()
        found[kind, aspect, sign, language] = tuple(sentences.split("|"))
    return found


def draw_review(pool: Pool, day: int, rng: np.random.Generator) -> tuple[str, str, int]:
    """Text, kind and label of one review of a day; the label is -1 where it says neither, or both alike."""
    kind = _one(tuple(CATEGORIES), rng)
    language = "zh" if rng.random() < CHINESE_SHARE else "en"
    if rng.random() < _NEUTRAL:
        return _one(pool[kind, "whole", "=", language], rng), kind, -1
    happenings = {event.aspect: event for event in EVENTS if event.kind == kind and event.first <= day <= event.last}
    mood = rng.random() < _GOOD[kind]
    signs, sentences = [], []
    for aspect in _aspects(kind, happenings, rng):
        chance = happenings[aspect].good if aspect in happenings else _AS_MOOD if mood else 1 - _AS_MOOD
        signs.append("+" if rng.random() < chance else "-")
        sentences.append(_one(pool[kind, aspect, signs[-1], language], rng))
    balance = signs.count("+") - signs.count("-")
    if balance and rng.random() < _ENDED:
        sentences.append(_one(pool[kind, "whole", "+" if balance > 0 else "-", language], rng))
    text = ("" if language == "zh" else " ").join(sentences)
    return text, kind, -1 if balance == 0 else int(balance > 0)


@lru_cache(maxsize=len(CATEGORIES))
def _known_aspects(kind: str) -> tuple[str, ...]:
    return tuple(sorted({aspect for own, aspect, _, _ in read_pool() if own == kind and aspect != "whole"}))


def _aspects(kind: str, happenings: Mapping[str, Event], rng: np.random.Generator) -> list[str]:
    """What a review speaks of, in its order."""
    known = _known_aspects(kind)
    weights = np.array([happenings[aspect].spoken_of if aspect in happenings else 1.0 for aspect in known])
    count = int(rng.choice([1, 2, 3], p=[0.25, 0.5, 0.25]))
    return [known[place] for place in rng.choice(len(known), count, replace=False, p=weights / weights.sum())]


def _one(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
