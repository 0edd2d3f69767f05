"""How well maps of scores find the defective pixels: AUROC, F1 and PRO of a test set, with intervals over images.

Every image is reduced to counts at thresholds that all images share. The metrics are sums of such counts, so that they
can be had for any part of a table, and for a thousand resamples of its images by one product of matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as untyped_ndimage

from core.training.metrics import Array, Statistic

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

NORMAL, DEFECT, OVERLAP, REGIONS = "pixels.normal", "pixels.defect", "pixels.overlap", "regions"
"""Columns of an evaluation table: normal and defective pixels at or above each threshold, both (N, B); the sum over the
image's regions of the share of each that is, (N, B); the number of regions, (N,)."""
THRESHOLDS = 320
PRO_LIMIT = 0.3
"""False-positive rate up to which PRO is integrated, as its authors do."""
_EIGHT = np.ones((3, 3), int)
"""Pixels that touch at a corner are of one region."""
_DRAWN = 400_000
"""Pixels of either kind from which thresholds are taken."""


def shared_thresholds(
    maps: Sequence[NDArray[np.floating]], masks: Sequence[NDArray[np.bool_] | None], seed: int = 0
) -> NDArray[np.float32]:
    """Thresholds (B,) at which the curves of these maps are known, from above every score to below every score.

    They lie dense where few normal pixels are left, and evenly over the defective ones.
    """
    generator = np.random.default_rng(seed)
    share = min(1.0, _DRAWN / max(1, sum(values.size for values in maps)))
    normal, defect = [], []
    for values, mask in zip(maps, masks, strict=True):
        drawn = generator.random(values.shape) < share
        normal.append(values[drawn if mask is None else drawn & ~mask])
        if mask is not None and mask.any():
            defect.append(values[mask])
    half = THRESHOLDS // 2
    rates = np.concatenate([np.geomspace(1e-5, 0.1, half, endpoint=False), np.linspace(0.1, 1, half // 2)])
    edges = [np.quantile(np.concatenate(normal), 1 - rates)]
    if defect:
        edges.append(np.quantile(np.concatenate(defect), np.linspace(0, 1, half // 2)))
    inner = np.unique(np.concatenate(edges).astype(np.float32))[::-1]
    return np.concatenate([[np.inf], inner, [-np.inf]]).astype(np.float32)


def count_pixels(
    values: NDArray[np.floating], mask: NDArray[np.bool_] | None, thresholds: NDArray[np.float32]
) -> tuple[Array, Array, Array, int]:
    """What one image adds to the curves.

    Args:
        values: Scores of its pixels, (H, W).
        mask: Which of them are defective, (H, W); None when nobody says.
        thresholds: As `shared_thresholds` gives them, falling, (B,).

    Returns:
        Normal and defective pixels at or above each threshold, the summed shares of the regions, each (B,), and the
        number of regions. All zero without a mask.
    """
    size = len(thresholds)
    if mask is None:
        return np.zeros(size), np.zeros(size), np.zeros(size), 0
    place = np.searchsorted(-thresholds, -values.astype(np.float32).ravel(), side="left")
    labels, regions = ndimage.label(mask, structure=_EIGHT)
    counts = np.bincount(labels.ravel() * size + place, minlength=(regions + 1) * size)
    above = counts.reshape(regions + 1, size).cumsum(axis=1)
    overlap = (above[1:] / above[1:, -1:]).sum(axis=0) if regions else np.zeros(size)
    return above[0].astype(float), above[1:].sum(axis=0).astype(float), overlap, int(regions)


def pixel_columns(
    maps: Sequence[NDArray[np.floating]],
    masks: Sequence[NDArray[np.bool_] | None],
    thresholds: NDArray[np.float32] | None = None,
) -> dict[str, NDArray[Any]]:
    """The columns of an evaluation table that the metrics below are computed from; one row per map.

    Without `thresholds` (B,), falling, they are those that these maps share.
    """
    thresholds = shared_thresholds(maps, masks) if thresholds is None else thresholds
    rows = [count_pixels(values, mask, thresholds) for values, mask in zip(maps, masks, strict=True)]
    return {
        NORMAL: np.array([row[0] for row in rows], np.int32),
        DEFECT: np.array([row[1] for row in rows], np.int32),
        OVERLAP: np.array([row[2] for row in rows], np.float32),
        REGIONS: np.array([row[3] for row in rows], np.int32),
    }


def has_pixels(table: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a table knows normal and defective pixels, without which there are no pixel metrics."""
    return NORMAL in table and bool(table[DEFECT][:, -1].any()) and bool(table[NORMAL][:, -1].any())


def pixel_auroc_of(table: Mapping[str, NDArray[Any]]) -> Statistic:
    """Area under the ROC curve of all pixels of a table."""
    normal, defect = (table[name].astype(np.float64) for name in (NORMAL, DEFECT))

    def statistic(weights: Array) -> Array:
        false, true = _rates(weights @ normal), _rates(weights @ defect)
        return np.asarray(np.trapezoid(true, false, axis=1))

    return statistic


def pixel_f1_of(table: Mapping[str, NDArray[Any]]) -> Statistic:
    """The best F1 of all pixels over the thresholds, as the published figures of this name are; an upper limit."""
    normal, defect = (table[name].astype(np.float64) for name in (NORMAL, DEFECT))

    def statistic(weights: Array) -> Array:
        false, true = weights @ normal, weights @ defect
        return np.asarray((2 * true / (true + false + true[:, -1:])).max(axis=1))

    return statistic


def pro_of(table: Mapping[str, NDArray[Any]], limit: float = PRO_LIMIT) -> Statistic:
    """Per-region overlap: mean share of a region that is found, over false-positive rates of pixels up to `limit`.

    Normalised to [0, 1]; a small region counts as much as a large one.
    Source: Bergmann et al., The MVTec Anomaly Detection Dataset, IJCV 129, 2021, section 5.2.
    """
    normal, overlap = (table[name].astype(np.float64) for name in (NORMAL, OVERLAP))
    regions = table[REGIONS].astype(np.float64)

    def statistic(weights: Array) -> Array:
        found = (weights @ overlap) / (weights @ regions)[:, None]
        return _area_up_to(_rates(weights @ normal), found, limit) / limit

    return statistic


def _rates(counts: Array) -> Array:
    return counts / counts[:, -1:]


def _area_up_to(x: Array, y: Array, limit: float) -> Array:
    """Area below the curves (R, B), rising in x, from 0 to `limit`; between two points they are straight."""
    begin, end = x[:, :-1], x[:, 1:]
    width = np.clip(np.minimum(end, limit) - begin, 0, None)
    slope = np.divide(y[:, 1:] - y[:, :-1], end - begin, out=np.zeros_like(end), where=end > begin)
    return np.asarray((width * (y[:, :-1] + slope * width / 2)).sum(axis=1))
