"""Pictures that visitors agreed to leave here, made anew from pixels, with the places that they marked."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.contracts import N_, ImageSample, Outline
from core.data.marked import as_text, from_text
from core.errors import StoreError
from core.intake.images import png_text, read_image
from core.store import kept

KEPT_SIDE = 1024
"""Longest side in pixels of a kept picture: more than any network here looks at, and a bound on the disk."""
_MARKED = "Marked"
"""Text chunk of a kept picture: copies for a run carry what was marked, and it goes when the file goes."""


def write(stored: str, pixels: NDArray[np.uint8], marked: Sequence[Outline] = ()) -> None:
    """Keep a picture (H, W, 3) as `stored` with what was marked on it; the bytes that were sent are never kept.

    Raises:
        StoreError: the disk is full or cannot be written; nothing is left.
    """
    grey = np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2])
    image = Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if grey else pixels)
    scale = KEPT_SIDE / max(image.size)
    if scale < 1:
        width, height = (math.ceil(side * scale) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    texts = PngInfo()
    if marked:
        texts.add_text(_MARKED, as_text(marked))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=texts)
    kept.write_bytes(stored, buffer.getvalue())


def read(stored: str) -> ImageSample:
    """A kept picture; raises `StoreError` when it is gone or damaged."""
    return _read(kept.read_bytes(stored), Path(stored).name)


def laid_out(folder: Path) -> Iterator[tuple[str, ImageSample]]:
    """Label and picture, named by its correction, of every one that a run was given below `folder`.

    In an order that does not depend on the disk.
    """
    for path in sorted(folder.glob("*/*.png")):
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # somebody takes the correction back just now
            continue
        yield path.parent.name, _read(data, path.stem)


def _read(data: bytes, name: str) -> ImageSample:
    sample = read_image(data, name)
    line = png_text(data, _MARKED)
    if not line:
        return sample
    try:
        return replace(sample, marked=from_text(line), removed_tags=())
    except (ValueError, TypeError) as error:
        raise StoreError(
            "corrections.marks", N_("What was marked on a kept image cannot be read."), N_("Delete that correction.")
        ) from error
