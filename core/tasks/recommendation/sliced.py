"""What measured users and the items that they wanted are like, as columns of an evaluation table.

Users are parted by how much is known of them, by how rare the things are that they took, and by the kind of which they
took most; what they then wanted, by how many had taken it before.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.catalogue_columns import category_column
from core.data.histories import Histories
from core.data.interactions import SEPARATOR, Catalogue
from core.tasks.recommendation.model import Recommender
from core.training.ranking import FOUND, WANTED, Lists, hits, long_tail
from core.training.slices import PREFIX

Column = NDArray[np.str_]
ACTIVITY = ((5, "≤ 5"), (20, "6–20"), (50, "21–50"), (100, "51–100"))
"""Items that a user is known to have taken, up to so many, and how that part of the users is called."""
MOST_ACTIVE = "> 100"
LEVELS = ("low", "middle", "high")
KINDS = 12
"""Kinds of items of which measured users took most; all others are one part."""
DEPTH = 10


def activity_of(sizes: NDArray[np.int64]) -> Column:
    """How much is known of users, (U,), as the names of ranges, from the items that are (U,)."""
    limits = np.array([limit for limit, _ in ACTIVITY])
    return np.array([*(name for _, name in ACTIVITY), MOST_ACTIVE])[np.searchsorted(limits, sizes)]


def activity_names(column: Column) -> list[str]:
    """The ranges that occur in a column of `activity_of`, the fewest items first."""
    return [name for name in (*(name for _, name in ACTIVITY), MOST_ACTIVE) if name in column]


def user_slices(model: Recommender, known: Histories) -> dict[str, Column]:
    """Columns that part U users, from what is known of them."""
    found = {"activity": activity_of(known.sizes), "rarity": _rarity(model, known)}
    kinds = _kinds(model.catalogue)
    if kinds is not None:
        found["favourite"] = _favourite(kinds, known)
    return {PREFIX + name: column for name, column in found.items()}


def _rarity(model: Recommender, known: Histories) -> Column:
    """Users in three parts of one size, by the share of their items that are in the long tail."""
    tail = long_tail(model.taken)[known.items].astype(np.float64)
    share = np.bincount(known.users, tail, len(known)) / np.maximum(known.sizes, 1)
    return np.array(LEVELS)[np.searchsorted(np.quantile(share, [1 / 3, 2 / 3]), share)]


def _kinds(catalogue: Catalogue) -> list[str] | None:
    """The kind of each item, the first where it has several; None without a column of kinds."""
    column = category_column(catalogue)
    if column is None:
        return None
    return [cell.split(SEPARATOR)[0].strip() for cell in catalogue.attributes[column]]


def _favourite(kinds: list[str], known: Histories) -> Column:
    """The kind of which each user took most, of equal ones the first by name."""
    own = []
    for user in range(len(known)):
        counts = Counter(kinds[item] for item in known.of(user).tolist() if kinds[item])
        own.append(min(counts, key=lambda kind: (-counts[kind], kind)) if counts else "other")
    kept = {kind for kind, _ in sorted(Counter(own).items(), key=lambda pair: (-pair[1], pair[0]))[:KINDS]}
    return np.array([kind if kind in kept else "other" for kind in own], dtype=np.str_)


def wanted_columns(lists: Lists, truth: Histories, model: Recommender, n_items: int) -> dict[str, NDArray[Any]]:
    """Per user (U,), by `core.training.ranking.GROUPS`: items wanted in the test, and those among his first ten."""
    taken = np.concatenate([model.taken, np.zeros(n_items - len(model.taken), np.int64)])
    tail = np.concatenate([long_tail(model.taken), np.ones(n_items - len(model.taken), bool)])
    members = {"head": (taken > 0) & ~tail, "tail": (taken > 0) & tail, "new": taken == 0}
    right, first = hits(lists[:, :DEPTH], truth, n_items), lists[:, :DEPTH]
    found: dict[str, NDArray[Any]] = {}
    for name, member in members.items():
        found[WANTED + name] = np.bincount(truth.users, member[truth.items], len(truth)).astype(np.int32)
        found[FOUND + name] = (right & member[np.maximum(first, 0)]).sum(axis=1).astype(np.int32)
    return found
