"""Models whose score is a sum over the user's items of one weight for each pair of items: EASE and item-kNN.

What an item of the user's adds to a score is therefore exact, and a new user costs a few rows of one matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data.histories import Histories
from core.tasks.recommendation.scoring import Floats

DENSE_ITEMS = 4096
"""Up to this many items all pairs are kept; 67 MB in memory, half of that in a file."""
KEPT = 200
"""Weights that are kept of each item otherwise, the largest."""


@dataclass(frozen=True)
class ItemWeights:
    """Score of item i = sum over the items j of the user of `weights[j, i]`, times what age leaves of j."""

    kind: str
    weights: NDArray[np.float32] | csr_array = field(compare=False)
    """(I, I)."""
    half_life: float = 0.0
    """Items taken since, after which an item counts half; 0: never less."""

    @property
    def n_items(self) -> int:
        """Items of the catalogue."""
        return int(self.weights.shape[0])

    @property
    def reach(self) -> int | None:
        """All of them."""
        return None

    def scores(self, histories: Histories) -> Floats:
        """Score of every item for each user, (B, I)."""
        taken = histories.matrix(self.n_items, self._left(histories.ages))
        product = taken @ self.weights
        return np.asarray(product.toarray() if isinstance(product, csr_array) else product, np.float32)

    def shares(self, history: NDArray[Any], items: NDArray[Any]) -> Floats:
        """What each item of a user, oldest first, adds to the scores of some items, (H, K)."""
        rows = self.weights[np.asarray(history, np.int64)]
        found = rows[:, np.asarray(items, np.int64)]
        dense = found.toarray() if isinstance(found, csr_array) else found
        ages = np.arange(len(history))[::-1]
        return np.asarray(dense * self._left(ages)[:, None], np.float32)

    def _left(self, ages: NDArray[np.int64]) -> Floats:
        if not self.half_life:
            return np.ones(len(ages), np.float32)
        return np.asarray(0.5 ** (ages / self.half_life), np.float32)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        half_life = {"half_life": np.array([self.half_life], np.float32)}
        if isinstance(self.weights, csr_array):
            parts = {"data": self.weights.data, "indices": self.weights.indices, "indptr": self.weights.indptr}
            kinds = {"data": np.float32, "indices": np.int32, "indptr": np.int64}
            return half_life | {f"weights.{name}": array.astype(kinds[name]) for name, array in parts.items()}
        return half_life | {"weights": self.weights}


def from_tensors(kind: str, tensors: dict[str, NDArray[Any]], n_items: int) -> ItemWeights:
    """What `ItemWeights.tensors` gave.

    Raises:
        KeyError: Something is missing.
        ValueError: Shapes or places do not fit so many items.
    """
    half_life = float(tensors["half_life"][0])
    if "weights" in tensors:
        weights = tensors["weights"].astype(np.float32)
        if weights.shape != (n_items, n_items):
            raise ValueError("the weights are of another catalogue")
        return ItemWeights(kind, weights, half_life)
    parts = (tensors["weights.data"], tensors["weights.indices"], tensors["weights.indptr"])
    sparse = csr_array(parts, shape=(n_items, n_items))
    sparse.check_format(full_check=True)
    return ItemWeights(kind, sparse, half_life)


def largest(block: Floats, first: int, count: int) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Rows, columns and values of the entries of each column of (I, B) that are largest in size, zeros left out.

    Args:
        block: Columns `first` to `first + B` of a matrix.
        first: Where they stand.
        count: How many of each column.
    """
    size = np.abs(block)
    if block.shape[0] > count:
        least = np.partition(size, block.shape[0] - count, axis=0)[block.shape[0] - count]
        size[size < least] = 0
    rows, columns = np.nonzero(size)
    return rows.astype(np.int32), (columns + first).astype(np.int32), block[rows, columns]


def pruned(weights: Floats, count: int = KEPT) -> csr_array:
    """A dense matrix of weights (I, I) with the `count` largest of each column alone."""
    step = max(1, 8_000_000 // len(weights))
    parts = [largest(weights[:, begin : begin + step], begin, count) for begin in range(0, len(weights), step)]
    return assembled(parts, len(weights))


def assembled(parts: list[tuple[NDArray[np.int32], NDArray[np.int32], Floats]], n_items: int) -> csr_array:
    """One sparse matrix (I, I) of the entries that `largest` found."""
    rows, columns, values = (np.concatenate([part[place] for part in parts]) for place in range(3))
    matrix = csr_array((values.astype(np.float32), (rows, columns)), shape=(n_items, n_items))
    matrix.sort_indices()
    return matrix
