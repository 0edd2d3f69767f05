"""Test images of parts with what a version saw in them: its map, what it outlined, and where the defect is."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.explain.overlay import blend_map, outline
from core.store.versions import Version
from core.ui.i18n import t

if TYPE_CHECKING:
    from core.data.kept_maps import KeptMaps

TRUE_COLOUR: Final = (86, 180, 233)
"""Sky blue, which colour-blind eyes part from violet, orange and yellow: where the defect is."""
_OPACITY: Final = 0.6
_GROUND: Final = 96
_SIDE: Final = 256
_ROUND: Final = 0.12
"""Of a blurred mask: a single place is just above it."""


@lru_cache(maxsize=16)
def maps_at(folder: Path) -> KeptMaps | None:
    """The maps that are kept with a version, which do not change; raises `ModelRefused` when they are damaged."""
    from core.data.kept_maps import kept_maps

    return kept_maps(folder)


def with_map(version: Version, image_id: str, pixels: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """A test image with its map, (H, W, 3); None where the version keeps no map of it.

    Args:
        version: Whose map it is.
        image_id: Of the image.
        pixels: The image, (H, W, 3); None where it is not here: then the map stands on plain grey.

    Raises:
        ModelRefused: The maps are damaged.
    """
    kept = maps_at(version.path)
    found = kept.of.get(image_id) if kept else None
    if kept is None or found is None:
        return None
    ground = np.full((_SIDE, _SIDE, 3), _GROUND, np.uint8) if pixels is None else pixels
    shown = blend_map(ground, found.values, _OPACITY)
    shown = outline(shown, _stretched(found.values, shown) >= kept.threshold)
    return shown if found.mask is None else outline(shown, _rounded(found.mask, shown), TRUE_COLOUR)


def legend() -> str:
    """What the lines and colours of `with_map` mean."""
    return t(
        "Violet over orange to yellow: more and more unlike good parts. White line: what the model outlines. Blue "
        "line: where the defect is, where that is known."
    )


def _rounded(mask: NDArray[np.bool_], over: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """A kept mask over a picture, about one of its places wider on every side.

    Stretched as it is, a scratch that runs slantwise through single places falls into a row of dots.
    """
    page = Image.fromarray((255 * mask).astype(np.uint8))
    soft = (np.asarray(page.filter(ImageFilter.GaussianBlur(1))) / 255).astype(np.float32)
    return np.asarray(_stretched(soft, over) >= _ROUND)


def _stretched(values: NDArray[np.float32], over: NDArray[np.uint8]) -> NDArray[np.float32]:
    size = (over.shape[1], over.shape[0])
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))
