"""What test images are like, from their pixels and their places, so that quality can be looked at part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.images import ImageSet
from core.data.pixels import is_grey
from core.training.slices import PREFIX

SIDES = (64, 256, 1024)
"""Longest sides in pixels, before resizing, that part small from large images."""
TERCILES = ("low", "middle", "high")
SOURCES_MAX = 8
"""Folders with fewer images than the most common ones go together as `other`."""

Texts = NDArray[np.str_]


def slice_columns(images: ImageSet, labels: Sequence[str]) -> dict[str, Texts]:
    """Columns `slice.<name>` (N,) for an evaluation table; ways that leave all images together are left out.

    Args:
        images: Of one split.
        labels: Names of the data's classes, in the order of the targets.
    """
    flat = [image.astype(np.float32).mean(axis=-1) for image in images.pixels]
    found = {
        "brightness": _terciles([float(image.mean()) for image in flat]),
        "contrast": _terciles([float(image.std()) for image in flat]),
        "colour": _colour(images),
        "size": _sizes(images),
        "source": _sources(images, labels),
    }
    return {PREFIX + name: column for name, column in found.items() if len(np.unique(column)) > 1}


def _terciles(values: Sequence[float]) -> Texts:
    """Lowest, middle and highest third of these images; equal values stay together."""
    array = np.array(values)
    return np.array(TERCILES)[np.searchsorted(np.quantile(array, [1 / 3, 2 / 3]), array, side="left")]


def _colour(images: ImageSet) -> Texts:
    if images.pixels.shape[-1] == 1:
        return np.full(len(images), "grey")
    return np.array(["grey" if is_grey(image) else "colour" for image in images.pixels])


def _sizes(images: ImageSet) -> Texts:
    if images.sides is None:
        return np.full(len(images), "")
    names = [f"≤ {SIDES[0]} px", *(f"{low + 1}–{high} px" for low, high in pairwise(SIDES))]
    names.append(f"> {SIDES[-1]} px")
    return np.asarray(np.array(names)[np.searchsorted(SIDES, images.sides.max(axis=1), side="left")])


def _sources(images: ImageSet, labels: Sequence[str]) -> Texts:
    """The folder below the class folder, where the ids carry one."""
    found = [_source(image_id, labels[target]) for image_id, target in zip(images.ids, images.targets, strict=True)]
    common = {name for name, _ in Counter(found).most_common(SOURCES_MAX)}
    return np.array([name if name in common else "other" for name in found])


def _source(image_id: str, label: str) -> Any:
    folders = image_id.split("/")[:-1]
    below = folders[folders.index(label) + 1 :] if label in folders else []
    return below[0] if below else ""
