"""Damage for simulated surfaces: scratches, pits, stains, cracks; each changes a picture and says where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage as untyped_ndimage

from core.data.negatives.painter import noise

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

Picture: TypeAlias = NDArray[np.float32]
"""(S, S, 3), 0 black to 1 white."""
Cover: TypeAlias = NDArray[np.float32]
"""(S, S): how much of a pixel is covered, 0 to 1."""
Damaged: TypeAlias = tuple[Picture, Cover]
_FINE = 4
"""Strokes are drawn this many times as large and reduced, which makes their edges soft."""
_DARK = 0.35
"""Mean brightness below which a liquid leaves a light residue rather than a dark one."""
_RESIDUE = np.array([0.62, 0.6, 0.46])


def strokes(side: int, lines: Sequence[tuple[NDArray[Any], float]]) -> Cover:
    """Polylines with widths in pixels; the points of each are (x, y) in pixels, (n, 2)."""
    canvas = Image.new("L", (side * _FINE, side * _FINE))
    draw = ImageDraw.Draw(canvas)
    for points, width in lines:
        placed = [(float(x) * _FINE, float(y) * _FINE) for x, y in points]
        draw.line(placed, fill=255, width=max(1, round(width * _FINE)), joint="curve")
    reduced = canvas.resize((side, side), Image.Resampling.BOX)
    return np.asarray(np.asarray(reduced) / 255, np.float32)


def _paint(picture: Picture, cover: Cover, colour: NDArray[Any] | float, strength: float) -> Picture:
    alpha = (strength * cover)[..., None]
    return np.asarray(picture * (1 - alpha) + np.float32(1) * colour * alpha, np.float32)


def _beside(cover: Cover, down: int, right: int) -> Cover:
    """The same so many pixels farther; nothing comes back at the other side of the picture."""
    return np.asarray(ndimage.shift(cover, (down, right), order=0), np.float32)


def _blur(values: NDArray[Any], radius: float) -> Cover:
    return np.asarray(ndimage.gaussian_filter(values, radius), np.float32)


def scratch(picture: Picture, rng: np.random.Generator, size: float = 1.0) -> Damaged:
    """One to three thin bent lines, bright along one edge and dark along the other."""
    side = len(picture)
    lines = []
    for _ in range(int(rng.integers(1, 4))):
        start, angle = rng.uniform(0.2, 0.8, 2) * side, rng.uniform(0, np.pi)
        length, bend = rng.uniform(0.15, 0.5) * side, rng.normal(0, 0.12) * side
        along = np.linspace(-0.5, 0.5, 24)[:, None]
        axis, normal = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        lines.append((start + along * length * axis + (along**2) * bend * normal, size * rng.uniform(0.8, 2.0)))
    cover = strokes(side, lines)
    grain = np.clip(0.75 + 0.35 * noise(rng, side, 1.0), 0.15, 1).astype(np.float32)
    shadow = _beside(cover, 1, 1)
    found = _paint(picture, shadow * grain, 0.12, rng.uniform(0.3, 0.6))
    return _paint(found, cover * grain, rng.uniform(0.8, 1.0), rng.uniform(0.45, 0.85)), cover


def pit(picture: Picture, rng: np.random.Generator, size: float = 1.0) -> Damaged:
    """One to four small dents, dark inside, lit at the far rim."""
    side = len(picture)
    rows, columns = np.mgrid[:side, :side]
    cover, found = np.zeros((side, side), np.float32), picture
    for _ in range(int(rng.integers(1, 5))):
        y, x = rng.uniform(0.12, 0.88, 2) * side
        radius, squash = size * rng.uniform(0.011, 0.03) * side, rng.uniform(0.7, 1.3)
        wobble = 1 + 0.12 * noise(rng, side, 2.0)
        away = np.hypot((rows - y) * squash, columns - x) / radius * wobble
        inside = np.clip(1.5 - away, 0, 1).astype(np.float32)
        lit = np.clip(1 - np.abs(away - 1.15) * 3, 0, 1) * np.clip((rows - y + columns - x) / radius, 0, 1)
        found = _paint(found, _blur(inside, 0.6), 0.08, rng.uniform(0.5, 0.85))
        found = _paint(found, lit.astype(np.float32), 0.95, 0.5)
        cover = np.maximum(cover, np.clip(1.6 - away, 0, 1).astype(np.float32))
    return found, cover


def stain(picture: Picture, rng: np.random.Generator, size: float = 1.0) -> Damaged:
    """A cloudy patch of dried liquid with a darker edge."""
    side = len(picture)
    rows, columns = np.mgrid[:side, :side] / side
    y, x = rng.uniform(0.25, 0.75, 2)
    radius = size * rng.uniform(0.07, 0.18)
    away = np.hypot(rows - y, (columns - x) * rng.uniform(0.7, 1.4)) / radius + 0.3 * noise(rng, side, 1.7)
    inside = np.clip((1.1 - away) * 5, 0, 1).astype(np.float32)
    rim = np.clip(1 - np.abs(away - 0.98) * 6, 0, 1).astype(np.float32)
    tint = np.array([0.42, 0.31, 0.18]) if rng.random() < 0.6 else np.array([0.16, 0.17, 0.2])
    dried = _RESIDUE if picture.mean() < _DARK else tint * picture.mean() * 2
    found = _paint(picture, _blur(inside, 1.5), dried, rng.uniform(0.22, 0.5))
    return _paint(found, _blur(rim, 1.0), tint, rng.uniform(0.15, 0.4)), np.maximum(inside, rim)


def crack(picture: Picture, rng: np.random.Generator, size: float = 1.0) -> Damaged:
    """A dark line that jerks and branches."""
    side = len(picture)
    lines: list[tuple[NDArray[Any], float]] = []

    def grow(start: NDArray[Any], angle: float, steps: int, width: float) -> None:
        turns = angle + np.cumsum(rng.normal(0, 0.28, steps))
        path = start + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * rng.uniform(2, 6, (steps, 1)), axis=0)
        path = np.concatenate([start[None], path])
        lines.extend((path[at : at + 2], width * (1 - 0.6 * at / steps)) for at in range(steps))
        if width > 0.9 and steps > 8:
            for at in rng.integers(2, steps, int(rng.integers(0, 3))):
                grow(path[at], turns[at - 1] + rng.choice([-1, 1]) * rng.uniform(0.5, 1.1), steps // 3, width * 0.65)

    grow(
        rng.uniform(0.25, 0.75, 2) * side,
        rng.uniform(0, 2 * np.pi),
        int(rng.integers(14, 36)),
        size * rng.uniform(1.0, 2.2),
    )
    cover = strokes(side, lines)
    dark = np.clip((1.3 * _DARK - picture.mean(axis=2)) / _DARK, 0, 1)
    edge = _beside(cover, 1, 0) * (0.25 + 0.5 * dark)  # a dark line shows on dark ground by its broken edge
    found = _paint(picture, edge.astype(np.float32), 0.9, 1.0)
    return _paint(found, cover, 0.05, rng.uniform(0.65, 0.95)), cover


DAMAGE: dict[str, Callable[[Picture, np.random.Generator, float], Damaged]] = {
    "scratch": scratch,
    "pit": pit,
    "stain": stain,
    "crack": crack,
}
"""Type of defect -> what makes it, on a picture, by chance, so many times as wide as usual."""
