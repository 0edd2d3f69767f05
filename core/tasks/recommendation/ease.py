"""EASE: the linear model of items from items with the least squared error, in closed form.

Source: H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, arXiv:1905.03375. Two things are added,
each with a strength of zero for the original: users with many items count less, and often taken items are penalised
more, so that rare ones are not drowned.

With A items that anybody took, the dense way holds one matrix of A x A in single precision (4 A^2 bytes; 1.6 GB at
20,000) and takes about A^3 operations. Beyond `DENSE_LIMIT` each item is explained by its `SUPPORT` nearest ones alone:
memory then grows with A, and time with the pairs of items that anybody took together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_array

from core.contracts import N_, Message
from core.data.histories import Histories
from core.errors import JobError, RunCancelled
from core.tasks.recommendation.gram import dense_gram, weighted
from core.tasks.recommendation.item_weights import DENSE_ITEMS, ItemWeights, assembled, pruned

Floats = NDArray[np.float32]
DENSE_LIMIT = 20_000
"""Items up to which the whole matrix is inverted."""
SUPPORT = 200
_MIRROR = 1024
_COUNTS = 8_000_000
"""Pairs of items that are counted at one time, 32 MB."""


@dataclass(frozen=True)
class EaseOptions:
    """Strengths of one fit."""

    regularisation: float = 500.0
    user_power: float = 0.0
    """A user with n items counts n to the power of minus this."""
    item_power: float = 0.0
    """The penalty of an item grows with how often it was taken to this power; the mean item has the plain one."""


def fit_ease(
    histories: Histories,
    n_items: int,
    options: EaseOptions,
    device: str = "cpu",
    should_stop: Callable[[], bool] = lambda: False,
) -> ItemWeights:
    """Fit the weights.

    Args:
        histories: To learn from.
        n_items: Of the catalogue; those that nobody took have no weights.
        options: Strengths.
        device: Where the matrix is inverted.
        should_stop: Asked again and again where there are so many items that it takes minutes.

    Raises:
        RunCancelled: It should.
        JobError: The matrix cannot be inverted.
    """
    active = np.unique(histories.items)
    columns = weighted(histories, n_items, options.user_power)[:, active]
    if len(active) > DENSE_LIMIT:
        return ItemWeights("ease", _spread(_local(columns.tocsr(), options, should_stop), active, n_items))
    gram = dense_gram(columns)
    gram[np.diag_indices_from(gram)] += penalties(np.diag(gram), options)
    weights = _inverse(gram, device)
    weights /= -np.diag(weights).copy()
    np.fill_diagonal(weights, 0)
    if n_items > DENSE_ITEMS:
        return ItemWeights("ease", _spread(pruned(weights), active, n_items))
    whole = np.zeros((n_items, n_items), np.float32)
    whole[np.ix_(active, active)] = weights
    return ItemWeights("ease", whole)


def penalties(taken: Floats, options: EaseOptions) -> Floats:
    """What is added to the diagonal, (A,)."""
    growth = ((taken + 1) / (taken.mean() + 1)) ** options.item_power
    return np.asarray(options.regularisation * growth, np.float32)


def _inverse(matrix: Floats, device: str) -> Floats:
    """Inverse of a symmetric positive matrix; on a CPU in the place of the matrix itself."""
    if device.startswith("cuda"):
        import torch

        factor = torch.linalg.cholesky(torch.from_numpy(matrix).to(device))
        return np.asarray(torch.cholesky_inverse(factor).cpu().numpy())
    factor, failed = lapack.spotrf(matrix.T, lower=False, overwrite_a=True)
    inverse, failed_too = lapack.spotri(factor, lower=False, overwrite_c=True) if not failed else (factor, 0)
    if failed or failed_too:
        raise _singular()
    found = inverse.T  # rows are consecutive again; LAPACK has filled the lower half
    for begin in range(0, len(found), _MIRROR):
        end = begin + _MIRROR
        found[begin:end, end:] = found[end:, begin:end].T
        corner = found[begin:end, begin:end]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
    return np.asarray(found)


def _singular() -> JobError:
    return JobError(
        "train.singular",
        Message(N_("The matrix of the items cannot be inverted.")),
        Message(N_("Start again with more regularisation.")),
    )


def _local(columns: csr_array, options: EaseOptions, should_stop: Callable[[], bool]) -> csr_array:
    """Each item from the `SUPPORT` items that are nearest to it, by a small system of its own.

    How often two items were taken together is counted for a block of items at a time, and anew among the nearest ones
    of each: all pairs would take gigabytes.
    """
    transposed, by_item, n_items = columns.T.tocsr(), columns.tocsc(), columns.shape[1]
    taken = np.asarray(columns.power(2).sum(axis=0), np.float32)
    penalty, length = penalties(taken, options), np.sqrt(taken)
    step, parts = max(1, _COUNTS // n_items), []
    for begin in range(0, n_items, step):
        if should_stop():
            raise RunCancelled
        counts = (transposed[begin : begin + step] @ columns).toarray()
        counts[np.arange(len(counts)), begin + np.arange(len(counts))] = 0
        for item, together in enumerate(counts, begin):
            others = np.flatnonzero(together)
            if len(others) > SUPPORT:
                others = others[np.argpartition(-together[others] / length[others], SUPPORT)[:SUPPORT]]
            if not len(others):
                continue
            near = by_item[:, others]
            system = (near.T @ near).toarray()
            system[np.diag_indices_from(system)] += penalty[others]
            solved = np.linalg.solve(system, together[others])
            parts.append((others.astype(np.int32), np.full(len(others), item, np.int32), solved.astype(np.float32)))
    return assembled(parts, n_items)


def _spread(weights: csr_array, active: NDArray[np.int32], n_items: int) -> csr_array:
    """Weights of the active items among all items."""
    entries = weights.tocoo()
    places = (active[entries.row].astype(np.int32), active[entries.col].astype(np.int32))
    return assembled([(*places, entries.data)], n_items)
