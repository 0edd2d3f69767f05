"""Aspects: nouns by use and by dictionary, one and many together, the clause that speaks of a thing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.data import aspects as module
from core.data.aspects import clause_with, clauses_about, find_aspects
from core.data.board import POSITIVE, UNREAD
from tests.data.test_text_words import words_of

ENGLISH = [
    "The screen is bright and I quickly bought it.",
    "My screens were great. I quickly unpacked them.",
    "A great screen, the battery is weak.",
    "Their batteries were empty, and the battery was old.",
    "The battery died. I quickly returned it.",
    "The wonderful people quickly helped.",
]
CHINESE = [
    "房间很干净，早餐一般。",
    "房间太小。",
    "早餐丰富，房间安静。",
    "大家都说房间好。",
    "房间不错，失望的是早餐。",
]


def found(texts: list[str], **options: object) -> dict[str, list[int]]:
    words = words_of(*texts)
    verdicts = np.full(len(texts), POSITIVE, np.int8)
    return {one.name: one.texts.tolist() for one in find_aspects(words, verdicts, **options)}


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_TEXTS", 2)


def test_english_nouns_are_found_by_how_they_are_used() -> None:
    aspects = found(ENGLISH)
    assert aspects["screen"] == [0, 1, 2], "singular and plural are one, however rare the plural is"
    assert aspects["battery"] == [2, 3, 4]
    assert not {"quickly", "people", "great", "is"} & set(aspects)


def test_chinese_nouns_are_found_by_the_dictionary() -> None:
    aspects = found(CHINESE)
    assert aspects["房间"] == [0, 1, 2, 3, 4] and aspects["早餐"] == [0, 2, 4]
    assert not {"大家", "失望", "干净"} & set(aspects)


def test_the_most_frequent_come_first_and_no_more_than_asked_for() -> None:
    assert list(found(CHINESE)) == ["房间", "早餐"] and list(found(CHINESE, n=1)) == ["房间"]


def test_unread_texts_and_others_than_the_chosen_ones_speak_of_nothing() -> None:
    words, verdicts = words_of(*CHINESE), np.full(5, POSITIVE, np.int8)
    verdicts[0] = UNREAD
    chosen = find_aspects(words, verdicts, np.array([True, True, True, False, False]))
    assert [one.texts.tolist() for one in chosen] == [[1, 2]]
    assert find_aspects(words, np.full(5, UNREAD, np.int8)) == []


def named(word: str) -> re.Pattern[str]:
    return re.compile(word, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "word", "clause"),
    [
        ("The room was clean, but the breakfast was cold. Bye.", "breakfast", "but the breakfast was cold."),
        ("The room was clean but the breakfast was cold.", "room", "The room was clean"),
        ("Nice room, nice food.", "food", "nice food."),
        ("房间很干净，但是早餐很难吃。", "早餐", "但是早餐很难吃。"),
        ("房间很干净，早餐差。", "早餐", "早餐差。"),
        ("房间，很干净。", "房间", "房间，很干净。"),
        ("As for the food, it was awful.", "food", "As for the food, it was awful."),
        ("Bad.<br /><br />The Plot is thin.", "plot", "The Plot is thin."),
        ("Version 2 of the screen", "screen", "Version 2 of the screen"),
        ("nothing here", "screen", ""),
    ],
)
def test_the_clause_around_a_word(text: str, word: str, clause: str) -> None:
    assert clause_with(text, named(word)) == clause


def test_clauses_belong_to_their_texts_and_are_spread_over_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"The screen is number {row}." for row in range(40)]
    words = words_of(*texts)
    (aspect,) = find_aspects(words, np.full(40, POSITIVE, np.int8))
    monkeypatch.setattr(module, "CLAUSES_READ", 5)
    places, clauses = clauses_about(aspect, words, texts)
    assert places[0] == 0 and places[-1] == 39 and len(places) == 5
    assert clauses == [texts[place] for place in places]
