"""Pictures of the simulated shop's goods, drawn from plain figures: a shape per category, a colour per style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Points = tuple[float, ...]
SIDE = 128
_SCALE = 4
"""Drawn larger and then reduced, so that edges are smooth."""
_DARK = 0.62

COLOURS: dict[str, tuple[int, int, int]] = {
    "Plain": (154, 164, 178),
    "Oak": (176, 128, 80),
    "Nordic": (96, 148, 188),
    "Retro": (190, 108, 88),
    "Bold": (120, 96, 190),
}
"""Style -> its colour."""
_GROUND = (246, 244, 240)
SHAPES: dict[str, tuple[tuple[str, Points, bool], ...]] = {
    "cup": (
        ("ellipse", (22, 30, 78, 86), False),
        ("arc", (68, 42, 92, 70), True),
        ("polygon", (30, 20, 70, 20, 62, 32, 38, 32), True),
    ),
    "mug": (
        ("polygon", (26, 24, 70, 24, 66, 82, 30, 82), False),
        ("arc", (60, 36, 88, 68), True),
        ("line", (26, 34, 70, 34), True),
    ),
    "bowl": (
        ("pie", (16, 4, 84, 84), False),
        ("line", (12, 44, 88, 44), True),
        ("line", (56, 10, 72, 44), True),
    ),
    "plant": (
        ("polygon", (34, 58, 66, 58, 60, 86, 40, 86), True),
        ("ellipse", (22, 20, 50, 58), False),
        ("ellipse", (50, 14, 78, 58), False),
    ),
    "shoe": (
        ("polygon", (14, 40, 40, 40, 58, 56, 86, 62, 86, 74, 14, 74), False),
        ("line", (14, 78, 88, 78), True),
        ("line", (40, 44, 52, 56), True),
    ),
    "tent": (
        ("polygon", (50, 18, 90, 82, 10, 82), False),
        ("polygon", (50, 40, 62, 82, 38, 82), True),
    ),
    "book": (
        ("polygon", (16, 26, 48, 34, 48, 82, 16, 74), False),
        ("polygon", (84, 26, 52, 34, 52, 82, 84, 74), True),
    ),
    "pencil": (
        ("polygon", (66, 14, 84, 32, 40, 76, 22, 58), False),
        ("polygon", (22, 58, 40, 76, 14, 84), True),
    ),
    "note": (
        ("ellipse", (22, 60, 46, 82), False),
        ("ellipse", (58, 52, 82, 74), False),
        ("line", (45, 70, 45, 24), True),
        ("line", (81, 62, 81, 16), True),
        ("line", (45, 24, 81, 16), True),
    ),
    "lamp": (
        ("polygon", (36, 16, 64, 16, 80, 48, 20, 48), False),
        ("line", (50, 48, 50, 78), True),
        ("line", (32, 82, 68, 82), True),
    ),
    "paw": (
        ("ellipse", (32, 48, 68, 84), False),
        ("ellipse", (16, 34, 32, 52), True),
        ("ellipse", (34, 18, 49, 38), True),
        ("ellipse", (52, 18, 67, 38), True),
        ("ellipse", (69, 34, 85, 52), True),
    ),
    "blocks": (
        ("polygon", (14, 50, 48, 50, 48, 84, 14, 84), False),
        ("polygon", (52, 50, 86, 50, 86, 84, 52, 84), True),
        ("polygon", (33, 14, 67, 14, 67, 46, 33, 46), False),
    ),
}
"""Shape -> figures in a square of 100 x 100, each in the colour of the style or, where marked, in a darker one."""


def picture_of(shape: str, style: str, mark: int = 0) -> NDArray[np.uint8]:
    """A picture of a product, (SIDE, SIDE, 3) RGB.

    Args:
        shape: Key of `SHAPES`.
        style: Key of `COLOURS`.
        mark: Number of the kind within its category, shown as so many dots, to tell products apart.
    """
    image = Image.new("RGB", (SIDE * _SCALE, SIDE * _SCALE), _GROUND)
    drawing, colour = ImageDraw.Draw(image), COLOURS[style]
    dark = (round(colour[0] * _DARK), round(colour[1] * _DARK), round(colour[2] * _DARK))
    for figure, points, darker in SHAPES[shape]:
        _draw(drawing, figure, [point * SIDE * _SCALE / 100 for point in points], dark if darker else colour)
    for dot in range(mark):
        left = (8 + 7 * dot) * SIDE * _SCALE / 100
        top, size = 92 * SIDE * _SCALE / 100, 4 * SIDE * _SCALE / 100
        drawing.ellipse((left, top, left + size, top + size), fill=dark)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.uint8)


def _draw(drawing: ImageDraw.ImageDraw, figure: str, points: Sequence[float], colour: tuple[int, int, int]) -> None:
    width = 5 * SIDE * _SCALE // 100
    if figure == "polygon":
        drawing.polygon(points, fill=colour)
    elif figure == "ellipse":
        drawing.ellipse(points, fill=colour)
    elif figure == "line":
        drawing.line(points, fill=colour, width=width)
    elif figure == "arc":
        drawing.arc(points, -90, 90, fill=colour, width=width)
    else:
        drawing.pieslice(points, 0, 180, fill=colour)
