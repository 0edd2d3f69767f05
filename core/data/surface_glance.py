"""Good parts that differ from the others so much that small grey pictures of them tell: another part, another subject.

Cheap enough to be looked at before anything is learned. A defect is mostly too small to show here; those are searched
for with the features of a network, while the good parts are learned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

JUDGED_MIN = 8
"""Pictures below which there is no telling what is ordinary."""
FAR_SPREADS = 8.0
"""Robust standard deviations above the median distance from the middle picture beyond which one is named."""
FAR_TIMES = 2.0
"""It has to be so many times as far as the median, too: parts that are nearly equal have hardly any spread."""


def unlike_others(thumbs: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Places of the pictures that look like none of the others, the farthest first.

    Distances are mean absolute differences from the median picture. The mean of every picture is taken away first,
    because light alone makes no other part.

    Args:
        thumbs: Small grey pictures (N, H, W).
    """
    if len(thumbs) < JUDGED_MIN:
        return np.zeros(0, np.int64)
    values = thumbs.astype(np.float64)
    values -= values.mean(axis=(1, 2), keepdims=True)
    distances = np.abs(values - np.median(values, axis=0)).mean(axis=(1, 2))
    middle = float(np.median(distances))
    spread = max(1.4826 * float(np.median(np.abs(distances - middle))), 1e-6)
    far = ((distances - middle) / spread > FAR_SPREADS) & (distances > FAR_TIMES * middle)
    order = np.argsort(-distances, kind="stable")
    return np.asarray(order[far[order]], np.int64)
