"""Lines that speak for many: ordinary ones near the middle of their group, each about something else.

Of texts that the model is confident of, but not the most extreme ones, those whose words are nearest to all the
others', chosen one after the other so that none repeats one before it (maximal marginal relevance: J. Carbonell and
J. Goldstein, SIGIR 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.data.board import CONFIDENT_AWAY, NEGATIVE, POSITIVE, Mask, Rows, Verdicts
from core.data.text_words import Words

CANDIDATES: Final = 1500
_BAND: Final = (0.2, 0.9)
"""Quantiles of the distance from one half between which an ordinary confident text lies."""
_ENOUGH: Final = 8
"""Texts to choose quotes from; with fewer, less is asked of them."""
_READABLE: Final = (0.25, 0.75)
"""Quantiles of the lengths between which a quote is neither a stub nor a story."""
_SHORTEST, _LONGEST = 12, 320
"""Characters of a quote where there are enough texts of such lengths."""
_LIKE_ALL: Final = 0.7
"""Weight of being like all texts; the rest is on being unlike the quotes taken before."""


def quotes(words: Words, texts: Sequence[str], rows: Mask, n: int = 4) -> Rows:
    """Places of up to `n` texts that speak for those of `rows`, the most typical first.

    Args:
        words: Of all texts.
        texts: All texts.
        rows: The group that is to be quoted, (N,), see `of_verdict`.
        n: How many.
    """
    candidates = _candidates(texts, np.flatnonzero(rows))
    if len(candidates) <= n:
        return candidates
    vectors = _vectors(words, candidates)
    return candidates[_diverse(vectors, n)]


def of_verdict(verdicts: Verdicts, scores: NDArray[np.floating], verdict: int) -> Mask:
    """Which texts have a verdict, (N,): of the positive and negative ones those that are neither close nor extreme."""
    rows = np.asarray(verdicts == verdict)
    if verdict not in (NEGATIVE, POSITIVE) or not rows.any():
        return rows
    away = np.abs(scores - 0.5)
    confident = rows & (away >= CONFIDENT_AWAY)
    low, high = np.quantile(away[confident], _BAND) if confident.any() else (0.0, 1.0)
    ordinary = confident & (away >= low) & (away <= high)
    enough = min(_ENOUGH, int(rows.sum()))
    # Of a handful, rather close and extreme ones than none.
    return next((mask for mask in (ordinary, confident) if mask.sum() >= enough), rows)


def _candidates(texts: Sequence[str], rows: Rows) -> Rows:
    """Texts of a length that can be read at a glance, each once, at most `CANDIDATES`, evenly spread."""
    lengths = np.fromiter((len(texts[row]) for row in rows), np.int64, len(rows))
    fits = rows[(lengths >= _SHORTEST) & (lengths <= _LONGEST)]
    if len(fits) < min(len(rows), _ENOUGH):
        low, high = np.quantile(lengths, _READABLE) if len(rows) else (0, 0)
        fits = rows[(lengths >= low) & (lengths <= high)]
    if len(fits) > CANDIDATES:
        fits = fits[np.linspace(0, len(fits) - 1, CANDIDATES).astype(int)]
    once = {texts[row].strip(): row for row in reversed(fits)}
    return np.sort(np.fromiter(once.values(), np.int64, len(once)))


def _vectors(words: Words, rows: Rows) -> sparse.csr_array:
    """TF-IDF of the words that say something, rows of length one, (C, V)."""
    pieces = [np.unique(words.codes[words.starts[row] : words.starts[row + 1]]) for row in rows]
    telling = ~words.function_words
    pieces = [piece[telling[piece]] for piece in pieces]
    columns = np.concatenate(pieces)
    bounds = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
    held = np.bincount(columns, minlength=len(words.vocabulary))
    weights = np.log((1 + len(rows)) / (1 + held[columns])) * (held[columns] > 1)
    found = sparse.csr_array((weights, columns, bounds), shape=(len(rows), len(words.vocabulary)))
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(lengths, 1e-9)) @ found)


def _diverse(vectors: sparse.csr_array, n: int) -> Rows:
    """Rows near the mean and far from each other."""
    mean = np.asarray(vectors.mean(axis=0)).ravel()
    typical = vectors @ mean / max(float(np.linalg.norm(mean)), 1e-9)
    taken: list[int] = []
    nearest = np.zeros(len(typical))
    for _ in range(n):
        worth = _LIKE_ALL * typical - (1 - _LIKE_ALL) * nearest
        worth[taken] = -np.inf
        taken.append(int(np.argmax(worth)))
        likeness = vectors @ vectors[[taken[-1]]].toarray().ravel()
        nearest = np.maximum(nearest, likeness)
    return np.array(taken, np.int64)
