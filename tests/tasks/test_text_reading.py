"""Units, n-grams and languages: the same wherever a text stands, and true to the visitor's characters."""

import numpy as np
import pytest

from core.tasks.text_classification.characters import EMOJI, HAN, MARK, WORD
from core.tasks.text_classification.language import languages_of
from core.tasks.text_classification.ngrams import distinct, read_ngrams
from core.tasks.text_classification.units import read_units

ODD = ["", " ", "\x00", "\ud800", "\u202etxet", "a" * 10_000, "<b>bold</b>", "😀" * 500, "\n\n", "'", "n't", "不"]


def words(text):
    units = read_units([text])
    return [text[start:end] for start, end in zip(units.starts, units.ends, strict=True)]


def keys(text):
    return read_units([text]).keys.tolist()


def test_every_unit_is_a_stretch_of_the_visitors_text():
    assert words("Good soup，很好吃!! 😀") == ["Good", "soup", "，", "很", "好", "吃", "!!", "😀"]


def test_kinds_tell_words_characters_marks_and_emoji_apart():
    assert read_units(["ok 好 ! 😀"]).kinds.tolist() == [WORD, HAN, MARK, EMOJI]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GOOD", "good"),
        ("ＧＯＯＤ！", "good!"),
        ("don't", "dont"),
        ("don’t", "do n't"),
        ("ca n't", "can't"),
        ("it 's", "its"),
        ("sooooo", "soo"),
        ("go<br />od", "go od"),
        ("go\u200bod", "good"),
        ("👍🏽", "👍"),
        ("👍👍👍", "👍"),
    ],
)
def test_ways_to_write_the_same_are_the_same(one, other):
    assert keys(one) == keys(other)


@pytest.mark.parametrize(("one", "other"), [("god", "good"), ("1000", "100"), ("no t", "not"), ("不", "没")])
def test_different_words_stay_different(one, other):
    assert keys(one) != keys(other)


def test_a_text_reads_the_same_alone_and_in_a_batch():
    texts = [*ODD, "The film is n't good.", "这家店不好吃", *ODD]
    together = read_ngrams(read_units(texts))
    for number, text in enumerate(texts):
        alone = read_ngrams(read_units([text]))
        assert sorted(alone.keys) == sorted(together.keys[together.texts == number])


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_read(text):
    units = read_units([text])
    assert (units.starts < units.ends).all() and (units.ends <= len(text)).all()


def test_ngrams_do_not_cross_from_one_text_to_the_next():
    apart, joined = (len(read_ngrams(read_units(texts)).keys) for texts in (["very", "good"], ["very good"]))
    assert (apart, joined) == (2, 3)


def test_a_negated_word_is_another_ngram_until_the_next_mark():
    plain, denied, ended = (
        set(read_ngrams(read_units([t])).keys) for t in ("x really good", "not really good", "not, good")
    )
    denied_only = set(read_ngrams(read_units(["never really good"])).keys) & denied - plain
    assert denied_only and not denied_only & ended


def test_words_apart_are_one_ngram_whatever_stands_between():
    one, other = (set(read_ngrams(read_units([t])).keys) for t in ("not very good", "not so very good"))
    assert len(one & other) == len({"not", "very", "good", "very good", "not..good", "not(very)", "not(good)"})


def test_distinct_keeps_one_of_each_text():
    chosen = distinct(np.array([0, 0, 1]), np.array([7, 7, 7], np.uint64))
    assert sorted(chosen.tolist()) in ([0, 2], [1, 2])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A good film", "en"),
        ("很好看的电影", "zh"),
        ("这个 app very good 真的 nice", "mixed"),
        ("Привет, как дела", "other"),
        ("とてもおいしいです", "other"),
        ("Das Hotel war sehr schön und sauber.", "other"),
        ("El hotel es muy bueno pero la comida no.", "other"),
        ("La La Land is great", "en"),
        ("10 dollars per person per night, great value", "en"),
        ("Pale ale, amber ale: best brewery", "en"),
        ("Les Mis rocks! Les Mis forever", "en"),
        ("MIT professor, MIT course, excellent", "en"),
        ("Est-ce bon? It is, et cetera, and very good", "en"),
        ("😀!!", "none"),
        ("", "none"),
    ],
)
def test_the_language_is_told_by_script_and_small_words(text, language):
    assert languages_of(read_units([text])).tolist() == [language]


def test_marks_and_digits_are_other_ngrams_in_chinese_texts():
    english, chinese = (read_ngrams(read_units([text])) for text in ("good! 10", "好！ 10"))
    assert not set(english.keys) & set(chinese.keys)
