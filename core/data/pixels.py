"""The one resize and the one test for grey, used alike for training and for answering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GREY_TOLERANCE = 12
"""Largest distance between colour channels, of 255, that JPEG rounding alone can cause in a grey picture."""


def squeeze(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize to a square, antialiased; the aspect ratio is not kept.

    Training and serving both call this function, so that a model never meets a differently resized picture.

    Args:
        pixels: Shape (H, W, 3), uint8.
        size: Side of the result in pixels.

    Returns:
        Shape (size, size, 3), uint8.
    """
    if pixels.shape[:2] == (size, size):
        return pixels
    # Pillow widens the triangle filter by the scale when it shrinks, which is what makes it antialiased.
    return np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR))


def is_grey(pixels: NDArray[np.uint8], tolerance: int = GREY_TOLERANCE, share: float = 0.01) -> bool:
    """Say whether a picture carries no colour worth keeping.

    A small share of the pixels may differ by more than `tolerance`, so that a coloured marker does not count.

    Args:
        pixels: Shape (H, W, 3), uint8.
        tolerance: Largest allowed distance between the channels of a pixel, of 255.
        share: Share of the pixels that may differ by more.
    """
    red, green, blue = (pixels[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return bool(np.count_nonzero(spread > tolerance) <= share * spread.size)
