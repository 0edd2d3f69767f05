"""Words struck out of a text or swapped, and what a model says of one text."""

from __future__ import annotations

import hashlib

import pytest

from core.contracts import TextSample
from core.serving.text_reading import Edit, edited, read_text


def edit(text: str, word: str, instead: str = "") -> Edit:
    start = text.index(word)
    return Edit(start, start + len(word), instead)


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("very good food", {"very": ""}, "good food"),
        ("very good food", {"good": ""}, "very food"),
        ("very good food", {"food": ""}, "very good "),
        ("very good food", {"very": "", "good": ""}, "food"),
        ("very good food", {"good": "", "food": ""}, "very "),
        ("good, and cheap", {"good": ""}, ", and cheap"),
        ("(good) food", {"good": ""}, "() food"),
        ("not bad", {"bad": "good"}, "not good"),
        ("not bad", {"not": "", "bad": "good"}, "good"),
        ("质量太差了", {"太": "不"}, "质量不差了"),
        ("质量太差了", {"太": "", "差": ""}, "质量了"),
        ("one\ntwo three", {"two": ""}, "one\nthree"),
    ],
)
def test_struck_words_take_a_blank_along_and_swapped_ones_stand_in_their_place(
    text: str, words: dict[str, str], left: str
) -> None:
    assert edited(text, [edit(text, word, instead) for word, instead in words.items()]) == left


def sample(text: str) -> TextSample:
    return TextSample("text", text, hashlib.sha256(text.encode()).hexdigest())


@pytest.mark.slow
def test_a_reading_has_the_answer_the_language_and_every_sentence() -> None:
    text = "The room was lovely. 早餐太难吃了！"
    found = read_text("sentiment", sample(text), {"coverage": 0.9})
    assert found.language == "mixed"
    assert [text[one.start : one.end] for one in found.sentences] == ["The room was lovely.", "早餐太难吃了！"]
    assert [one.answer.decision for one in found.sentences] == ["positive", "negative"]
    assert found.answer.model.version == "bundled" and found.methods and found.threshold == 0.5


@pytest.mark.slow
def test_a_single_sentence_is_not_read_twice() -> None:
    assert read_text("sentiment", sample("The room was lovely."), {}).sentences == ()
    moved = read_text("sentiment", sample("The room was lovely."), {"threshold": 0.99999})
    assert moved.threshold == 0.99999 and moved.answer.classification.decision == "negative"


@pytest.mark.slow
def test_sentences_are_decided_at_the_operating_point_and_covered_like_the_text() -> None:
    text = sample("The room was lovely. The food was excellent.")
    moved = read_text("sentiment", text, {"threshold": 0.99999, "coverage": 0.999})
    assert [one.answer.decision for one in moved.sentences] == ["negative"] * 2
    assert [len(one.answer.prediction_set) for one in moved.sentences] == [2, 2]
    own = read_text("sentiment", text, {"threshold": None})
    assert (own.threshold, own.unsure) == (0.5, 0.1) and moved.unsure == 0
    assert [one.answer.decision for one in own.sentences] == ["positive"] * 2
