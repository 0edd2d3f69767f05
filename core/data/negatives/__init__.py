"""Pictures that are not the kind a model was trained on, made to a seed.

They teach and test the model's refusal. Most are grey, so that grey alone never passes for an X-ray.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.data.negatives import documents, scans, scenes, textures
from core.data.negatives.painter import Field, Painter, Textures

_PAINTERS = {**textures.FAMILIES, **scenes.FAMILIES, **documents.FAMILIES, **scans.FAMILIES}

FAMILIES: tuple[str, ...] = tuple(_PAINTERS)
"""Names of all families of pictures."""

GREY_SHARE = 0.7
"""Share of the pictures without colour."""


def negatives(
    n: int, size: int, seed: int, families: Sequence[str] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Paint `n` pictures, families in even turn.

    Picture `i` depends on `seed`, `size`, `i` and the families alone, not on `n`.

    Args:
        n: How many.
        size: Side in pixels.
        seed: The same seed gives the same pictures.
        families: Names out of `FAMILIES`; None takes all of them.

    Returns:
        Pixels of shape (n, size, size, 3), uint8, and the family of each, shape (n,).

    Raises:
        KeyError: A family is not known.
    """
    names = tuple(families) if families is not None else FAMILIES
    tiles = Textures(size, seed)
    pixels = np.empty((n, size, size, 3), np.uint8)
    kinds = np.array([names[i % len(names)] for i in range(n)], dtype=np.str_)
    for i, kind in enumerate(kinds):
        rng = np.random.default_rng([seed, i])
        painter = Painter(size, rng, tiles)
        _PAINTERS[str(kind)](painter)
        pixels[i] = _develop(painter.canvas, rng)
    return pixels, kinds


def _develop(canvas: Field, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn a canvas into a picture as cameras, scanners and mail leave it: grey or not, toned, grainy, compressed."""
    image = np.clip(canvas, 0, 1)
    if rng.random() < GREY_SHARE:
        image = np.repeat((image @ rng.dirichlet((3, 5, 2)).astype(np.float32))[..., None], 3, axis=-1)
    if rng.random() < 0.1:
        image = 1 - image
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.7:
        image = rng.uniform(0, 0.3) + image ** np.exp(rng.normal(0, 0.4)) * rng.uniform(0.4, 1.0)
    if rng.random() < 0.3:
        image = _zoom(image, rng)
    if rng.random() < 0.2:
        image = _blur(image, rng.uniform(0.003, 0.02) * len(image))
    if rng.random() < 0.4:
        image = image + rng.uniform(0.005, 0.06) * rng.standard_normal((*image.shape[:2], 1), dtype=np.float32)
    pixels = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.2:
        pixels = _compress(pixels, int(rng.integers(20, 90)))
    return pixels


def _blur(image: Field, radius: float) -> Field:
    """Out of focus by `radius` pixels."""
    sharp = Image.fromarray((image.clip(0, 1) * 255).astype(np.uint8))
    return np.asarray(sharp.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255


def _zoom(image: Field, rng: np.random.Generator) -> Field:
    """Cut out a part and enlarge it, which also blurs."""
    size = len(image)
    side = int(size * rng.uniform(0.5, 1.0))
    left, top = (int(v) for v in rng.integers(0, size - side + 1, 2))
    part = Image.fromarray((image[top : top + side, left : left + side].clip(0, 1) * 255).astype(np.uint8))
    return np.asarray(part.resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255


def _compress(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Once through JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))
