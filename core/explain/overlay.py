"""A heat map over its image as a picture file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from core.contracts import Heatmap

FOOTER_WIDTH = 640
_STOPS = np.linspace(0, 1, 6)
_INFERNO = np.array(
    [[40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [252, 255, 164]], dtype=np.float32
)
"""Violet over orange to yellow, as in matplotlib's map of this name, whose import would take a second."""


def blend(pixels: NDArray[np.uint8], heatmap: Heatmap, opacity: float = 0.5) -> NDArray[np.uint8]:
    """The image with the map over it, (H, W, 3) uint8; unimportant pixels stay as they are.

    Args:
        pixels: The image, (H, W, 3) uint8.
        heatmap: Of any size; enlarged to the image.
        opacity: Of the most important pixels, in [0, 1].
    """
    height, width = pixels.shape[:2]
    values = Image.fromarray(np.clip(heatmap.values, 0, 1).astype(np.float32))
    strength = np.clip(np.asarray(values.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)
    colour = np.stack([np.interp(strength, _STOPS, channel) for channel in _INFERNO.T], axis=-1)
    alpha = (opacity * np.sqrt(strength))[..., None]
    return np.asarray(np.clip(pixels * (1 - alpha) + colour * alpha, 0, 255), dtype=np.uint8)


def write_overlay(path: Path, pixels: NDArray[np.uint8], heatmap: Heatmap, footer: str) -> None:
    """Write the overlay as PNG, `footer` below the picture and in the file's metadata."""
    picture = Image.fromarray(blend(pixels, heatmap))
    picture = picture.resize((FOOTER_WIDTH, max(1, round(picture.height * FOOTER_WIDTH / picture.width))))
    font = ImageFont.load_default(13)
    words, lines = footer.split(), [""]
    for word in words:
        if font.getlength(f"{lines[-1]} {word}") > FOOTER_WIDTH - 16:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    page = Image.new("RGB", (FOOTER_WIDTH, picture.height + 18 * len(lines) + 10), "white")
    page.paste(picture, (0, 0))
    ImageDraw.Draw(page).multiline_text((8, picture.height + 4), "\n".join(lines), "black", font=font, spacing=4)
    info = PngInfo()
    info.add_text("Comment", footer)
    page.save(path, "PNG", pnginfo=info)
