"""One text, as typed or as bytes: what is changed is said, what cannot be read is refused."""

import json
import random
import time

import pytest

from core.errors import InputRefused
from core.intake.texts import count_characters, open_text
from core.settings import Limits, settings

FAMILY = "👨‍👩‍👧‍👦"
LIMITS = Limits(text_characters=10, text_bytes=100)


def said(sample):
    return " ".join(str(notice) for notice in sample.notices)


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\n", "?!…", "😀🎉", "<b>fine</b> *soup*, really fine soup", "love it <3"]
)
def test_what_is_odd_but_text_comes_through_as_it_is(text):
    assert open_text(text).text == text
    assert open_text(text).notices == ()


@pytest.mark.parametrize(
    ("text", "kept", "word"),
    [
        ("go\0od", "good", "NUL"),
        ("good\x1b[31m\x7f", "good[31m", "removed: 2"),
        ("nice \ud83d film", "nice \ufffd film", "replaced by \ufffd: 1"),
        ("\udc00\ud800", "\ufffd\ufffd", "replaced by \ufffd: 2"),
        ("\u202egood\u2066", "good", "direction"),
    ],
)
def test_what_no_screen_can_bear_is_mended_and_said(text, kept, word):
    sample = open_text(text)
    assert sample.text == kept
    assert word in said(sample)
    json.dumps(sample.text, ensure_ascii=False).encode("utf-8")


def test_pairs_of_surrogates_are_the_character_that_they_mean():
    sample = open_text("\ud83d\ude00")
    assert sample.text == "😀"
    assert sample.notices == ()


def test_line_ends_do_not_change_what_a_text_is():
    assert {open_text(f"one{end}two").sha256 for end in ("\n", "\r\n", "\r")} == {open_text("one\ntwo").sha256}
    assert open_text("one\u2028two").text == "one\u2028two"


@pytest.mark.parametrize(("length", "cut"), [(9, False), (10, False), (11, True)])
@pytest.mark.parametrize("letter", ["a", "好", "e\u0301", "🇨🇳"])
def test_the_beginning_of_a_long_text_is_used_and_that_is_said(length, cut, letter):
    sample = open_text(letter * length, limits=Limits(text_characters=10, text_bytes=10_000))
    assert sample.text == letter * min(length, 10)
    assert bool(sample.notices) is cut
    if cut:
        assert "11 characters; the first 10" in said(sample)


@pytest.mark.parametrize(("size", "taken"), [(99, True), (100, True), (101, False)])
def test_a_text_beyond_the_bytes_is_refused_with_both_figures(size, taken):
    for data in ("a" * size, b"a" * size):
        if taken:
            assert open_text(data, limits=LIMITS).text == "a" * 10
        else:
            with pytest.raises(InputRefused, match="101 bytes; the limit is 100") as caught:
                open_text(data, "essay.txt", LIMITS)
            assert caught.value.code == "text.too_long"
    assert settings().limits.text_characters == 20_000


def test_the_largest_texts_take_no_time():
    for text in ("a" * 2**20, FAMILY * 40_000, "e" + "\u0301" * 500_000, "🇨" * 250_000, "\u200d" * 300_000):
        began = time.perf_counter()
        open_text(text)
        assert time.perf_counter() - began < 2


@pytest.mark.parametrize("text", ["好\u200d" * 60_000, "e" + "\u0301" * 120_000, FAMILY * 20_000, "\u200d👩" * 60_000])
def test_joiners_and_accents_pass_no_more_text_than_letters(text):
    sample = open_text(text)
    used, length = count_characters(sample.text), count_characters(text)
    assert len(sample.text) <= 80_000 and text.startswith(sample.text)
    assert f"{length:,} characters; the first {used:,} were used" in said(sample)
    assert used <= 20_000 < 120_000 < 40 * length
    assert used + count_characters(text[len(sample.text) :]) == length, "not inside a character"


def test_a_joiner_makes_one_character_of_pictures_only():
    assert count_characters("好\u200d" * 5) == 5 and count_characters("a\u200db") == 2
    assert count_characters("❤\ufe0f\u200d🔥👩🏽\u200d⚕\ufe0f") == 2


def test_characters_are_counted_as_a_reader_does():
    assert [count_characters(text) for text in ("", "abc", FAMILY, "👍🏽", "🇨🇳🇫🇷", "e\u0301", "☺️", "好的")] == [
        0,
        3,
        1,
        1,
        2,
        1,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("data", "text", "word"),
    [
        ("很好".encode(), "很好", ""),
        ("\ufeffgood".encode(), "good", ""),
        ("服务很好，下次还来".encode("gb18030"), "服务很好，下次还来", "GB18030"),
        ("服务很好".encode("utf-16"), "服务很好", "UTF-16"),
        ("a good film".encode("utf-16-le"), "a good film", "UTF-16"),
        (b"<html><b>good</b>", "<html><b>good</b>", ""),
        (b'{"a": 1}', '{"a": 1}', ""),
        (b"a good fi\0lm with a plot", "a good film with a plot", "NUL"),
        (b"a\0b\nc", "ab\nc", "NUL"),
        (b"a\0bc", "abc", "NUL"),
        ("好 film".encode("utf-16-le"), "好 film", "UTF-16"),
        ("很好的电影 a film".encode("utf-16-be"), "很好的电影 a film", "UTF-16"),
        (b"", "", ""),
    ],
)
def test_bytes_are_read_in_their_encoding(data, text, word):
    sample = open_text(data, "a.txt")
    assert sample.text == text
    assert word in said(sample)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "text.wrong_kind"),
        (b"PK\x03\x04" + bytes(100), "text.wrong_kind"),
        (b"%PDF-1.7 ...", "text.wrong_kind"),
        (b"\xff" * 300, "table.encoding"),
        ("Größe und Übermut".encode("latin-1"), "table.encoding"),
        (random.Random(0).randbytes(4000), "table.encoding"),
    ],
)
def test_what_is_no_text_is_refused(data, code):
    with pytest.raises(InputRefused) as caught:
        open_text(data, "a.txt")
    assert caught.value.code == code
    assert "a.txt" in str(caught.value.message)


def test_the_name_is_a_label_and_never_a_path():
    assert open_text("good", "../../etc/passwd").name == "passwd"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://example.org/a?b=c", False),
        ("<div><p>ok</p></div>", False),
        ("for (int i = 0; i < n; i++) { x[i] = y[i]; }", False),
        ("aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=" * 3, False),
        ("See https://example.org, a good shop with friendly staff and a wide choice of lamps.", True),
        ("I <b>love</b> it, the battery lasts two days and the screen is bright.<br />", True),
        ("很好（真的）：推荐！", True),
        ("1111111111111111111111111111111111111111 good", True),
        ("a" * 600, True),
    ],
)
def test_what_is_hardly_words_is_said(text, words):
    assert ("hardly made of words" not in said(open_text(text))) is words
    assert open_text(text).text == text
