"""Good parts in folds, so that each can be judged by a memory that has not seen it; and those that look like none."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 10
SUSPECT_SPREADS = 6.0
"""Robust standard deviations above the median score of good parts beyond which one is named as suspicious."""
SUSPECT_SHARE = 0.1
"""No more than this share of the good parts is suspected; the most unlike ones first."""
JUDGED_MIN = 8
"""Good parts below which none is suspected: there is no telling what is ordinary."""


def told_apart(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups (N,) of images that repeat each other nearly, or each alone where one group holds more than half of them.

    Parts that lie alike before a camera repeat each other throughout; then likeness says nothing of what was copied.
    """
    _, counts = np.unique(groups, return_counts=True)
    return np.arange(len(groups)) if 2 * counts.max() > len(groups) else groups


def folds_of(groups: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Fold of each part, (N,), of equal sizes as far as groups (N,) of repeated images, which stay together, allow."""
    random = np.random.default_rng(seed)
    names, members = np.unique(groups, return_inverse=True)
    order = random.permutation(len(names))
    sizes = np.bincount(members)
    filled = np.zeros(min(FOLDS, len(names)), np.int64)
    fold_of = np.empty(len(names), np.int64)
    for group in sorted(order, key=lambda name: -sizes[name]):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    return fold_of[members]


def runs_of(groups: NDArray[np.int64], ids: Sequence[str]) -> NDArray[np.int64]:
    """Fold of each part, (N,): runs of images that were taken one after the other, by the last numbers in their names.

    Photographs of one session resemble each other. Drawn at random into folds, each would be judged by its neighbours,
    and the limit would hold for no other session. Groups (N,) of repeated images stay together.
    """
    first: dict[int, tuple[int, str]] = {}
    for group, image_id in zip(groups.tolist(), ids, strict=True):
        first[group] = min(first.get(group, _taken(image_id)), _taken(image_id))
    order = sorted(range(len(ids)), key=lambda place: (*first[int(groups[place])], place))
    names = [int(groups[place]) for place in order]
    folds = np.zeros(len(ids), np.int64)
    count, begun = min(FOLDS, len(first)), -1
    for rank, place in enumerate(order):
        if rank == 0 or (names[rank] != names[rank - 1] and rank * count >= (begun + 1) * len(ids)):
            begun += 1
        folds[place] = begun
    return folds


def _taken(image_id: str) -> tuple[int, str]:
    """What orders images by when they were taken: the last number in their name, then the name."""
    numbers = re.findall(r"\d+", image_id.rpartition("/")[2].rpartition(".")[0])
    return (int(numbers[-1]) if numbers else -1, image_id)


def suspects_of(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Places of the good parts whose held-out scores (N,) lie far above those of the others, the farthest first."""
    if len(scores) < JUDGED_MIN:
        return np.zeros(0, np.int64)
    middle = np.median(scores)
    spread = max(1.4826 * float(np.median(np.abs(scores - middle))), 1e-6)
    far = (scores - middle) / spread
    most = max(1, int(SUSPECT_SHARE * len(scores)))
    order = np.argsort(-far, kind="stable")[:most]
    return np.asarray(order[far[order] > SUSPECT_SPREADS], np.int64)


def renumbered(folds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same folds numbered without gaps; negative ones stay."""
    kept = np.unique(folds[folds >= 0])
    return np.where(folds >= 0, np.searchsorted(kept, folds), folds)
