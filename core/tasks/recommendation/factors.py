"""Implicit matrix factorisation by alternating least squares; a new user is one small system of equations.

Source: Y. Hu, Y. Koren, C. Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008, with the weight
of what was not taken and the scaling of the penalty of S. Rendle et al., Revisiting the Performance of iALS on Item
Recommendation Benchmarks, RecSys 2022, arXiv:2110.14037.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.histories import Histories, from_pairs
from core.errors import RunCancelled
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.scoring import Floats

UNTAKEN = 0.1
"""Weight of an item that was not taken, where one that was has 1."""
PASSES = 10


@dataclass(frozen=True)
class Factors:
    """A vector for each item; that of a user follows from his items."""

    items: Floats = field(compare=False)
    """(I, D)."""
    untaken: float
    penalty: float

    @property
    def kind(self) -> str:
        """Key of `config.MODELS`."""
        return "als"

    @property
    def n_items(self) -> int:
        """Items of the catalogue."""
        return len(self.items)

    @property
    def reach(self) -> int | None:
        """All of them."""
        return None

    def scores(self, histories: Histories) -> Floats:
        """Score of every item for each user, (B, I)."""
        return np.asarray(solved(self.items, histories, self.untaken, self.penalty) @ self.items.T, np.float32)

    def shares(self, history: NDArray[Any], items: NDArray[Any]) -> Floats:
        """What each item of a user adds to the scores of some items, (H, K); exact, section 5 of Hu et al."""
        own = self.items[np.asarray(history, np.int64)]
        system = _gram(self.items, self.untaken) + (1 - self.untaken) * own.T @ own
        system += np.eye(len(system)) * _strength(len(history), self.n_items, self.untaken, self.penalty)
        wanted = self.items[np.asarray(items, np.int64)]
        return np.asarray(own @ np.linalg.solve(system, wanted.T), np.float32)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        return {"items": self.items, "strengths": np.array([self.untaken, self.penalty], np.float32)}


def from_tensors(tensors: dict[str, NDArray[Any]], n_items: int) -> Factors:
    """What `Factors.tensors` gave; raises `KeyError` or `ValueError` when it does not fit."""
    items, (untaken, penalty) = tensors["items"], tensors["strengths"]
    if items.ndim != 2 or len(items) != n_items:
        raise ValueError("the vectors are of another catalogue")
    return Factors(items.astype(np.float32), float(untaken), float(penalty))


def fit_factors(
    histories: Histories, n_items: int, penalty: float, config: RecommendationConfig, run: RunContext
) -> Factors:
    """Fit the vectors of the items in `PASSES` passes.

    Args:
        histories: To learn from.
        n_items: Of the catalogue.
        penalty: Of a vector, times the number of its interactions and of all others, each by its weight.
        config: Width and seed.
        run: Asked before every pass whether to stop.

    Raises:
        RunCancelled: Somebody asked for it to stop.
    """
    generator = np.random.default_rng(config.seed)
    items = generator.normal(0, 0.1 / np.sqrt(config.width), (n_items, config.width)).astype(np.float32)
    by_item = from_pairs(histories.items, histories.users, n_items)
    for _ in range(PASSES):
        if run.should_stop():
            raise RunCancelled
        users = solved(items, histories, UNTAKEN, penalty)
        items = solved(users, by_item, UNTAKEN, penalty)
    return Factors(items, UNTAKEN, penalty)


def solved(fixed: Floats, histories: Histories, untaken: float, penalty: float) -> Floats:
    """The best vectors of users for fixed vectors of items (I, D), or of items for users: (len(histories), D)."""
    gram, found = _gram(fixed, untaken), np.zeros((len(histories), fixed.shape[1]), np.float32)
    diagonal = np.eye(len(gram))
    for row, size in enumerate(histories.sizes):
        if size:
            own = fixed[histories.of(row)]
            system = gram + (1 - untaken) * own.T @ own
            system += diagonal * _strength(int(size), len(fixed), untaken, penalty)
            found[row] = np.linalg.solve(system, own.sum(axis=0))
    return found


def _gram(fixed: Floats, untaken: float) -> NDArray[np.float64]:
    return np.asarray(untaken * (fixed.T @ fixed), np.float64)


def _strength(size: int, others: int, untaken: float, penalty: float) -> float:
    """Penalty of one vector, which grows with what it is fitted to."""
    return penalty * (size + untaken * others)
