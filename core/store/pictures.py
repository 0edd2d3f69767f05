"""Pictures that visitors agreed to leave here, made anew from pixels."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.contracts import ImageSample
from core.intake.images import read_image
from core.store import kept

KEPT_SIDE = 1024
"""Longest side in pixels of a kept picture: more than any network here looks at, and a bound on the disk."""


def write(stored: str, pixels: NDArray[np.uint8]) -> None:
    """Keep a picture (H, W, 3) as `stored`; the bytes that were sent are never kept.

    Raises:
        StoreError: the disk is full or cannot be written; nothing is left.
    """
    grey = np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2])
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if grey else pixels)
    scale = KEPT_SIDE / max(image.size)
    if scale < 1:
        width, height = (math.ceil(side * scale) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    kept.write_bytes(stored, buffer.getvalue())


def read(stored: str) -> ImageSample:
    """A kept picture; raises `StoreError` when it is gone."""
    return read_image(kept.read_bytes(stored), Path(stored).name)
