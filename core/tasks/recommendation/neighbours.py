"""Item-kNN: an item is recommended by the user's items that are its nearest neighbours, the latest of them first."""

from __future__ import annotations

import numpy as np

from core.data.histories import Histories
from core.tasks.recommendation.item_weights import ItemWeights, assembled, largest

SHRINKAGE = 10.0
"""Added to the length of both columns: two items that one user took are not alike for certain."""
NEIGHBOURS = 100
_COLUMNS = 512


def fit_neighbours(histories: Histories, n_items: int, half_life: float = 0.0, count: int = NEIGHBOURS) -> ItemWeights:
    """Cosine of the users of two items with shrinkage, the nearest `count` of each item.

    Args:
        histories: To learn from.
        n_items: Of the catalogue.
        half_life: Items taken since, after which an item of the user counts half; 0: never less.
        count: Neighbours of each item.
    """
    matrix = histories.matrix(n_items)
    length = np.sqrt(np.bincount(histories.items, minlength=n_items)).astype(np.float32)
    transposed, parts = matrix.T.tocsr(), []
    for begin in range(0, n_items, _COLUMNS):
        end = min(begin + _COLUMNS, n_items)
        block = (transposed @ matrix[:, begin:end]).toarray()
        block /= length[:, None] * length[None, begin:end] + SHRINKAGE
        block[np.arange(begin, end), np.arange(end - begin)] = 0
        parts.append(largest(block, begin, count))
    return ItemWeights("item_knn", assembled(parts, n_items), half_life)
