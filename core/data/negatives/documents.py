"""Families made of print: pages, forms, receipts, handwriting, charts, screens, codes, maps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.data.negatives.painter import Painter

_LETTERS = "eeeeeettttaaaaooooiiinnnnsssrrrhhhlllddduucmfpgwybvkxjqz"
_SCALE = 2
"""Print is drawn this much larger than the picture and averaged down."""


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _words(p: Painter, count: int) -> str:
    lengths = p.rng.integers(1, 10, count)
    letters = p.rng.choice(list(_LETTERS), int(lengths.sum()))
    cuts = np.cumsum(lengths)[:-1]
    return " ".join("".join(word) for word in np.split(letters, cuts))


def _number(p: Painter) -> str:
    return f"{p.uniform(0, 10 ** p.integer(1, 5)):,.2f}"


class _Sheet:
    """Paper and ink; coordinates from 0 to 1."""

    def __init__(self, p: Painter) -> None:
        self.p, self.side = p, p.size * _SCALE
        self.image = Image.new("L", (self.side, self.side))
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, text: str, height: float) -> None:
        self.draw.text((x * self.side, y * self.side), text, 255, _font(max(5, round(height * self.side))))

    def line(self, points: list[tuple[float, float]], width: float = 0.004) -> None:
        scaled = [(x * self.side, y * self.side) for x, y in points]
        self.draw.line(scaled, 255, max(1, round(width * self.side)))

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: int | None = None) -> None:
        corners = [min(x0, x1) * self.side, min(y0, y1) * self.side, max(x0, x1) * self.side, max(y0, y1) * self.side]
        self.draw.rectangle(corners, fill=fill, outline=255 if fill is None else None)

    def print(self) -> None:
        """Put the ink on the canvas, dark on light or the reverse, at times askew."""
        p = self.p
        if p.rng.random() < 0.4:
            self.image = self.image.rotate(p.uniform(-12, 12), Image.Resampling.BILINEAR)
        paper, ink = p.colour(0.75, 1), p.colour(0, 0.35)
        if p.rng.random() < 0.25:
            paper, ink = ink, paper
        p.roughness = float(p.rng.choice([0, 0, 0.02, 0.05]))
        p.wash(paper, np.clip(paper + p.uniform(-0.1, 0.1), 0, 1))
        p.fill(np.asarray(self.image.reduce(_SCALE), np.float32) / 255, ink, 0)


def page(p: Painter) -> None:
    """Running text at any size, with headings, columns and paragraphs."""
    sheet, height = _Sheet(p), float(np.exp(p.uniform(np.log(0.02), np.log(0.12))))
    columns = 1 if height > 0.05 else p.integer(1, 4)
    margin = p.uniform(0, 0.12)
    for column in range(columns):
        left, y = margin + column * (1 - 2 * margin) / columns, margin
        while y < 1 - margin:
            if p.rng.random() < 0.08:
                sheet.text(left, y, _words(p, 2).title(), height * 1.6)
                y += 2.2 * height
            fit = (1 - 2 * margin) / columns / (height * 0.55) / 5.5
            sheet.text(left, y, _words(p, max(1, int(fit * (0.5 if p.rng.random() < 0.15 else 0.95)))), height)
            y += height * (2.4 if p.rng.random() < 0.12 else 1.3)
    sheet.print()


def form(p: Painter) -> None:
    """Boxes and dotted lines with labels, some ticked, or a ruled table of numbers."""
    sheet, rows = _Sheet(p), p.integer(4, 16)
    step = 0.9 / rows
    sheet.text(0.06, 0.02, _words(p, 3).title(), 0.05)
    table, columns = p.rng.random() < 0.5, p.integer(2, 6)
    for row in range(rows):
        y = 0.1 + row * step
        if table:
            for column in range(columns):
                left = 0.05 + 0.9 * column / columns
                sheet.box(left, y, left + 0.9 / columns, y + step)
                sheet.text(left + 0.01, y + 0.1 * step, _number(p) if row and column else _words(p, 1), step * 0.5)
        else:
            sheet.text(0.05, y, _words(p, 2), min(step * 0.5, 0.05))
            sheet.box(0.45, y, 0.5 if p.rng.random() < 0.3 else 0.95, y + 0.7 * step)
            if p.rng.random() < 0.5:
                sheet.text(0.47, y, _words(p, 2), min(step * 0.5, 0.05))
    sheet.print()


def receipt(p: Painter) -> None:
    """A narrow slip on a darker ground with items and prices."""
    sheet, left, right = _Sheet(p), p.uniform(0.05, 0.3), p.uniform(0.65, 0.95)
    height, y = p.uniform(0.025, 0.05), 0.05
    sheet.text(left + 0.05, y, _words(p, 2).upper(), height * 1.4)
    while y < 0.9:
        y += height * 1.4
        sheet.text(left + 0.02, y, _words(p, 1), height)
        sheet.text(right - 0.2, y, _number(p), height)
        if p.rng.random() < 0.1:
            sheet.line([(left, y), (right, y)])
    sheet.print()
    dark = p.colour(0, 0.6)
    p.box(0, 0, left, 1, dark)
    p.box(right, 0, 1, 1, dark)


def handwriting(p: Painter) -> None:
    """Loops and strokes in rows, on plain or ruled paper."""
    sheet, rows, slant = _Sheet(p), p.integer(2, 14), p.uniform(-0.4, 0.8)
    width, ruled = p.uniform(0.003, 0.015), p.rng.random() < 0.5
    for row in range(rows):
        base, tall = (row + 0.7) / rows, 0.35 / rows
        if ruled:
            sheet.line([(0, base), (1, base)], 0.002)
        x = p.uniform(0.03, 0.15)
        while x < 0.9:
            steps = np.linspace(0, p.uniform(0.05, 0.2), p.integer(14, 30))
            turn = np.cumsum(p.rng.uniform(0.2, 1.6, steps.size))
            up = tall * (np.sin(turn) * p.rng.uniform(0.3, 1.3, steps.size))
            sheet.line([(x + s + slant * u, base - u) for s, u in zip(steps, up, strict=True)], width)
            x += float(steps[-1]) + p.uniform(0.02, 0.06)
    sheet.print()


def letters(p: Painter) -> None:
    """A few very large letters or digits, as on signs and plates."""
    sheet, height = _Sheet(p), p.uniform(0.2, 0.8)
    text = "".join(p.rng.choice(list("ABCDEFGHKLMNPRSTUVWXYZ0123456789abcdeghkmnpqrstxyz?&@"), p.integer(1, 5)))
    sheet.text(p.uniform(0, 0.3), p.uniform(0, 0.4), text, height)
    if p.rng.random() < 0.5:
        sheet.text(0.05, 0.85, _words(p, 3), 0.08)
    sheet.print()


def chart(p: Painter) -> None:
    """Axes with lines, bars, dots or a pie."""
    sheet, kind, n = _Sheet(p), p.integer(0, 4), p.integer(4, 30)
    values = np.clip(0.5 + 0.15 * np.cumsum(p.rng.standard_normal(n)), 0.05, 0.95)
    xs, ys = np.linspace(0.15, 0.92, n), 0.88 - 0.75 * values
    if kind < 3:
        sheet.line([(0.12, 0.08), (0.12, 0.9), (0.95, 0.9)])
        for tick in np.linspace(0.1, 0.9, p.integer(3, 9)):
            sheet.text(0.01, tick - 0.02, f"{10 * tick:.1f}", 0.04)
            sheet.line([(0.12, tick), (0.95 if p.rng.random() < 0.5 else 0.14, tick)], 0.002)
    if kind == 0:
        sheet.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), p.uniform(0.004, 0.02))
    elif kind == 1:
        for x, y in zip(xs, ys, strict=True):
            sheet.box(x, y, x + 0.5 / n, 0.9, fill=p.integer(100, 256))
    elif kind == 2:
        for x, y in zip(xs, p.rng.permutation(ys), strict=True):
            sheet.box(x, y, x + 0.02, y + 0.02, fill=p.integer(150, 256))
    else:
        angles = np.cumsum(p.rng.dirichlet(np.ones(5))) * 360
        for start, end in zip(np.r_[0, angles[:-1]], angles, strict=True):
            corners = [0.15 * sheet.side, 0.15 * sheet.side, 0.85 * sheet.side, 0.85 * sheet.side]
            sheet.draw.pieslice(corners, start, end, fill=p.integer(30, 256))
    sheet.text(0.3, 0.01, _words(p, 3).title(), 0.05)
    sheet.print()


def screen(p: Painter) -> None:
    """A program window: bars, panels, buttons, lists."""
    dark = p.rng.random() < 0.4
    shade = (0.05, 0.3) if dark else (0.75, 1.0)
    p.roughness = 0.0
    p.canvas[:] = p.colour(*shade)
    p.box(0, 0, 1, p.uniform(0.04, 0.12), p.colour(0.1, 0.7))
    split = p.uniform(0.15, 0.4)
    p.box(0, 0.1, split, 1, p.colour(*shade))
    for _ in range(p.integer(2, 9)):
        x, y = p.uniform(split, 0.9), p.uniform(0.12, 0.9)
        p.box(x, y, x + p.uniform(0.05, 0.3), y + p.uniform(0.03, 0.3), p.colour())
    sheet = _Sheet(p)
    for y in np.arange(0.13, 0.95, p.uniform(0.05, 0.1)):
        sheet.text(0.02, float(y), _words(p, 1), 0.04)
        sheet.text(split + 0.03, float(y), _words(p, p.integer(2, 6)), 0.035)
    p.fill(np.asarray(sheet.image.reduce(_SCALE), np.float32) / 255, p.colour(0.7, 1) if dark else p.colour(0, 0.3), 0)


def code(p: Painter) -> None:
    """A bar code or a square code with its corner marks."""
    p.canvas[:] = p.colour(0.8, 1)
    if p.rng.random() < 0.5:
        n = p.integer(12, 40)
        bits = (p.rng.random((n, n)) < 0.5).astype(np.float32)
        for rows, columns in (
            (slice(0, 7), slice(0, 7)),
            (slice(0, 7), slice(n - 7, n)),
            (slice(n - 7, n), slice(0, 7)),
        ):
            bits[rows, columns] = np.pad(np.pad(np.ones((3, 3)), 1), 1, constant_values=1)
    else:
        bits = np.repeat((p.rng.random((1, p.integer(20, 70))) < 0.5).astype(np.float32), 8, axis=0)
    side, left, top = int(p.size * p.uniform(0.5, 0.95)), p.uniform(0, 0.05), p.uniform(0, 0.05)
    ink = np.asarray(Image.fromarray((255 * bits).astype(np.uint8)).resize((side, side), Image.Resampling.NEAREST))
    y, x = int(top * p.size), int(left * p.size)
    mask = np.zeros((p.size, p.size), np.float32)
    mask[y : y + side, x : x + side] = ink[: p.size - y, : p.size - x] / 255
    p.fill(mask, p.colour(0, 0.2), 0)


def drawing(p: Painter) -> None:
    """A street map, floor plan or line sketch."""
    p.wash(p.colour(0.7, 1), p.colour(0.7, 1))
    straight = p.rng.random() < 0.5
    for _ in range(p.integer(5, 30)):
        start = p.rng.random(2)
        steps = p.rng.normal(0, 0.15, (p.integer(2, 9), 2))
        if straight:
            steps[np.arange(len(steps)), p.rng.integers(0, 2, len(steps))] = 0
        path = np.vstack([start, start + np.cumsum(steps, axis=0)])
        p.line([(float(x), float(y)) for x, y in path], p.uniform(0.003, 0.03), p.colour(0, 0.7))


FAMILIES = {
    function.__name__: function
    for function in (page, form, receipt, handwriting, letters, chart, screen, code, drawing)
}
"""Family name to the function that paints one picture of it."""
