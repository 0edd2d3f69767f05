"""A heat map over its image as a picture file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
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
_COLOURS = np.stack([np.interp(np.linspace(0, 1, 256), _STOPS, one) for one in _INFERNO.T], axis=1).astype(np.float32)
"""The same in 256 steps, to be looked up."""


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
    colour = _COLOURS[(255 * strength).astype(np.uint8)]
    alpha = (opacity * np.sqrt(strength))[..., None]
    return np.asarray(np.clip(pixels * (1 - alpha) + colour * alpha, 0, 255), dtype=np.uint8)


def blend_part(pixels: NDArray[np.uint8], found: AnomalyPrediction, opacity: float = 0.5) -> NDArray[np.uint8]:
    """As `blend` for the map of a part, on one scale for all parts; what good parts show too stays as it is."""
    return blend_map(pixels, found.anomaly_map, opacity)


def blend_map(pixels: NDArray[np.uint8], values: NDArray[np.float32], opacity: float = 0.5) -> NDArray[np.uint8]:
    """`blend_part` with the map alone, (S, S) in [0, 1]."""
    shown = np.clip((values - _CLEAR) / (_FULL - _CLEAR), 0, 1).astype(np.float32)
    return blend(pixels, Heatmap(shown, "anomaly_map", ""), opacity)


def outline_regions(picture: NDArray[np.uint8], found: AnomalyPrediction) -> NDArray[np.uint8]:
    """The picture (H, W, 3) uint8 with the regions of an answer outlined and numbered from 1, in their order."""
    height, width = picture.shape[:2]
    values = Image.fromarray(found.anomaly_map.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    inside = np.asarray(values) >= found.map_threshold
    boxes = np.zeros((height, width), bool)
    anchors = []
    for region in found.regions:
        left, right = int(region.left * width), math.ceil(region.right * width)
        top, bottom = int(region.top * height), math.ceil(region.bottom * height)
        boxes[top:bottom, left:right] = True
        anchors.append(_top_of(inside[top:bottom, left:right], left, top))
    page = Image.fromarray(outline(picture, inside & boxes))
    _write_numbers(page, anchors)
    return np.asarray(page)


def _top_of(inside: NDArray[np.bool_], left: int, top: int) -> tuple[int, int]:
    """The middle of the uppermost row of what is `inside` a box, as x and y in the picture."""
    if not inside.any():
        return left, top
    row = int(inside.any(axis=1).argmax())
    return left + int(np.median(np.flatnonzero(inside[row]))), top + row


def outline(
    picture: NDArray[np.uint8], inside: NDArray[np.bool_], colour: tuple[int, int, int] = _LINE
) -> NDArray[np.uint8]:
    """The picture (H, W, 3) uint8 with a line of this colour, in a dark border, round what is `inside` (H, W)."""
    line = _grown(inside, 1 + round(max(inside.shape) / 400))
    drawn = picture.copy()
    drawn[_grown(line, 1) & ~inside] = _HALO
    drawn[line & ~inside] = colour
    return drawn


def _grown(inside: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """What lies inside or at most so many pixels away, along rows, columns or both."""
    grown = inside.copy()
    for step in range(1, by + 1):
        grown[step:] |= inside[:-step]
        grown[:-step] |= inside[step:]
    rows = grown.copy()
    for step in range(1, by + 1):
        grown[:, step:] |= rows[:, :-step]
        grown[:, :-step] |= rows[:, step:]
    return grown


def _write_numbers(page: Image.Image, anchors: Sequence[tuple[int, int]]) -> None:
    """A number on a dark disc at the upper edge of each outline, inside the picture; one beside the other."""
    draw, size = ImageDraw.Draw(page), max(11, page.height // 24)
    font, reach = ImageFont.load_default(size), 0.75 * size
    taken: list[tuple[float, float]] = []
    for number, (across, down) in enumerate(anchors, start=1):
        place = _inside(across, page.width, reach), _inside(down - reach, page.height, reach)
        while any(math.dist(place, other) < 2 * reach for other in taken) and place[0] + 3 * reach < page.width:
            place = (place[0] + 2 * reach, place[1])
        taken.append(place)
        draw.circle(place, reach, fill=_HALO, outline=_LINE)
        draw.text(place, str(number), _LINE, font=font, anchor="mm")


def _inside(place: float, side: int, reach: float) -> float:
    """The centre of a disc, moved as little as needed to lie inside a picture of this width or height."""
    return min(max(place, reach + 1), max(side - reach - 2, reach + 1))


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
