"""Pictures of the simulated shop's goods: a drawing per kind of product, a colour and a pattern per style.

A drawing is text, a figure per line: its name, its colour, then numbers in a square of 100 x 100, x to the right and y
downwards. Figures are drawn in their order, with an outline unless a `~` follows the name:

* `oval` and `box`: left, top, right, bottom; a box may have a fifth number, the radius of its corners.
* `poly` and `blob`: the corners of a polygon, or points on a smooth closed curve.
* `line` and `bend`: a width, then points of a straight or smooth stroke with round ends.
* `ring`: a width, then left, top, right, bottom of an ellipse that is not filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from core.data.shop_drawings_hobbies import HOBBIES
from core.data.shop_drawings_indoors import INDOORS
from core.data.shop_drawings_outdoors import OUTDOORS

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]
SIDE = 256
_SCALE = 3
"""Drawn larger and then reduced, so that edges are smooth."""
_UNIT = SIDE * _SCALE / 100
_OUTLINE = 1.8
"""What a figure grows by on each side for its outline."""
_STEPS = 24
"""Straight pieces between two points of a curve."""
_GROUND = 0.80
"""How far the ground goes from the colour of the style towards white: pale, and no glare beside a dark page."""

DRAWINGS = INDOORS | OUTDOORS | HOBBIES
"""Kind of product -> its drawing."""
COLOURS: dict[str, Colour] = {
    "Everyday": (98, 140, 184),
    "Classic": (190, 78, 72),
    "Fresh": (88, 172, 124),
    "Retro": (228, 164, 58),
    "Premium": (124, 92, 166),
}
"""Style -> its colour, `main` of every drawing."""
_INK = (43, 50, 62)
_INKS: dict[str, Colour] = {
    "ink": _INK,
    "paper": (252, 250, 244),
    "steel": (196, 204, 212),
    "grey": (120, 130, 142),
    "wood": (214, 170, 118),
    "bark": (140, 98, 62),
    "brown": (104, 66, 42),
    "leaf": (104, 170, 78),
    "red": (216, 74, 66),
    "orange": (238, 142, 54),
    "yellow": (250, 212, 88),
    "blue": (138, 200, 232),
    "pink": (244, 178, 178),
}
"""Colours that are the same in every style."""
_GOLD = (240, 206, 120)


def picture_of(kind: str, style: str) -> NDArray[np.uint8]:
    """A picture of a product, (SIDE, SIDE, 3) RGB.

    Raises:
        KeyError: There is no such kind in `DRAWINGS`, or no such style in `COLOURS`.
    """
    canvas = _Canvas(style)
    for line in DRAWINGS[kind].strip().splitlines():
        figure, colour, *numbers = line.split()
        canvas.draw(figure.rstrip("~"), colour, [float(number) for number in numbers], not figure.endswith("~"))
    return canvas.finished()


class _Canvas:
    """A picture being drawn, and where on it the pattern of its style will be."""

    def __init__(self, style: str) -> None:
        main = COLOURS[style]
        self._style = style
        self._colours = _INKS | {"main": main, "dark": _towards(main, _INK, 0.35), "light": _towards(main, None, 0.45)}
        size = (SIDE * _SCALE, SIDE * _SCALE)
        self._image = Image.new("RGB", size, _towards(main, None, _GROUND))
        self._patterned = Image.new("L", size, 0)

    def draw(self, figure: str, colour: str, numbers: Sequence[float], outlined: bool) -> None:
        """Draw one figure over what is there; raises `KeyError` for a colour that does not exist."""
        fill = self._colours[colour]
        for image, ink in ((self._image, fill), (self._patterned, 255 if colour == "main" else 0)):
            pen = ImageDraw.Draw(image)
            if outlined:
                _figure(pen, figure, numbers, _INK if image.mode == "RGB" else 0, _OUTLINE)
            _figure(pen, figure, numbers, ink, 0)

    def finished(self) -> NDArray[np.uint8]:
        """The picture with its pattern, (SIDE, SIDE, 3)."""
        where = ImageChops.multiply(self._patterned, _pattern(self._style))
        main = self._colours["main"]
        accent = _GOLD if self._style == "Premium" else _towards(main, None, 0.3)
        self._image.paste(accent, mask=where)
        return np.asarray(self._image.reduce(_SCALE), np.uint8)


def _towards(colour: Colour, other: Colour | None, share: float) -> Colour:
    """A colour that lies so far on the way to another one, to a warm white without one."""
    mixed = [round(a + (b - a) * share) for a, b in zip(colour, other or (252, 250, 246), strict=True)]
    return mixed[0], mixed[1], mixed[2]


@cache
def _pattern(style: str) -> Image.Image:
    """Where the pattern of a style is, over the whole picture: bands, dots, stripes, a lattice, or nowhere."""
    y, x = np.mgrid[: SIDE * _SCALE, : SIDE * _SCALE] / _UNIT
    found = np.zeros(x.shape, bool)
    if style == "Classic":
        found = y % 9 < 2
    elif style == "Fresh":
        found = ((x + 4.5 * (y // 9 % 2)) % 9 - 4.5) ** 2 + (y % 9 - 4.5) ** 2 < 4
    elif style == "Retro":
        found = (x + y) % 12 < 5
    elif style == "Premium":
        found = ((x + y) % 13 < 1) | ((x - y) % 13 < 1)
    return Image.fromarray((found * 255).astype(np.uint8))


def _figure(pen: ImageDraw.ImageDraw, figure: str, numbers: Sequence[float], ink: Colour | int, grown: float) -> None:
    """One figure, larger by so much on each side."""
    if figure in ("line", "bend", "ring"):
        width, *rest = numbers
        points = _round(rest) if figure == "ring" else _pairs(rest)
        if figure == "bend":
            points = _smooth(points, closed=False)
        _stroke(pen, points, width + 2 * grown, ink)
    elif figure == "oval":
        left, top, right, bottom = numbers
        pen.ellipse(_scaled([(left - grown, top - grown), (right + grown, bottom + grown)]), fill=ink)
    elif figure == "box":
        left, top, right, bottom, *radius = numbers
        corners = _scaled([(left - grown, top - grown), (right + grown, bottom + grown)])
        pen.rounded_rectangle(corners, max(sum(radius) + grown, 0.4) * _UNIT, fill=ink)
    else:
        points = _pairs(numbers)
        if figure == "blob":
            points = _smooth(points, closed=True)
        pen.polygon(_scaled(points), fill=ink)
        if grown > 0:
            _stroke(pen, [*points, points[0]], 2 * grown, ink)


def _stroke(pen: ImageDraw.ImageDraw, points: Points, width: float, ink: Colour | int) -> None:
    pixels = max(round(width * _UNIT), 1)
    pen.line(_scaled(points), fill=ink, width=pixels)
    # Joints of the library's own are ragged where a curve bends sharply.
    for x, y in _scaled(points):
        pen.circle((x, y), (pixels - 1) / 2, fill=ink)


def _scaled(points: Points) -> Points:
    return [(x * _UNIT, y * _UNIT) for x, y in points]


def _pairs(numbers: Sequence[float]) -> Points:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _round(numbers: Sequence[float]) -> Points:
    """Points on an ellipse, from its box."""
    left, top, right, bottom = numbers
    angles = np.linspace(0, 2 * np.pi, 3 * _STEPS)
    x = (left + right) / 2 + (right - left) / 2 * np.cos(angles)
    y = (top + bottom) / 2 + (bottom - top) / 2 * np.sin(angles)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _smooth(points: Points, closed: bool) -> Points:
    """Points on a Catmull-Rom curve through all the given ones."""
    given = np.array(points)
    around = np.concatenate([given[-1:], given, given[:2]] if closed else [given[:1], given, given[-1:]])
    along = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    pieces = []
    for place in range(len(around) - 3):
        a, b, c, d = around[place : place + 4]
        pieces.append(
            b
            + along * (c - a) / 2
            + along**2 * (2 * a - 5 * b + 4 * c - d) / 2
            + along**3 * (3 * b - a - 3 * c + d) / 2
        )
    curve = np.concatenate([*pieces, around[-2:-1]])
    return [(float(x), float(y)) for x, y in curve]
