"""Families with objects: animals, faces, houses, cars, still lifes, plants, rooms, people."""

from __future__ import annotations

import numpy as np

from core.data.negatives import textures
from core.data.negatives.painter import Painter, ring


def _ground(p: Painter) -> None:
    """Something to stand before: a plain wash, leaves, grass, sky or a pattern."""
    if p.rng.random() < 0.5:
        p.wash(p.colour(), p.colour())
    else:
        choices = (textures.leaves, textures.sky, textures.grain, textures.landscape, textures.coloured_noise)
        choices[p.integer(0, len(choices))](p)


def animal(p: Painter) -> None:
    """A cat-, dog-, rabbit- or bear-like head, at times with its body."""
    _ground(p)
    p.roughness = max(p.roughness, float(p.rng.choice([0.0, 0.15])))
    x, y, r = p.uniform(0.35, 0.65), p.uniform(0.35, 0.65), p.uniform(0.15, 0.4)
    coat, dark = p.colour(0.1, 0.95), p.colour(0, 0.25)
    if p.rng.random() < 0.5:
        p.ellipse((x + p.uniform(-0.2, 0.2), y + 1.5 * r), (r * 1.2, r * 1.4), coat * 0.9)
        p.line([(x + r, y + 2 * r), (x + 2 * r, y + r), (x + 2.2 * r, y)], 0.2 * r, coat * 0.85)
    ear_length, ear_width, droop = p.uniform(0.4, 1.4), p.uniform(0.2, 0.5), p.rng.random() < 0.3
    for side in (-1, 1):
        base, tip = x + side * 0.6 * r, x + side * (1.3 if droop else 0.8) * r
        top = y + 0.4 * r if droop else y - (0.7 + ear_length) * r
        points = [(base - ear_width * r, y - 0.5 * r), (tip, top), (base + ear_width * r, y - 0.5 * r)]
        p.polygon(points, coat * p.uniform(0.6, 1))
    p.polygon(ring((x, y), (r, r * p.uniform(0.8, 1.1)), 0, p.uniform(0, 0.03)), coat)
    p.ellipse((x, y + 0.45 * r), (0.45 * r, 0.35 * r), np.clip(coat * 1.3, 0, 1))
    for side in (-1, 1):
        p.ellipse((x + side * 0.4 * r, y - 0.1 * r), (0.18 * r, 0.2 * r), p.colour(0.5, 1))
        p.ellipse((x + side * 0.4 * r, y - 0.1 * r), (0.07 * r, 0.18 * r), dark)
        for tilt in (-0.15, 0, 0.15):
            p.line([(x + side * 0.2 * r, y + 0.4 * r), (x + side * 1.2 * r, y + (0.4 + tilt) * r)], 0.006, dark)
    p.polygon([(x - 0.12 * r, y + 0.25 * r), (x + 0.12 * r, y + 0.25 * r), (x, y + 0.4 * r)], dark)
    p.line([(x - 0.2 * r, y + 0.6 * r), (x, y + 0.5 * r), (x + 0.2 * r, y + 0.6 * r)], 0.01, dark)


def creature(p: Painter) -> None:
    """A four-legged, winged or finned body seen from the side."""
    _ground(p)
    coat, y, r = p.colour(0.1, 0.9), p.uniform(0.4, 0.6), p.uniform(0.15, 0.28)
    x, kind = p.uniform(0.4, 0.6), p.integer(0, 3)
    if kind == 0:
        for leg in (-0.8, -0.5, 0.5, 0.8):
            p.line([(x + leg * r * 1.4, y), (x + leg * r * 1.5, y + 1.8 * r)], 0.22 * r, coat * 0.8)
    elif kind == 1:
        p.polygon([(x - 0.5 * r, y), (x - 2 * r, y - 2 * r), (x + 0.6 * r, y)], coat * 0.8)
        p.polygon([(x + 0.5 * r, y), (x + 2 * r, y - 2 * r), (x - 0.6 * r, y)], coat * 0.7)
    else:
        p.polygon([(x - 1.2 * r, y), (x - 2.2 * r, y - 0.7 * r), (x - 2.2 * r, y + 0.7 * r)], coat * 0.8)
    p.polygon(ring((x, y), (1.5 * r, r * p.uniform(0.5, 0.9)), p.uniform(-0.2, 0.2), 0.02), coat)
    p.ellipse((x + 1.5 * r, y - 0.5 * r), (0.5 * r, 0.45 * r), coat)
    p.ellipse((x + 1.6 * r, y - 0.6 * r), (0.08 * r, 0.08 * r), p.colour(0, 0.2))
    for _ in range(p.integer(0, 12)):
        p.ellipse(
            (x + p.uniform(-r, r), y + p.uniform(-0.4, 0.4) * r), (0.15 * r, 0.12 * r), coat * p.uniform(0.3, 0.7)
        )


def face(p: Painter) -> None:
    """A person's head and shoulders."""
    _ground(p)
    x, y, r = p.uniform(0.4, 0.6), p.uniform(0.35, 0.5), p.uniform(0.16, 0.3)
    skin, hair, dark = p.colour(0.25, 0.9), p.colour(0, 0.7), p.colour(0, 0.2)
    p.ellipse((x, y + 2.6 * r), (1.9 * r, 1.3 * r), p.colour())
    p.box(x - 0.4 * r, y + 0.8 * r, x + 0.4 * r, y + 1.5 * r, skin * 0.85)
    p.polygon(ring((x, y - 0.2 * r), (1.05 * r, 1.25 * r), 0, p.uniform(0, 0.05), p.uniform(0, 6)), hair)
    p.ellipse((x, y), (0.85 * r, 1.1 * r), skin)
    p.glow((x - 0.3 * r, y), (0.5 * r, 0.7 * r), np.full(3, 0.1, np.float32))
    for side in (-1, 1):
        p.ellipse((x + side * 0.35 * r, y - 0.15 * r), (0.16 * r, 0.09 * r), np.full(3, 0.95, np.float32))
        p.ellipse((x + side * 0.35 * r, y - 0.15 * r), (0.07 * r, 0.08 * r), dark)
        p.line([(x + side * 0.15 * r, y - 0.35 * r), (x + side * 0.55 * r, y - 0.38 * r)], 0.06 * r, hair)
    p.line([(x, y - 0.1 * r), (x - 0.08 * r, y + 0.25 * r), (x + 0.05 * r, y + 0.27 * r)], 0.03 * r, skin * 0.6)
    p.ellipse((x, y + 0.6 * r), (0.28 * r, p.uniform(0.04, 0.12) * r), p.colour(0.2, 0.5))


def house(p: Painter) -> None:
    """Buildings with roofs, doors and rows of windows."""
    textures.sky(p)
    horizon = p.uniform(0.6, 0.85)
    p.box(0, horizon, 1, 1, p.colour(0.1, 0.6))
    for _ in range(p.integer(1, 5)):
        left, width, height = p.uniform(-0.1, 0.7), p.uniform(0.2, 0.5), p.uniform(0.2, 0.6)
        wall, pane, top = p.colour(0.2, 0.95), p.colour(0, 1), horizon - height
        p.box(left, top, left + width, horizon, wall)
        if p.rng.random() < 0.6:
            roof = [(left - 0.03, top), (left + width / 2, top - 0.5 * width), (left + width + 0.03, top)]
            p.polygon(roof, p.colour(0.1, 0.6))
        columns, rows = p.integer(1, 5), p.integer(1, 5)
        for column in range(columns):
            for row in range(rows):
                x, y = left + width * (column + 0.25) / columns, top + height * (row + 0.25) / rows
                p.box(x, y, x + 0.5 * width / columns, y + 0.5 * height / rows, pane)


def car(p: Painter) -> None:
    """A car, bus or train on a road."""
    textures.landscape(p) if p.rng.random() < 0.5 else textures.sky(p)
    road, scale, x = p.uniform(0.6, 0.8), p.uniform(0.25, 0.45), p.uniform(0.4, 0.6)
    p.box(0, road, 1, 1, p.colour(0.1, 0.5))
    p.line([(0, road + 0.12), (1, road + 0.12)], 0.01, p.colour(0.6, 1))
    paint, glass, high = p.colour(), p.colour(0.3, 0.9), p.uniform(0.3, 0.6) * scale
    roof = road - high - p.uniform(0.3, 0.7) * scale
    p.polygon(
        [
            (x - 0.6 * scale, road - high),
            (x - 0.4 * scale, roof),
            (x + 0.4 * scale, roof),
            (x + 0.7 * scale, road - high),
        ],
        paint,
    )
    p.box(x - scale, road - high, x + scale, road + 0.02, paint)
    for side in (-1, 1):
        p.box(
            x + side * 0.22 * scale - 0.15 * scale,
            roof + 0.04,
            x + side * 0.22 * scale + 0.15 * scale,
            road - high,
            glass,
        )
        p.ellipse((x + side * 0.6 * scale, road + 0.02), (0.2 * scale, 0.2 * scale), p.colour(0, 0.2))
        p.ellipse((x + side * 0.6 * scale, road + 0.02), (0.09 * scale, 0.09 * scale), p.colour(0.4, 1))


def still_life(p: Painter) -> None:
    """Lit balls, boxes and bottles on a table, each with its shadow."""
    p.wash(p.colour(), p.colour())
    table, light = p.uniform(0.4, 0.7), p.uniform(-0.5, 0.5)
    p.box(0, table, 1, 1, p.colour(0.2, 0.9))
    for _ in range(p.integer(1, 8)):
        x, y, r, colour = p.uniform(0.1, 0.9), p.uniform(table, 0.9), p.uniform(0.05, 0.22), p.colour(0.1, 0.9)
        p.fill(p.mask(ring((x + light * r, y + 0.7 * r), (1.2 * r, 0.35 * r))), np.zeros(3, np.float32), 0, 0.5)
        kind = p.integer(0, 3)
        if kind == 0:
            p.ellipse((x, y), (r, r), colour)
            p.glow((x - light * r, y - 0.4 * r), (0.4 * r, 0.4 * r), np.full(3, p.uniform(0.1, 0.5), np.float32))
        elif kind == 1:
            p.box(x - r, y - r, x + r, y + 0.7 * r, colour)
            p.polygon(
                [(x - r, y - r), (x - 0.6 * r, y - 1.4 * r), (x + 1.4 * r, y - 1.4 * r), (x + r, y - r)], colour * 1.2
            )
            p.polygon(
                [(x + r, y - r), (x + 1.4 * r, y - 1.4 * r), (x + 1.4 * r, y + 0.3 * r), (x + r, y + 0.7 * r)],
                colour * 0.6,
            )
        else:
            p.box(x - 0.4 * r, y - 1.2 * r, x + 0.4 * r, y + 0.7 * r, colour)
            p.box(x - 0.15 * r, y - 2 * r, x + 0.15 * r, y - 1.1 * r, colour * 0.9)
            p.line([(x - 0.2 * r, y - r), (x - 0.2 * r, y + 0.5 * r)], 0.1 * r, np.clip(colour * 1.5, 0, 1))


def plant(p: Painter) -> None:
    """Flowers or a bare tree."""
    _ground(p)
    bark, petal = p.colour(0, 0.6), p.colour(0.4, 1)
    branches = [(p.uniform(0.3, 0.7), 1.05, -np.pi / 2 + p.uniform(-0.2, 0.2), p.uniform(0.25, 0.4), 0.05)]
    for _ in range(p.integer(3, 26)):
        x, y, turn, length, width = branches.pop(0)
        tip = (x + length * np.cos(turn), y + length * np.sin(turn))
        p.line([(x, y), tip], width, bark)
        branches += [
            (*tip, turn + side * p.uniform(0.2, 0.8), length * p.uniform(0.6, 0.85), width * 0.65) for side in (-1, 1)
        ]
    if p.rng.random() < 0.6:
        for x, y, *_ in branches[:8]:
            r, count = p.uniform(0.03, 0.1), p.integer(4, 8)
            for turn in np.linspace(0, 2 * np.pi, count, endpoint=False):
                p.ellipse((x + r * np.cos(turn), y + r * np.sin(turn)), (r, 0.45 * r), petal, float(turn))
            p.ellipse((x, y), (0.4 * r, 0.4 * r), p.colour())


def room(p: Painter) -> None:
    """A room in perspective with furniture and pictures."""
    x0, y0, x1, y1 = p.uniform(0.15, 0.35), p.uniform(0.15, 0.35), p.uniform(0.6, 0.85), p.uniform(0.55, 0.75)
    p.wash(p.colour(), p.colour())
    p.polygon([(0, 0), (1, 0), (x1, y0), (x0, y0)], p.colour(0.4, 1))
    p.polygon([(0, 1), (1, 1), (x1, y1), (x0, y1)], p.colour(0.1, 0.8))
    p.polygon([(0, 0), (x0, y0), (x0, y1), (0, 1)], p.colour(0.2, 0.9))
    p.box(x0, y0, x1, y1, p.colour(0.2, 1))
    for _ in range(p.integer(1, 6)):
        x, y, w, h = p.uniform(0, 0.8), p.uniform(0.2, 0.8), p.uniform(0.08, 0.35), p.uniform(0.08, 0.3)
        p.box(x, y, x + w, y + h, p.colour())
        p.box(x + 0.02, y + 0.02, x + w - 0.02, y + h - 0.02, p.colour())


def people(p: Painter) -> None:
    """Standing figures."""
    _ground(p)
    for _ in range(p.integer(1, 6)):
        x, y, h = p.uniform(0.1, 0.9), p.uniform(0.2, 0.5), p.uniform(0.1, 0.3)
        skin, coat, trousers = p.colour(0.2, 0.9), p.colour(), p.colour()
        for side in (-1, 1):
            p.line(
                [(x + side * 0.2 * h, y + 1.3 * h), (x + side * p.uniform(0.1, 0.5) * h, y + 2.6 * h)],
                0.25 * h,
                trousers,
            )
            p.line([(x + side * 0.3 * h, y + 0.4 * h), (x + side * p.uniform(0.5, 1) * h, y + 1.4 * h)], 0.2 * h, coat)
        p.box(x - 0.4 * h, y + 0.3 * h, x + 0.4 * h, y + 1.5 * h, coat)
        p.ellipse((x, y), (0.25 * h, 0.32 * h), skin)


FAMILIES = {
    function.__name__: function for function in (animal, creature, face, house, car, still_life, plant, room, people)
}
"""Family name to the function that paints one picture of it."""
