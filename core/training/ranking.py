"""Quality of ranked lists: full ranking of all items, never of sampled ones, and metrics user by user.

Every function takes lists as places of items, (U, K), best first, -1 where a list is shorter; and what was right as
`Histories`. Metrics are means over users, so that their intervals are over users; only coverage is one of items.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import Metric
from core.data.histories import Histories
from core.training.metrics import bootstrap, mean_of, resamples_for, share

Lists = NDArray[np.int32]
Floats = NDArray[np.float32]
METRIC = "metric."
"""What columns of an evaluation table with one value per user begin with; the summary holds their means."""
LIST = "items"
"""Column of an evaluation table with the list of every user, (U, K)."""
DEPTHS = {"recall": (10, 20), "ndcg": (10, 20), "hr": (10, 20)}
"""Metrics -> k."""
WANTED, FOUND = "wanted.", "found."
"""What columns of an evaluation table begin with that count, for each user, the items of a group of `GROUPS` that he
took in the test, and those of them that stood among his first ten."""
GROUPS = ("head", "tail", "new")
"""Items that are taken most, the long tail, and those that nobody had taken before."""
TAIL_SHARE = 0.2
"""Items that are not among this share of the most taken ones are the long tail."""


def best(scores: NDArray[Any], k: int) -> Lists:
    """Places of the k highest scores of each row of (B, I), best first; of equal scores the lower place comes first.

    Scores of -inf are never listed: -1 stands in their place.
    """
    count = min(k, scores.shape[1])
    least = np.partition(scores, scores.shape[1] - count, axis=1)[:, scores.shape[1] - count].copy()
    listed, equal = scores > least[:, None], scores == least[:, None]
    # Most items may have the same score, as those have that nothing of the user's leads to: the first ones are enough.
    room = count - listed.sum(axis=1)
    crowded = np.flatnonzero(equal.sum(axis=1) > room)
    equal[crowded] &= np.cumsum(equal[crowded], axis=1, dtype=np.int32) <= room[crowded, None]
    rows, places = np.nonzero((listed | equal) & (scores > -np.inf))
    order = np.lexsort((places, -scores[rows, places], rows))
    rows, places = rows[order], places[order]
    sizes = np.bincount(rows, minlength=len(scores))
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found = np.full((len(scores), k), -1, np.int32)
    kept = rank < count
    found[rows[kept], rank[kept]] = places[kept]
    return found


def hits(lists: Lists, truth: Histories, n_items: int) -> NDArray[np.bool_]:
    """Which entries of the lists are right, (U, K)."""
    # Pairs of a user and an item are looked up: a table of all of them would take gigabytes.
    pairs = np.sort(truth.users.astype(np.int64) * n_items + truth.items)
    wanted = np.arange(len(lists))[:, None] * n_items + lists
    places = np.minimum(np.searchsorted(pairs, wanted), max(len(pairs) - 1, 0))
    return (lists >= 0) & (pairs[places] == wanted) if len(pairs) else np.zeros(lists.shape, bool)


def accuracy_columns(lists: Lists, truth: Histories, n_items: int) -> dict[str, Floats]:
    """Recall, NDCG and hit rate of each user, (U,) each; every user has something that is right.

    Recall is hits over what is right; NDCG has binary gains and an ideal list of min(what is right, k).
    """
    right, wanted = hits(lists, truth, n_items), np.maximum(truth.sizes, 1)
    deepest = max(lists.shape[1], *DEPTHS["ndcg"])
    discount = 1 / np.log2(np.arange(2, deepest + 2))
    ideal = np.cumsum(discount)
    found: dict[str, NDArray[Any]] = {}
    for k in DEPTHS["recall"]:
        count = right[:, :k].sum(axis=1)
        found[f"recall_at_{k}"] = count / wanted
        gain = (right[:, :k] * discount[: right[:, :k].shape[1]]).sum(axis=1)
        found[f"ndcg_at_{k}"] = gain / ideal[np.minimum(wanted, k) - 1]
        found[f"hr_at_{k}"] = count > 0
    return {name: values.astype(np.float32) for name, values in found.items()}


def list_columns(lists: Lists, taken: NDArray[np.int64], vectors: NDArray[Any], n_users: int) -> dict[str, Floats]:
    """What lists are like besides being right, (U,) each.

    Args:
        lists: Of U users.
        taken: How many users took each item in training, (I,).
        vectors: Of the items, length one each, (I, D).
        n_users: In training.

    Returns:
        `long_tail`, share of the list outside the `TAIL_SHARE` of items that are taken most; `novelty`, mean bits of
        surprise, -log2 of the share of users who took an item; `diversity`, one minus the mean cosine of its pairs.
    """
    there, places = lists >= 0, np.maximum(lists, 0)
    count = np.maximum(there.sum(axis=1), 1)
    tail = long_tail(taken)
    surprise = -np.log2((taken + 1) / (n_users + 1))
    found = {
        "long_tail": (there & tail[places]).sum(axis=1) / count,
        "novelty": (surprise[places] * there).sum(axis=1) / count,
    }
    summed = np.zeros((len(lists), vectors.shape[1]), np.float32)
    own = np.zeros(len(lists), np.float32)
    for rank in range(lists.shape[1]):
        one = vectors[places[:, rank]].astype(np.float32) * there[:, rank, None]
        summed += one
        own += (one * one).sum(axis=1)
    pairs = np.maximum(count * (count - 1), 1)
    found["diversity"] = 1 - ((summed * summed).sum(axis=1) - own) / pairs
    return {name: values.astype(np.float32) for name, values in found.items()}


def long_tail(taken: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which items are not among the `TAIL_SHARE` that are taken most, (I,)."""
    found = np.ones(len(taken), bool)
    found[np.argsort(-taken, kind="stable")[: max(1, round(TAIL_SHARE * len(taken)))]] = False
    return found


def coverage(lists: Lists, n_items: int) -> Metric:
    """Share of all items that stand in any list; Wilson's interval, of the items."""
    return share(len(np.unique(lists[lists >= 0])), n_items)


def ranking_summary(table: Mapping[str, NDArray[Any]], n_items: int, seed: int = 0) -> dict[str, Metric]:
    """Mean of every column of metrics with a bootstrap interval over users, and the coverage of the lists' first ten.

    Args:
        table: Columns `metric.<name>` (U,) and `items` (U, K).
        n_items: That could have been listed; 0 leaves the coverage out.
        seed: Of the bootstrap.
    """
    found = {}
    for name, values in table.items():
        if name.startswith(METRIC):
            column = np.asarray(values, np.float64)
            found[name.removeprefix(METRIC)] = bootstrap(mean_of(column), len(column), seed, resamples_for(len(column)))
    if n_items and LIST in table:
        found["coverage"] = coverage(np.asarray(table[LIST])[:, :10], n_items)
    return found
