"""Lists that give up some score for items unlike each other, or for rarely taken ones.

Source: J. Carbonell, J. Goldstein, The Use of MMR, Diversity-Based Reranking, SIGIR 1998.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

POOL = 200
"""Items with the highest scores among which a list is put together."""


def reranked(
    scores: NDArray[Any], vectors: NDArray[Any], surprise: NDArray[Any], k: int, weights: tuple[float, float]
) -> NDArray[np.int64]:
    """Places of k of P items, best first.

    Args:
        scores: Of the items, the highest first, (P,).
        vectors: Of length one each, (P, D).
        surprise: How rarely each is taken, (P,).
        k: Length of the list.
        weights: Of diversity and of novelty, each in [0, 1]; with zeros the order of the scores stays.
    """
    diversity, novelty = weights
    worth = (1 - novelty) * _scaled(scores) + novelty * _scaled(surprise)
    like, chosen = np.zeros(len(scores)), np.zeros(min(k, len(scores)), np.int64)
    open_ = np.ones(len(scores), bool)
    for rank in range(len(chosen)):
        value = np.where(open_, (1 - diversity) * worth - diversity * like, -np.inf)
        chosen[rank] = np.argmax(value)
        open_[chosen[rank]] = False
        like = np.maximum(like, vectors @ vectors[chosen[rank]])
    return chosen


def _scaled(values: NDArray[Any]) -> NDArray[np.float64]:
    """From 0 to 1, in the same order."""
    low, span = values.min(), np.ptp(values)
    return np.asarray((values - low) / span if span > 0 else np.zeros(len(values)), np.float64)
