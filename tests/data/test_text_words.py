"""Words of texts as numbers: cut in both languages, told apart by kind, found again."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import text_words
from core.data.text_grammar import can_name_a_thing, is_function_word, is_named_thing, may_begin_a_pair
from core.data.text_words import WORDS_PER_TEXT, WordReader, Words, cut


def words_of(*texts: str) -> Words:
    reader = WordReader()
    reader.add(texts)
    return reader.words()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Screen isn’t bad!", ["the", "screen", "isn't", "bad", "!"]),
        ("房间很干净，早餐一般。", ["房间", "很", "干净", "，", "早餐", "一般", "。"]),
        ("iPhone 电池 good", ["iphone", "电池", "good"]),
        ("😀👍", ["😀", "👍"]),
        ("  \n\t ", []),
        ("", []),
        ("<b>bold</b>", ["<", "b", ">", "bold", "<", "/", "b", ">"]),
    ],
)
def test_a_text_is_cut_into_words_and_marks(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_words_keep_their_texts() -> None:
    words = words_of("good room", "", "room room", "差")
    assert len(words) == 4 and words.starts.tolist() == [0, 2, 2, 4, 5]
    room = words.vocabulary.index("room")
    assert words.texts_with(room).tolist() == [0, 2]
    assert words.texts_with(words.vocabulary.index("差")).tolist() == [3]


def test_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"word{row % 7} is number {row}" for row in range(50)]
    whole, reader = words_of(*texts), WordReader()
    for start in range(0, 50, 7):
        reader.add(texts[start : start + 7])
    parts = reader.words()
    assert parts.vocabulary == whole.vocabulary and (parts.codes == whole.codes).all()
    monkeypatch.setattr(text_words, "TEXTS_AT_ONCE", 8)
    pieces = list(whole.parts())
    assert len(pieces) == 7 and sum(len(codes) for _, _, codes in pieces) == len(whole.codes)
    assert all((owners >= 0).all() and (owners < 8).all() for _, owners, _ in pieces)


def test_of_a_very_long_text_the_beginning_is_counted() -> None:
    words = words_of("a b " * WORDS_PER_TEXT, "end")
    assert np.diff(words.starts).tolist() == [WORDS_PER_TEXT, 1]


@pytest.mark.parametrize("word", ["the", "was", "very", "is", "的", "很", "了", "我们", "12", "!", "ok"])
def test_words_that_say_nothing_of_their_own(word: str) -> None:
    assert is_function_word(word)


@pytest.mark.parametrize("word", ["screen", "awful", "房间", "差", "失望", "好"])
def test_words_that_say_something(word: str) -> None:
    assert not is_function_word(word)


def test_negations_are_part_of_a_pair() -> None:
    assert may_begin_a_pair("not") and may_begin_a_pair("太") and not may_begin_a_pair("the")


def test_names_of_things() -> None:
    assert is_named_thing("房间") and is_named_thing("客服")
    assert not is_named_thing("失望") and not is_named_thing("时候") and not is_named_thing("差")
    assert can_name_a_thing("battery") and not can_name_a_thing("great") and not can_name_a_thing("quickly")
