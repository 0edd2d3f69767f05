"""Words of an explained text: Chinese characters of one word together, sums kept, strengths by the strongest."""

from __future__ import annotations

import numpy as np
import pytest

from core.contracts import TokenAttribution
from core.explain.words import LEVELS, SHORT, STRONG, Words, words_of


def attribution(text: str, tokens: list[str], values: list[float]) -> TokenAttribution:
    starts, at = [], 0
    for token in tokens:
        at = text.index(token, at)
        starts.append(at)
        at += len(token)
    ends = np.array(starts) + [len(token) for token in tokens]
    return TokenAttribution(text, np.array(starts), ends, np.array(values), 0.0, sum(values), "made up", "positive")


def test_chinese_characters_of_one_word_are_one_and_their_values_add_up() -> None:
    text = "房间很干净，wifi不错"
    found = words_of(attribution(text, [*"房间很干净，", "wifi", *"不错"], [1, 2, 3, 4, 5, 6, 7, -8, 9]))
    assert [found.word(place) for place in range(len(found))] == ["房间", "很", "干净", "，", "wifi", "不错"]
    assert found.contributions.tolist() == [3, 3, 9, 6, 7, 1]


def test_words_of_other_scripts_stay_what_the_tokens_are() -> None:
    found = words_of(attribution("Not bad 👍🏽", ["Not", "bad", "👍🏽"], [-1, 2, 3]))
    assert [found.word(place) for place in range(3)] == ["Not", "bad", "👍🏽"]
    assert found.contributions.tolist() == [-1, 2, 3]


def test_characters_with_a_gap_between_them_are_not_joined() -> None:
    """A model may leave a character out; its neighbours are then no word."""
    found = words_of(attribution("服务员好", ["服", "员", "好"], [1, 2, 3]))
    assert [found.word(place) for place in range(len(found))] == ["服", "员", "好"]


def test_text_without_tokens_has_no_words() -> None:
    empty = np.zeros(0, np.int64)
    found = words_of(TokenAttribution("...", empty, empty, np.zeros(0), 0.0, 0.0, "made up", "positive"))
    assert len(found) == 0 and found.levels.tolist() == []


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([4.0, -4.0, 2.0, 1.0, 0.7], [3, 3, 2, 1, 0]),
        ([STRONG, -STRONG / 2], [LEVELS, 2]),
        ([0.08, -0.13], [0, 1]),
        ([0.08, *[0.0] * (9 * SHORT - 1)], [2, *[0] * (9 * SHORT - 1)]),
        ([0.0, 0.0], [0, 0]),
    ],
)
def test_strengths_are_shares_of_the_strongest_unless_all_are_weak(values: list[float], levels: list[int]) -> None:
    places = np.arange(len(values))
    assert Words("x" * len(values), places, places + 1, np.array(values)).levels.tolist() == levels
