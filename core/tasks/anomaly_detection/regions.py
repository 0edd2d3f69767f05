"""From a map to outlined regions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as untyped_ndimage

from core.contracts import Region

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

AREA_MIN = 1e-4
"""Share of the image below which a region is not outlined, unless it is the only one."""
REGIONS_MAX = 20


def regions_of(values: NDArray[np.float32], threshold: float) -> tuple[Region, ...]:
    """Connected places at or above `threshold` of a map (H, W), the highest score first; corners connect."""
    labels, count = ndimage.label(values >= threshold, structure=np.ones((3, 3), int))
    if not count:
        return ()
    height, width = values.shape
    numbers = np.arange(1, count + 1)
    areas = ndimage.sum_labels(np.ones_like(values), labels, numbers) / values.size
    peaks = ndimage.maximum(values, labels, numbers)
    found = [
        Region(
            columns.start / width,
            rows.start / height,
            columns.stop / width,
            rows.stop / height,
            float(area),
            float(peak),
        )
        for (rows, columns), area, peak in zip(ndimage.find_objects(labels), areas, peaks, strict=True)
    ]
    found.sort(key=lambda region: region.score, reverse=True)
    return tuple(region for place, region in enumerate(found) if place == 0 or region.area >= AREA_MIN)[:REGIONS_MAX]
