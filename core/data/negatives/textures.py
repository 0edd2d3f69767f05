"""Families without objects: noise, gradients, patterns, skies, leaves, cells."""

from __future__ import annotations

import numpy as np

from core.data.negatives.painter import Painter, noise, ring


def blank(p: Painter) -> None:
    """One value all over, or nearly so."""
    p.canvas[:] = p.colour() if p.rng.random() < 0.6 else float(p.rng.choice([0.0, 1.0]))
    if p.rng.random() < 0.5:
        p.canvas += p.uniform(0, 0.03) * p.rng.standard_normal((p.size, p.size, 1)).astype(np.float32)


def gradient(p: Painter) -> None:
    """Smooth light: linear, round, or a few soft spots."""
    p.roughness *= 0.3
    p.wash(p.colour(), p.colour())
    for _ in range(p.integer(0, 5)):
        strength = (p.colour() - 0.5) * 1.2
        p.glow((p.uniform(0, 1), p.uniform(0, 1)), (p.uniform(0.1, 0.6), p.uniform(0.1, 0.6)), strength)


def white_noise(p: Painter) -> None:
    """Uncorrelated noise: normal, even, or salt and pepper; in cells of one or more pixels."""
    cell = int(p.rng.choice([1, 1, 1, 2, 4, 8, 16]))
    side = -(-p.size // cell)
    channels = int(p.rng.choice([1, 3]))
    kind = p.integer(0, 3)
    if kind == 0:
        values = p.uniform(0.2, 0.8) + p.uniform(0.05, 0.4) * p.rng.standard_normal((side, side, channels))
    elif kind == 1:
        values = p.rng.random((side, side, channels))
    else:
        values = (p.rng.random((side, side, channels)) < p.uniform(0.02, 0.98)).astype(float)
    p.canvas[:] = np.kron(values, np.ones((cell, cell, 1)))[: p.size, : p.size]


def coloured_noise(p: Painter) -> None:
    """Noise with the spectrum of a photograph or of clouds, sometimes cut to hard edges."""
    angle, slope = p.uniform(0, np.pi), p.uniform(0.3, 2.6)
    field = noise(p.rng, p.size, slope, float(p.rng.choice([1, 1, 2, 5])), angle)
    if p.rng.random() < 0.4:
        field = np.round(field * p.uniform(0.6, 3)) / p.uniform(0.8, 2)
    second = p.texture() if p.rng.random() < 0.5 else field
    first, last = p.colour(), p.colour()
    p.canvas[:] = 0.5 * (first + last)
    p.canvas += field[..., None] * (last - first) * 0.4 + 0.12 * second[..., None] * (p.colour() - 0.3)


def sky(p: Painter) -> None:
    """Clouds over a gradient, at times with a horizon."""
    p.wash(p.colour(0.3, 0.8), p.colour(0.5, 1), np.pi / 2)
    cover = 1 / (1 + np.exp(-3 * (noise(p.rng, p.size, p.uniform(1.3, 2.0), 2.0) + p.uniform(-1, 1))))
    p.fill(cover, p.colour(0.7, 1), 0.05)
    if p.rng.random() < 0.5:
        p.box(0, p.uniform(0.6, 0.9), 1, 1, p.colour(0, 0.5))


def landscape(p: Painter) -> None:
    """Ridges one behind another, paler with distance."""
    p.wash(p.colour(0.5, 1), p.colour(0.5, 1), np.pi / 2)
    near, far = p.colour(0, 0.4), p.colour(0.5, 0.9)
    layers, roughness = p.integer(2, 6), p.uniform(0.9, 1.6)
    p.roughness = max(p.roughness, 0.06)
    for layer in range(layers):
        depth = (layer + 1) / layers
        steps = np.arange(1, p.size // 2 + 1)
        waves = p.rng.standard_normal((2, steps.size)) * steps**-roughness
        angles = 2 * np.pi * steps[:, None] * p.x
        height = 0.25 + 0.6 * depth + p.uniform(0.03, 0.12) * (waves[0] @ np.sin(angles) + waves[1] @ np.cos(angles))
        cover = np.clip((p.y - height[None, :]) * p.size, 0, 1)
        p.fill(cover.astype(np.float32), near * depth + far * (1 - depth))


def leaves(p: Painter) -> None:
    """Dead-leaves picture: overlapping pieces of all sizes, which has the statistics of natural scenes."""
    p.wash(p.colour(), p.colour())
    shape, base, spread = p.integer(0, 3), p.colour(), p.uniform(0.1, 0.6)
    for _ in range(p.integer(15, 45)):
        r = min(0.04 / (p.rng.random() + 0.04) ** 0.8, 0.45)
        where = (p.uniform(-0.1, 1.1), p.uniform(-0.1, 1.1))
        colour = np.clip(base + p.uniform(-spread, spread) + p.rng.normal(0, 0.06, 3), 0, 1)
        outline = ring(where, (r, r * p.uniform(0.25, 1)), p.uniform(0, np.pi), 0.08 * shape, p.uniform(0, 6))
        p.polygon(outline[:: 1 if shape < 2 else 7], colour)


def montage(p: Painter) -> None:
    """Like a crowded photograph: lit, rounded, textured things before a blurred far ground, sharp towards the front."""
    p.roughness = p.uniform(0.03, 0.15)
    p.wash(p.colour(), p.colour())
    for step in range(p.integer(6, 24)):
        r, where = p.uniform(0.06, 0.4) / (1 + 0.05 * step), (p.uniform(0, 1), p.uniform(0, 1))
        colour, turn, flat = p.colour(0.05, 0.9), p.uniform(0, np.pi), p.uniform(0.3, 1)
        p.polygon(ring(where, (r, r * flat), turn, p.uniform(0, 0.08), p.uniform(0, 6)), colour)
        cover = p.mask(ring(where, (r * 0.8, r * flat * 0.8), turn))
        side = np.clip(0.5 + ((p.x - where[0]) * np.cos(turn) + (p.y - where[1]) * np.sin(turn)) / r, 0, 1)
        p.fill(cover * side, colour * p.uniform(0.2, 1.6), None, 0.7)


def grass(p: Painter) -> None:
    """Blades, hair or straw: many thin bent lines."""
    p.wash(p.colour(0, 0.5), p.colour(0, 0.5))
    lean, length, base = p.uniform(0, np.pi), p.uniform(0.1, 0.5), p.colour(0.2, 0.9)
    for _ in range(p.integer(30, 80)):
        x, y, turn = p.uniform(-0.1, 1.1), p.uniform(-0.1, 1.2), lean + p.uniform(-0.4, 0.4)
        steps = [length * part for part in (0, 0.33, 0.66, 1)]
        blade = [(x + s * np.cos(turn + s), y - s * np.sin(turn + s)) for s in steps]
        p.line(blade, p.uniform(0.004, 0.02), np.clip(base + p.uniform(-0.3, 0.3), 0, 1))


def grain(p: Painter) -> None:
    """Wood, marble, fur or brushed metal: drawn-out noise bent by a second field."""
    bend = p.uniform(0, 0.12) * noise(p.rng, p.size, 2.0)
    phase = p.uniform(4, 60) * (p.x * p.uniform(-1, 1) + p.y * p.uniform(-1, 1) + bend)
    wave = np.sin(phase) if p.rng.random() < 0.5 else 2 * np.abs(phase / np.pi % 2 - 1) - 1
    fine = noise(p.rng, p.size, p.uniform(0.4, 1.2), 8.0, p.uniform(0, np.pi))
    first, last = p.colour(), p.colour()
    mix = np.clip(0.5 + 0.5 * wave * p.uniform(0.1, 1) + 0.15 * fine, 0, 1)[..., None]
    p.canvas[:] = first * (1 - mix) + last * mix


def pattern(p: Painter) -> None:
    """Stripes, checkers, rings, dots or a moire of two of them."""
    first, last, turn = p.colour(), p.colour(), float(p.rng.choice([0, np.pi / 2, p.uniform(0, np.pi)]))
    u = (p.x - 0.5) * np.cos(turn) + (p.y - 0.5) * np.sin(turn)
    v = (p.y - 0.5) * np.cos(turn) - (p.x - 0.5) * np.sin(turn)
    scale, radius = p.uniform(3, 70), np.hypot(p.x - p.uniform(0, 1), p.y - p.uniform(0, 1))
    waves = (
        np.sin(scale * u),
        np.sin(scale * u) * np.sin(scale * v),
        np.sin(scale * radius),
        np.sin(scale * u) * np.sin(1.1 * scale * radius),
        np.cos(scale * u) + np.cos(scale * v) - 0.8,
    )
    wave = waves[p.integer(0, len(waves))]
    mix = (wave > 0) if p.rng.random() < 0.6 else np.clip(0.5 + wave / 2, 0, 1)
    p.canvas[:] = first + (last - first) * np.asarray(mix, np.float32)[..., None]
    p.canvas += p.roughness * p.texture()[..., None]


def mosaic(p: Painter) -> None:
    """Tiles, bricks or cracked ground: nearest-seed cells, each of one colour, with joints."""
    count, base, spread = p.integer(6, 70), p.colour(), p.uniform(0.1, 0.6)
    seeds = p.rng.random((count, 2)).astype(np.float32)
    if p.rng.random() < 0.4:
        side = max(2, round(count**0.5))
        rows, columns = np.divmod(np.arange(side * side), side)
        seeds = np.stack([(columns + 0.5 * (rows % 2)) / side, rows / side], axis=1).astype(np.float32)
    d = (p.x[..., None] - seeds[:, 0]) ** 2 + (p.y[..., None] - seeds[:, 1]) ** 2
    nearest = d.argmin(axis=-1)
    colours = np.clip(
        base + spread * p.rng.uniform(-1, 1, (len(seeds), 1)) + p.rng.normal(0, 0.08, (len(seeds), 3)), 0, 1
    )
    p.canvas[:] = colours[nearest] + p.roughness * p.texture()[..., None]
    edge = (nearest != np.roll(nearest, 1, 0)) | (nearest != np.roll(nearest, 1, 1))
    if p.rng.random() < 0.6:
        p.canvas[edge] = p.colour()


def cells(p: Painter) -> None:
    """Under the microscope: round bodies with a wall and a core, or bright specks on black."""
    dark = p.rng.random() < 0.5
    p.wash(p.colour(0, 0.2) if dark else p.colour(0.6, 1), p.colour(0, 0.2) if dark else p.colour(0.6, 1))
    body, wall, core = p.colour(0.3, 0.9), p.colour(0, 1), p.colour(0, 1)
    radius, hollow, count = p.uniform(0.02, 0.14), p.rng.random() < 0.5, p.integer(5, 30)
    for _ in range(count):
        r, where = radius * p.uniform(0.6, 1.4), (p.uniform(0, 1), p.uniform(0, 1))
        phase, turn, flat = p.uniform(0, 6), p.uniform(0, np.pi), p.uniform(0.6, 1)
        p.polygon(ring(where, (r, r * flat), turn, 0.04, phase), wall if hollow else body)
        if hollow:
            p.polygon(ring(where, (r * 0.8, r * flat * 0.8), turn, 0.04, phase), body)
        p.ellipse(where, (r * 0.35, r * 0.3), core)


FAMILIES = {
    function.__name__: function
    for function in (
        blank,
        gradient,
        white_noise,
        coloured_noise,
        sky,
        landscape,
        leaves,
        montage,
        grass,
        grain,
        pattern,
        mosaic,
        cells,
    )
}
"""Family name to the function that paints one picture of it."""
