"""A heat map over its image as a picture file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.PngImagePlugin import PngInfo

from core.contracts import AnomalyPrediction, Heatmap

FOOTER_WIDTH = 640
_CLEAR, _FULL = 0.3, 0.8
"""Values of a map of a part that are left as they are, and that are drawn strongest; its limit lies between, at 0.5."""
_LINE, _HALO = (255, 255, 255), (20, 20, 20)
"""Outlines are white in a dark border, so that they show on every map and to every eye."""
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


def blend_part(pixels: NDArray[np.uint8], found: AnomalyPrediction, opacity: float = 0.5) -> NDArray[np.uint8]:
    """As `blend` for the map of a part, on one scale for all parts; what good parts show too stays as it is."""
    shown = np.clip((found.anomaly_map - _CLEAR) / (_FULL - _CLEAR), 0, 1).astype(np.float32)
    return blend(pixels, Heatmap(shown, "anomaly_map", found.labels[1]), opacity)


def outline_regions(picture: NDArray[np.uint8], found: AnomalyPrediction) -> NDArray[np.uint8]:
    """The picture (H, W, 3) uint8 with the regions of an answer outlined and numbered from 1, in their order."""
    height, width = picture.shape[:2]
    values = Image.fromarray(found.anomaly_map.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    boxes = np.zeros((height, width), bool)
    corners = []
    for region in found.regions:
        left, right = int(region.left * width), math.ceil(region.right * width)
        top, bottom = int(region.top * height), math.ceil(region.bottom * height)
        boxes[top:bottom, left:right] = True
        corners.append((left, top))
    inside = Image.fromarray(((np.asarray(values) >= found.map_threshold) & boxes).astype(np.uint8) * 255)
    line, halo = (np.asarray(inside.filter(ImageFilter.MaxFilter(side))) > 0 for side in (3, 5))
    inner = np.asarray(inside) > 0
    drawn = picture.copy()
    drawn[halo & ~inner] = _HALO
    drawn[line & ~inner] = _LINE
    page = Image.fromarray(drawn)
    _write_numbers(page, corners)
    return np.asarray(page)


def _write_numbers(page: Image.Image, corners: Sequence[tuple[int, int]]) -> None:
    """A number at the upper left corner of each region, inside the picture."""
    draw, size = ImageDraw.Draw(page), max(11, page.height // 32)
    font = ImageFont.load_default(size)
    for number, (left, top) in enumerate(corners, start=1):
        place = (min(max(left, 2), page.width - 2 * size), max(top - size - 4, 0))
        draw.text(place, str(number), _LINE, font=font, stroke_width=2, stroke_fill=_HALO)


def write_overlay(
    path: Path, pixels: NDArray[np.uint8], heatmap: Heatmap, footer: str, found: AnomalyPrediction | None = None
) -> None:
    """Write the overlay as PNG, `footer` below the picture and in the file's metadata.

    Args:
        path: The file.
        pixels: The image, (H, W, 3) uint8.
        heatmap: What is laid over it.
        footer: A sentence.
        found: Whose regions are outlined and numbered as well.
    """
    picture = Image.fromarray(blend(pixels, heatmap) if found is None else blend_part(pixels, found))
    picture = picture.resize((FOOTER_WIDTH, max(1, round(picture.height * FOOTER_WIDTH / picture.width))))
    if found is not None:
        picture = Image.fromarray(outline_regions(np.asarray(picture), found))
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
