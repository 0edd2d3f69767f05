"""Quotes: typical texts rather than extreme ones, of a readable length, none twice."""

from __future__ import annotations

import numpy as np

from core.data.board import NEGATIVE, POSITIVE, UNDECIDED
from core.data.quotes import of_verdict, quotes
from tests.data.test_text_words import words_of

DELIVERY = [f"The delivery was quick and the courier was friendly, parcel {row}." for row in range(12)]
SCREEN = [f"The screen is sharp and the battery lasts for days, phone {row}." for row in range(10)]
ODD = ["Zanzibar xylophone quixotic marmalade zeppelin"]


def all_of(texts: list[str]) -> np.ndarray:
    return np.ones(len(texts), bool)


def test_quotes_are_typical_and_about_different_things() -> None:
    texts = [*DELIVERY, *SCREEN, *ODD]
    found = [texts[place] for place in quotes(words_of(*texts), texts, all_of(texts), 2)]
    assert sum("delivery" in text for text in found) == 1 and sum("screen" in text for text in found) == 1


def test_copies_stubs_and_stories_are_left_out() -> None:
    texts = [
        "Good.",
        "The garden is lovely and quiet." * 40,
        *["The same words about the garden again."] * 9,
        *DELIVERY,
    ]
    found = quotes(words_of(*texts), texts, all_of(texts), 4)
    assert 0 not in found and 1 not in found
    assert len({texts[place] for place in found}) == 4


def test_where_all_are_long_the_ones_of_middle_length_are_quoted() -> None:
    texts = [f"The story of chapter {row} goes on and on. " * (10 + row) for row in range(12)]
    found = quotes(words_of(*texts), texts, all_of(texts), 3)
    assert len(found) == 3 and 0 not in found and 11 not in found


def test_only_the_group_is_quoted_and_few_are_all_quoted() -> None:
    texts = [*DELIVERY, *SCREEN]
    rows = np.zeros(len(texts), bool)
    rows[[3, 15]] = True
    assert quotes(words_of(*texts), texts, rows, 4).tolist() == [3, 15]
    assert len(quotes(words_of(*texts), texts, np.zeros(len(texts), bool), 4)) == 0


def test_the_same_table_gives_the_same_quotes() -> None:
    texts = [*DELIVERY, *SCREEN, *ODD]
    first, second = (quotes(words_of(*texts), texts, all_of(texts)) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_of_decided_texts_the_close_and_the_extreme_ones_do_not_speak() -> None:
    scores = np.concatenate([np.linspace(0.5, 1, 101), [0.1, 0.5]])
    verdicts = np.array([POSITIVE] * 101 + [NEGATIVE, UNDECIDED], np.int8)
    chosen = scores[of_verdict(verdicts, scores, POSITIVE)]
    assert chosen.min() > 0.7 and chosen.max() < 0.98
    assert of_verdict(verdicts, scores, UNDECIDED).tolist() == [False] * 102 + [True]
    few = np.array([0.99, 0.62, 0.8])
    assert of_verdict(np.full(3, POSITIVE, np.int8), few, POSITIVE).all(), "of a handful all may be quoted"
    close = np.full(3, 0.61)
    assert of_verdict(np.full(3, POSITIVE, np.int8), close, POSITIVE).all(), "rather close ones than none"
