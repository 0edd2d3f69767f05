"""Texts without a letter: which of them say something."""

from __future__ import annotations

import time

import numpy as np
import pytest

from core.tasks.text_classification.language import languages_of
from core.tasks.text_classification.model import Reading
from core.tasks.text_classification.signs import known_with_signs
from core.tasks.text_classification.units import read_units

SAYING = (":)", ":-(", ":'(", "=)", "^_^", "-_-", "<3", "(:", "10/10", "0/5", "10 / 10!", "3.5/5", ":) 24/7")
SILENT = ("!!!", "。。。", "?!", "100", "24/7", "12/10/2020", "1/105", "$$$", "...", "5", "1: 2", "10:30", "2<30")


def known(text: str, share: float, learned: bool = True) -> float:
    reading = Reading(np.zeros(1), np.ones(1, int), np.ones(1), np.array([share]), languages_of(read_units([text])))
    return float(known_with_signs([text], reading, np.array([learned]))[0])


@pytest.mark.parametrize("text", SAYING)
def test_emoticons_and_marks_are_known_where_a_model_has_learned_of_them(text: str) -> None:
    assert (known(text, 0.0), known(text, 0.0, learned=False)) == (1, 0)


@pytest.mark.parametrize("text", SILENT)
def test_other_punctuation_and_numbers_say_nothing_even_to_a_model_that_has_tokens_for_them(text: str) -> None:
    assert known(text, 1.0) == 0


@pytest.mark.parametrize("text", ["👍", "😍!!", "good :)", "很好", "qwertz 10/10"])
def test_emoji_and_letters_are_known_as_far_as_a_model_says(text: str) -> None:
    assert known(text, 0.25) == 0.25


@pytest.mark.parametrize("piece", ["1", "1 ", "1/", ":", ":-", "^_", "-_", "= ", "<"])
def test_a_long_text_takes_no_time(piece: str) -> None:
    text = piece * 100_000
    reading = Reading(np.zeros(1), np.ones(1, int), np.ones(1), np.zeros(1), np.array(["none"]))
    began = time.process_time()
    known_with_signs([text], reading, np.array([True]))
    assert time.process_time() - began < 2
