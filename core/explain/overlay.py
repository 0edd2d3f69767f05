"""A heat map over its image as a picture file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from core.contracts import Heatmap

FOOTER_WIDTH = 640


def blend(pixels: NDArray[np.uint8], heatmap: Heatmap, opacity: float = 0.5) -> NDArray[np.uint8]:
    """The image with the map over it, (H, W, 3) uint8; unimportant pixels stay as they are.

    Args:
        pixels: The image, (H, W, 3) uint8.
        heatmap: Of any size; enlarged to the image.
        opacity: Of the most important pixels, in [0, 1].
    """
    height, width = pixels.shape[:2]
    scaled = Image.fromarray(np.uint8(heatmap.values * 255)).resize((width, height), Image.Resampling.BICUBIC)
    strength = np.asarray(scaled, np.float32) / 255
    colour = colormaps["inferno"](strength)[..., :3] * 255
    alpha = (opacity * strength)[..., None]
    return np.clip(pixels * (1 - alpha) + colour * alpha, 0, 255).astype(np.uint8)


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
