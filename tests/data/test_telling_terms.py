"""Telling terms: planted words are found, the ratio is the article's, nothing is said of too few texts."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import telling_terms as module
from core.data.board import NEGATIVE, POSITIVE, UNDECIDED
from core.data.telling_terms import LEAST_GROUP, telling_terms
from tests.data.test_text_words import words_of

SHARED = "the parcel came on monday with a card"


def reviews(n: int = 240) -> tuple[list[str], np.ndarray]:
    """Half praise, half blame; every third of each holds a word of its side."""
    texts = []
    for row in range(n):
        positive = row < n // 2
        said = ("wonderful fit" if positive else "not working") if row % 3 == 0 else "plain"
        thing = ("颜色", "样子", "款式")[row % 3]
        texts.append(f"{SHARED}. {said}. {thing}{'漂亮' if positive else '难看'}。")
    return texts, np.where(np.arange(n) < n // 2, POSITIVE, NEGATIVE).astype(np.int8)


def test_planted_words_are_found_on_their_side() -> None:
    texts, verdicts = reviews()
    negative, positive = telling_terms(words_of(*texts), verdicts)
    assert {"漂亮", "wonderful fit"} == {term.text for term in positive}
    assert positive[0].text == "漂亮" and positive[0].positive == 120 and positive[0].negative == 0
    assert negative[0].text == "难看" and negative[0].z < 0 < positive[0].z
    everything = " ".join(term.text for term in [*negative, *positive])
    assert "parcel" not in everything and "the" not in everything.split()


def test_a_negation_stays_with_its_word_and_pairs_do_not_cross_marks() -> None:
    texts, verdicts = reviews()
    negative, positive = telling_terms(words_of(*texts), verdicts)
    said = {term.text for term in [*negative, *positive]}
    assert "not working" in said
    assert not any("card" in text for text in said), "a full stop lies between card and what follows"


def test_the_ratio_is_that_of_the_article() -> None:
    texts = ["alpha, beta"] * 30 + ["alpha, gamma"] * 10 + ["gamma, beta"] * 30
    verdicts = np.array([POSITIVE] * 35 + [NEGATIVE] * 35, np.int8)
    counts = {"alpha": (5, 35), "beta": (30, 30), "gamma": (35, 5)}
    n, total = (70, 70), 140
    prior = min(module.PRIOR_MOST, module.PRIOR_SHARE * total)
    negative, positive = telling_terms(words_of(*texts), verdicts)
    found = {term.text: term for term in [*negative, *positive]}
    for word in ("alpha", "gamma"):
        alpha = prior * sum(counts[word]) / total
        odds = [(y + alpha) / (size + prior - y - alpha) for y, size in zip(counts[word], n, strict=True)]
        ratio = np.log(odds[1]) - np.log(odds[0])
        z = ratio / np.sqrt(sum(1 / (y + alpha) for y in counts[word]))
        assert found[word].log_odds == pytest.approx(ratio) and found[word].z == pytest.approx(z)
    assert "beta" not in found


def test_a_pair_that_only_repeats_its_word_is_left_out() -> None:
    texts = ["lovely garden here"] * 40 + ["broken lift there"] * 40
    verdicts = np.array([POSITIVE] * 40 + [NEGATIVE] * 40, np.int8)
    _, positive = telling_terms(words_of(*texts), verdicts)
    for place, term in enumerate(positive):
        assert not any(other.text in term.text for other in positive[:place])


def test_undecided_texts_and_texts_that_are_not_looked_at_do_not_count() -> None:
    texts, verdicts = reviews()
    extra = [*texts, *["zebra"] * 40]
    words = words_of(*extra)
    found = telling_terms(words, np.concatenate([verdicts, np.full(40, UNDECIDED, np.int8)]))
    rows = np.arange(280) < 240
    chosen = telling_terms(words, np.concatenate([verdicts, np.full(40, POSITIVE, np.int8)]), rows)
    assert [term.text for term in found[1]] == [term.text for term in chosen[1]]
    assert "zebra" not in {term.text for term in found[1]}


@pytest.mark.slow
def test_of_thousands_of_words_none_tells_texts_apart_that_differ_by_chance() -> None:
    """Without a correction for how many were tried, about one word in a hundred would."""
    rng = np.random.default_rng(0)
    vocabulary = [f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(500)]
    words = words_of(*(", ".join(rng.choice(vocabulary, 12)) for _ in range(1200)))
    found = [
        telling_terms(words, np.where(rng.random(1200) < 0.5, POSITIVE, NEGATIVE).astype(np.int8)) for _ in range(20)
    ]
    assert sum(bool(negative or positive) for negative, positive in found) <= 1


def test_of_too_few_texts_nothing_is_told() -> None:
    texts, verdicts = reviews()
    verdicts[: 121 - LEAST_GROUP] = UNDECIDED
    assert telling_terms(words_of(*texts), verdicts) == ([], [])
    assert telling_terms(words_of(), np.zeros(0, np.int8)) == ([], [])
