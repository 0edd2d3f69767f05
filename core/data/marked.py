"""Places that a person marked on an image: from strokes to outlines, to masks, and to text beside the pixels."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from core.contracts import Outline

OUTLINES_MAX = 20
"""Places on one image."""
CORNERS_MAX = 100
"""Of one outline; a longer stroke is thinned."""
AREA_MIN = 1e-7
"""Share of the image below which an outline holds nothing: less than two pixels of 4000 x 4000."""


def outline_of(across: ArrayLike, down: ArrayLike) -> Outline | None:
    """The outline of a stroke; None when it holds nothing.

    Args:
        across: Of each point, as shares of the width; what lies outside of the image is drawn to its edge.
        down: Likewise, as shares of the height.
    """
    points = np.clip(np.column_stack([np.asarray(across, np.float64), np.asarray(down, np.float64)]), 0.0, 1.0)
    if not len(points) or not np.isfinite(points).all():
        return None
    kept = np.unique(np.linspace(0, len(points) - 1, min(CORNERS_MAX, len(points))).round().astype(int))
    points = points[kept].round(6)
    if area_of(points) < AREA_MIN:
        return None
    return tuple((float(x), float(y)) for x, y in points)


def rectangle(left: float, top: float, right: float, bottom: float) -> Outline | None:
    """The outline of a box whose edges are shares of the image; None when it is empty."""
    return outline_of([left, right, right, left], [top, top, bottom, bottom])


def area_of(points: NDArray[np.float64] | Outline) -> float:
    """Area inside of an outline, as a share of the image."""
    x, y = np.asarray(points, np.float64).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def mask_of(marked: Sequence[Outline], side: int) -> NDArray[np.bool_]:
    """Which pixels of the image, squeezed to (side, side), lie inside of an outline or on it."""
    canvas = Image.new("1", (side, side))
    draw = ImageDraw.Draw(canvas)
    for outline in marked:
        draw.polygon([(x * (side - 1), y * (side - 1)) for x, y in outline], fill=1, outline=1)
    return np.asarray(canvas, bool)


def as_text(marked: Sequence[Outline]) -> str:
    """Outlines as one line; `from_text` reads it."""
    return json.dumps(marked)


def from_text(line: str) -> tuple[Outline, ...]:
    """The outlines of a line that `as_text` wrote; raises `ValueError` for any other."""
    found = json.loads(line)
    if not isinstance(found, list) or len(found) > OUTLINES_MAX:
        raise ValueError("no list of outlines")
    outlines = [outline_of(*zip(*each, strict=True)) for each in found]
    if None in outlines:
        raise ValueError("an outline is empty")
    return tuple(outline for outline in outlines if outline is not None)
