"""A recommender as it is served: one scorer, the catalogue, who took what, and where items lie beside each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from core.data.attributes import Attributes, attributes_of
from core.data.histories import Histories
from core.data.interactions import Catalogue
from core.tasks.recommendation.scoring import Scorer

Floats = NDArray[np.float32]
WIDTH = 32
"""Numbers that describe an item for likeness, re-ranking and the map."""
_NEAREST = 5
_PERPLEXITY = 30.0
_ROWS = 4096


@dataclass(frozen=True)
class Recommender:
    """A fitted model of I items; the most taken item comes first, equal ones in the order of their ids."""

    scorer: Scorer = field(compare=False)
    catalogue: Catalogue
    taken: NDArray[np.int64]
    """Users of the training who took each item, (I,)."""
    vectors: Floats
    """Of length one each, (I, WIDTH); zeros for items that nobody took."""
    layout: Floats
    """Places on the map of the catalogue, (I, 2); NaN for items without one."""
    users: NDArray[np.str_]
    """Ids of the users of the training, (U,)."""
    histories: Histories
    """What each of them took."""

    @property
    def cold(self) -> NDArray[np.bool_]:
        """Items that nobody took, (I,)."""
        return np.asarray(self.taken == 0)

    @cached_property
    def item_places(self) -> dict[str, int]:
        """Id -> place of every item."""
        return {name: place for place, name in enumerate(self.catalogue.ids.tolist())}

    @cached_property
    def user_places(self) -> dict[str, int]:
        """Id -> place of every user."""
        return {name: place for place, name in enumerate(self.users.tolist())}

    @cached_property
    def attributes(self) -> Attributes:
        """What is written about the items, as vectors."""
        return attributes_of(self.catalogue)


def item_vectors(histories: Histories, n_items: int, seed: int = 0) -> Floats:
    """Items by what users took together: the strongest directions of users by items, both scaled to length one."""
    sizes, taken = histories.sizes, np.bincount(histories.items, minlength=n_items)
    scale = 1 / np.sqrt(np.maximum(sizes, 1))[histories.users] / np.sqrt(np.maximum(taken, 1))[histories.items]
    matrix = histories.matrix(n_items, scale)
    width = min(WIDTH, *(side - 1 for side in matrix.shape))
    if width < 1:
        return np.zeros((n_items, WIDTH), np.float32)
    _, strength, directions = randomized_svd(matrix, width, n_iter=4, random_state=seed)
    found = np.zeros((n_items, WIDTH), np.float32)
    found[:, :width] = (directions * strength[:, None]).T
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(np.divide(found, length, out=np.zeros_like(found), where=length > 1e-6), np.float32)


def layout_of(vectors: Floats, count: int, seed: int = 0) -> Floats:
    """A map of the items (I, 2), standard deviation one: t-SNE of the first `count`, others beside their nearest.

    Args:
        vectors: As `item_vectors` returns them, the most taken item first.
        count: Items that are laid out; 0 gives a map without any place.
        seed: Of the layout.
    """
    found = np.full((len(vectors), 2), np.nan, np.float32)
    known = np.flatnonzero(np.abs(vectors).sum(axis=1) > 0)
    first, rest = known[:count], known[count:]
    if len(first) < 3:
        return found
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(first) - 1) / 3)
    laid = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors[first])
    found[first] = (laid - laid.mean(axis=0)) / max(float(laid.std()), 1e-9)
    for begin in range(0, len(rest), _ROWS):
        rows = rest[begin : begin + _ROWS]
        nearest = np.argsort(-(vectors[rows] @ vectors[first].T), axis=1, kind="stable")[:, :_NEAREST]
        found[rows] = found[first[nearest]].mean(axis=1)
    return found


def by_popularity(taken: NDArray[Any]) -> NDArray[np.int64]:
    """Places of items with the most taken one first; equal ones keep their order."""
    return np.argsort(-np.asarray(taken, np.int64), kind="stable")
