"""Which words tell the texts of one polarity from those of the other.

Log-odds ratio with an informative Dirichlet prior: B. L. Monroe, M. P. Colaresi and K. M. Quinn, Fightin' Words,
Political Analysis 16, 2008, equations 16 to 22; the prior is the mix of words in all texts. A text counts once for a
term, however often it holds it. Thousands of terms are tried, and some of them differ by chance: which are said follows
Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57, 1995.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from core.data.board import NEGATIVE, POSITIVE, Mask, Verdicts
from core.data.text_grammar import is_chinese, may_begin_a_pair
from core.data.text_words import Codes, Places, Words

PRIOR_SHARE: Final = 0.1
PRIOR_MOST: Final = 500.0
"""What the prior weighs, in words: this share of all that were counted, and never more."""
LEAST_TEXTS: Final = 3
LEAST_SHARE: Final = 0.0005
"""Of all texts: rarer terms are not looked at."""
CHANCE: Final = 0.01
"""Of the terms that are said, this share at most is expected to differ by chance alone."""
LEAST_GROUP: Final = 20
"""Positive and negative texts each that there must be, or nothing can be told."""
_COVERED: Final = 0.6
"""A word is left out when so much of its texts hold it inside a pair that was taken already."""


@dataclass(frozen=True)
class Term:
    """A word or pair of words with how far it tells positive from negative texts."""

    text: str
    z: float
    """Standard errors of the log-odds ratio: above 0 for positive."""
    log_odds: float
    positive: int
    """Positive texts that hold it."""
    negative: int


@dataclass(frozen=True)
class _Counts:
    """Candidates with the texts that hold them."""

    first: Codes
    second: Codes
    """-1 for a single word."""
    texts: NDArray[np.int64]
    """Of the negative and of the positive texts, (C, 2)."""


def telling_terms(
    words: Words, verdicts: Verdicts, rows: Mask | None = None, n: int = 15
) -> tuple[list[Term], list[Term]]:
    """The `n` most telling terms of the negative and of the positive texts, the most telling first.

    Both are empty where one polarity has fewer than `LEAST_GROUP` texts.

    Args:
        words: Of all texts.
        verdicts: Of all texts; undecided and unread ones are left out.
        rows: Which texts to look at, (N,); None for all.
        n: Terms of each polarity.
    """
    wanted = (verdicts == NEGATIVE) | (verdicts == POSITIVE)
    wanted &= True if rows is None else rows
    positive = verdicts == POSITIVE
    if min((wanted & positive).sum(), (wanted & ~positive).sum()) < LEAST_GROUP:
        return [], []
    least = max(LEAST_TEXTS, int(LEAST_SHARE * wanted.sum()))
    singles = _singles(words, wanted, positive, least)
    pairs = _pairs(words, wanted, positive, singles, least)
    tried = [(counts, *_ratios(counts)) for counts in (_content(singles, words), pairs)]
    least_z = _least_z(np.concatenate([z for _, _, z in tried]))
    terms = [term for counts, ratio, z in tried for term in _terms(words, counts, ratio, z, least_z)]
    negative, rising = sorted(terms, key=lambda term: term.z), sorted(terms, key=lambda term: -term.z)
    return _chosen(negative, -1, n), _chosen(rising, 1, n)


def _singles(words: Words, wanted: Mask, positive: Mask, least: int) -> _Counts:
    """Words that stand in enough texts, function words among them."""
    counts = np.zeros((2, len(words.vocabulary)), np.int64)
    for part, owners, codes in words.parts():
        for side, chosen in enumerate((~positive[part], positive[part])):
            here = (chosen & wanted[part])[owners]
            held = np.unique(owners[here] * len(words.vocabulary) + codes[here]) % max(len(words.vocabulary), 1)
            counts[side] += np.bincount(held, minlength=len(words.vocabulary))
    kept = np.flatnonzero((counts.sum(axis=0) >= least) & words.plain)
    return _Counts(kept.astype(np.int32), np.full(len(kept), -1, np.int32), counts[:, kept].T)


def _content(singles: _Counts, words: Words) -> _Counts:
    kept = ~words.function_words[singles.first]
    return _Counts(singles.first[kept], singles.second[kept], singles.texts[kept])


def _pairs(words: Words, wanted: Mask, positive: Mask, singles: _Counts, least: int) -> _Counts:
    """Two words beside each other of which each stands in enough texts."""
    size = len(words.vocabulary)
    frequent = np.zeros(size, bool)
    frequent[singles.first] = True
    last = frequent & ~words.function_words
    first = last | (frequent & np.fromiter(map(may_begin_a_pair, words.vocabulary), bool, size))
    sides = []
    for chosen in (wanted & ~positive, wanted & positive):
        keys = np.concatenate([np.zeros(0, np.int64), *_pair_keys(words, chosen, first, last)])
        sides.append(np.unique(keys, return_counts=True))
    keys = np.unique(np.concatenate([sides[0][0], sides[1][0]]))
    counts = np.zeros((len(keys), 2), np.int64)
    for side, (own, times) in enumerate(sides):
        counts[np.searchsorted(keys, own), side] = times
    kept = counts.sum(axis=1) >= least
    keys, counts = keys[kept], counts[kept]
    return _Counts((keys // max(size, 1)).astype(np.int32), (keys % max(size, 1)).astype(np.int32), counts)


def _pair_keys(words: Words, chosen: Mask, first: Mask, last: Mask) -> Iterator[Places]:
    """Both words of each pair as one number, once for each text that holds it."""
    size = np.int64(len(words.vocabulary))
    for part, owners, codes in words.parts():
        together = (owners[1:] == owners[:-1]) & chosen[part][owners[1:]] & first[codes[:-1]] & last[codes[1:]]
        left, right = codes[:-1][together].astype(np.int64), codes[1:][together].astype(np.int64)
        yield np.unique(owners[1:][together] * size * size + left * size + right) % (size * size)


def _ratios(counts: _Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-odds ratio of every candidate and its standard errors, (C,) each; letters as in the article."""
    y = counts.texts.astype(np.float64)
    n = y.sum(axis=0)
    prior = min(PRIOR_MOST, PRIOR_SHARE * n.sum())
    alpha = prior * y.sum(axis=1) / max(n.sum(), 1.0)
    odds = (y + alpha[:, None]) / (n + prior - y - alpha[:, None])
    ratio = np.log(odds[:, 1]) - np.log(odds[:, 0])
    return ratio, ratio / np.sqrt((1 / (y + alpha[:, None])).sum(axis=1))


def _least_z(z: NDArray[np.float64]) -> float:
    """Standard errors from which on a term is said, given those of all terms that were tried, (C,)."""
    falling = np.sort(np.abs(z))[::-1]
    passed = np.flatnonzero(2 * ndtr(-falling) <= CHANCE * np.arange(1, len(z) + 1) / max(len(z), 1))
    return float(falling[passed[-1]]) if len(passed) else np.inf


def _terms(
    words: Words, counts: _Counts, ratio: NDArray[np.float64], z: NDArray[np.float64], least_z: float
) -> list[Term]:
    return [
        Term(_written(words, counts, place), float(z[place]), float(ratio[place]), positive, negative)
        for place in np.flatnonzero(np.abs(z) >= least_z).tolist()
        for negative, positive in [counts.texts[place].tolist()]
    ]


def _written(words: Words, counts: _Counts, place: int) -> str:
    first, second = str(words.vocabulary[counts.first[place]]), int(counts.second[place])
    if second < 0:
        return first
    last = words.vocabulary[second]
    return f"{first}{last}" if is_chinese(first) and is_chinese(last) else f"{first} {last}"


def _chosen(terms: list[Term], side: int, n: int) -> list[Term]:
    """The first `n` of one side that say something beyond those before them."""
    found: list[Term] = []
    for term in terms:
        if side * term.z <= 0 or len(found) == n:
            break
        if not any(_repeats(term, other) for other in found):
            found.append(term)
    return found


def _repeats(term: Term, other: Term) -> bool:
    """Whether a pair adds little to its word, or a word is mostly met within a pair."""
    if other.text in term.text:
        return True
    held = other.positive + other.negative
    return term.text in other.text and held >= _COVERED * (term.positive + term.negative)
