"""A small canvas that fills shapes with texture, light and shadow instead of flat colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Field: TypeAlias = NDArray[np.floating[Any]]
Points: TypeAlias = Sequence[tuple[float, float]]
Window: TypeAlias = tuple[slice, slice]


def noise(rng: np.random.Generator, size: int, slope: float, stretch: float = 1.0, angle: float = 0.0) -> Field:
    """Periodic Gaussian noise whose amplitude falls as frequency to the power -`slope`.

    Args:
        rng: Source of randomness.
        size: Side in pixels.
        slope: 0 is white noise, about 1 looks like a photograph, 2 like clouds.
        stretch: Above 1 the grain is drawn out along `angle` (radians), as in wood or fur.
        angle: Direction of the grain.

    Returns:
        Shape (size, size), mean 0, standard deviation 1.
    """
    fy = np.fft.fftfreq(size)[:, None] * size
    fx = np.fft.rfftfreq(size)[None, :] * size
    along, across = np.cos(angle) * fx + np.sin(angle) * fy, np.cos(angle) * fy - np.sin(angle) * fx
    radius = np.sqrt((along * stretch) ** 2 + across**2 / stretch)
    radius[0, 0] = np.inf
    spectrum = rng.standard_normal(radius.shape) + 1j * rng.standard_normal(radius.shape)
    field = np.fft.irfft2(spectrum * np.maximum(radius, 1.0) ** -slope, s=(size, size))
    field -= field.mean()
    return np.asarray(field / (field.std() + 1e-9), dtype=np.float32)


class Textures:
    """A pool of periodic noise tiles; a draw from it is a tile shifted, turned and mirrored at random."""

    def __init__(self, size: int, seed: int, count: int = 64) -> None:
        rng = np.random.default_rng([seed, size, 7])
        self.size = size
        self._tiles = [
            noise(rng, size, rng.uniform(0.5, 2.2), float(rng.choice([1, 1, 1, 1, 2, 6])), rng.uniform(0, np.pi))
            for _ in range(count)
        ]

    def draw(self, rng: np.random.Generator) -> Field:
        """One tile, shape (size, size), mean 0, standard deviation 1."""
        tile = self._tiles[int(rng.integers(len(self._tiles)))]
        if rng.random() < 0.5:
            tile = tile.T
        return np.roll(tile, tuple(rng.integers(0, self.size, 2)), axis=(0, 1))[:: rng.choice([-1, 1])]


class Painter:
    """A picture in the making. Coordinates run from 0 to 1, x to the right and y down.

    Attributes:
        rng: Source of randomness of this picture.
        size: Side in pixels.
        canvas: Shape (size, size, 3), float32, 0 black to 1 white.
        x: Horizontal coordinate of every pixel, shape (1, size).
        y: Vertical coordinate of every pixel, shape (size, 1).
        roughness: How strongly shapes are textured; one value for the whole picture.
    """

    def __init__(self, size: int, rng: np.random.Generator, textures: Textures) -> None:
        self.rng, self.size, self._textures = rng, size, textures
        self.canvas: Field = np.zeros((size, size, 3), np.float32)
        self.x: Field = np.linspace(0, 1, size, dtype=np.float32)[None, :]
        self.y: Field = np.linspace(0, 1, size, dtype=np.float32)[:, None]
        self.roughness = float(rng.choice([0.0, 0.04, 0.1, 0.18]))
        self._light = rng.uniform(-0.6, 0.6, 2).astype(np.float32)

    def uniform(self, low: float, high: float) -> float:
        """A random number between `low` and `high`."""
        return float(self.rng.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A random whole number from `low` up to and without `high`."""
        return int(self.rng.integers(low, high))

    def colour(self, low: float = 0.0, high: float = 1.0) -> Field:
        """A random colour of brightness between `low` and `high`, shape (3,), more often muted than loud."""
        tint = self.rng.uniform(-1, 1, 3) * self.uniform(0, 0.3)
        return np.asarray(np.clip(self.uniform(low, high) + tint, 0, 1), dtype=np.float32)

    def texture(self) -> Field:
        """A noise field, shape (size, size), mean 0, standard deviation 1."""
        return self._textures.draw(self.rng)

    def wash(self, first: Field, second: Field, angle: float | None = None) -> None:
        """Cover the whole canvas with a gradient from `first` to `second`, roughened."""
        turn = self.uniform(0, 2 * np.pi) if angle is None else angle
        t = np.clip(0.5 + (self.x - 0.5) * np.cos(turn) + (self.y - 0.5) * np.sin(turn), 0, 1)[..., None]
        self.canvas[:] = first * (1 - t) + second * t + self.roughness * self.texture()[..., None]

    def mask(self, points: Points, width: float | None = None) -> Field:
        """Coverage of a polygon, or of a line of `width` through the points, shape (size, size), 0 to 1."""
        cover = np.zeros((self.size, self.size), np.float32)
        window = self._window(points, width or 0)
        if window is not None:
            cover[window] = self._cover(points, width, window)
        return cover

    def fill(self, mask: Field, colour: Field, roughness: float | None = None, opacity: float = 1.0) -> None:
        """Lay `colour` over the canvas where `mask` covers it, lit from the picture's side and textured."""
        self._lay((slice(0, self.size), slice(0, self.size)), mask * opacity, colour, roughness)

    def polygon(self, points: Points, colour: Field, roughness: float | None = None) -> None:
        """A filled polygon."""
        window = self._window(points, 0)
        if window is not None:
            self._lay(window, self._cover(points, None, window), colour, roughness)

    def line(self, points: Points, width: float, colour: Field) -> None:
        """A line of even width through the points."""
        window = self._window(points, width)
        if window is not None:
            self._lay(window, self._cover(points, width, window), colour, 0.0)

    def _window(self, points: Points, margin: float) -> Window | None:
        """The part of the canvas that a shape can touch; None when that is nothing."""
        spans = []
        for values in ([y for _, y in points], [x for x, _ in points]):
            low = max(0, int((min(values) - margin) * self.size) - 1)
            high = min(self.size, int((max(values) + margin) * self.size) + 2)
            if low >= high:
                return None
            spans.append(slice(low, high))
        return spans[0], spans[1]

    def _cover(self, points: Points, width: float | None, window: Window) -> Field:
        """Anti-aliased coverage of a polygon or line within a window."""
        rows, columns = window
        image = Image.new("L", (2 * (columns.stop - columns.start), 2 * (rows.stop - rows.start)))
        scale = 2 * self.size
        scaled = [(float(x) * scale - 2 * columns.start, float(y) * scale - 2 * rows.start) for x, y in points]
        if width is None:
            ImageDraw.Draw(image).polygon(scaled, fill=255)
        else:
            ImageDraw.Draw(image).line(scaled, fill=255, width=max(1, round(width * scale)), joint="curve")
        return np.asarray(image.reduce(2), dtype=np.float32) / 255

    def _lay(self, window: Window, cover: Field, colour: Field, roughness: float | None) -> None:
        rows, columns = window
        amount = self.roughness if roughness is None else roughness
        shade = 1 + self._light[0] * (self.x[:, columns] - 0.5) + self._light[1] * (self.y[rows] - 0.5)
        if amount:
            shade += amount * 2 * self.texture()[window]
        part = self.canvas[window]
        part += cover[..., None] * (shade[..., None] * np.asarray(colour, np.float32) - part)

    def ellipse(self, centre: tuple[float, float], radii: tuple[float, float], colour: Field, angle: float = 0) -> None:
        """A filled ellipse turned by `angle` radians."""
        self.polygon(ring(centre, radii, angle), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Field) -> None:
        """A filled rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def glow(self, centre: tuple[float, float], radii: tuple[float, float], colour: Field) -> None:
        """A soft spot added to what is there."""
        d = ((self.x - centre[0]) / radii[0]) ** 2 + ((self.y - centre[1]) / radii[1]) ** 2
        self.canvas += np.exp(-d)[..., None].astype(np.float32) * colour


def ring(
    centre: tuple[float, float], radii: tuple[float, float], angle: float = 0, wobble: float = 0, phase: float = 0
) -> list[tuple[float, float]]:
    """Outline of an ellipse as points, turned by `angle`; `wobble` makes it lumpy."""
    t = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    swell = 1 + wobble * (np.sin(3 * t + phase) + np.sin(5 * t + 2 * phase) + 0.6 * np.sin(8 * t - phase))
    x, y = radii[0] * np.cos(t) * swell, radii[1] * np.sin(t) * swell
    c, s = np.cos(angle), np.sin(angle)
    return list(zip((centre[0] + c * x - s * y).tolist(), (centre[1] + s * x + c * y).tolist(), strict=True))
