"""How often items were taken by the same users: what all closed-form models start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from core.data.histories import Histories

Floats = NDArray[np.float32]
LONG = 1000
"""Latest items of one user that are counted, since the work grows with their square; published EASE counts all."""
_ROWS = 512


def user_weights(histories: Histories, power: float) -> Floats:
    """Weight of each user (U,): his number of items to the power of minus `power`, one on average over interactions."""
    sizes = np.maximum(histories.sizes, 1).astype(np.float64)
    weights = sizes**-power
    return np.asarray(weights * histories.sizes.sum() / (weights * histories.sizes).sum(), np.float32)


def weighted(histories: Histories, n_items: int, power: float) -> csr_array:
    """Users by items, where a user with many items counts less in every product of two columns."""
    kept = histories.latest(LONG) if histories.sizes.max(initial=0) > LONG else histories
    return diags_array(np.sqrt(user_weights(kept, power))) @ kept.matrix(n_items)


def dense_gram(matrix: csr_array) -> Floats:
    """Items by items (I, I), in blocks of rows, because the sparse product of all takes many times the memory."""
    columns, transposed = matrix.tocsr(), matrix.T.tocsr()
    found = np.empty((matrix.shape[1], matrix.shape[1]), np.float32)
    for begin in range(0, len(found), _ROWS):
        found[begin : begin + _ROWS] = (transposed[begin : begin + _ROWS] @ columns).toarray()
    return found
