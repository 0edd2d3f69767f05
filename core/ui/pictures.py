"""Pictures as the bytes a browser gets, made once: decoding and encoding anew would be most of the cost of a run."""

from __future__ import annotations

import io
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from core.intake.images import read_image

THUMBNAIL_SIDE = 360
"""Longest side in pixels of a sample on a page: twice its place there, for dense screens."""
_QUALITY = 88
_KEPT = 8


@lru_cache(maxsize=128)
def thumbnail(path: Path) -> bytes:
    """A picture that ships with the program, as a JPEG no larger than `THUMBNAIL_SIDE`. Never for what a visitor sent.

    Raises:
        InputRefused: `path` is no picture.
    """
    small = Image.fromarray(read_image(path.read_bytes(), path.name).pixels)
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return jpeg(small)


def kept_picture(
    slug: str, key: tuple[Hashable, ...], draw: Callable[[], NDArray[np.uint8]], source: object = None
) -> bytes:
    """The picture that `draw` makes, (H, W, 3), as a JPEG; the latest few of a session are kept in it and nowhere else.

    Args:
        slug: Sector.
        key: What the picture depends on.
        draw: Called when there is no picture for `key`.
        source: An object without a key of its own that the picture depends on too; another object means another
            picture, and this one is held as long as the picture is.
    """
    kept: dict[tuple[Hashable, ...], tuple[object, bytes]] = st.session_state.setdefault(f"{slug}.pictures", {})
    if key not in kept or kept[key][0] is not source:
        kept[key] = (source, jpeg(Image.fromarray(draw())))
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
    return kept[key][1]


def show_picture(data: bytes, alt: str, **options: Any) -> None:
    """Draw a JPEG as it is; `options` as for `st.image`."""
    st.image(data, alt=alt, output_format="JPEG", **options)


def jpeg(image: Image.Image) -> bytes:
    """A picture as the browser gets it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()
