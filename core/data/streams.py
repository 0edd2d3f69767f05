"""Endless streams of labelled pictures that the project makes itself: what a model meets after it was put to work.

Their truth is known, nobody's picture is in them, and no network is needed. Picture `i` of a stream depends on its
seed, `i` and the drift alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import ImageSample
from core.data.drift import Drift, corrupt
from core.data.phantoms import CompactPhantom, draw_compact, load_compact
from core.settings import settings

PHANTOMS = "phantoms.npz"
"""File beside the samples of a sector that its stream is drawn from."""
_KEY = "{label}/{name}"


@dataclass(frozen=True)
class Shot:
    """One picture of a stream and what it shows."""

    sample: ImageSample
    label: str


@dataclass(frozen=True)
class RadiographStream:
    """Synthetic radiographs, every class equally often, in random order."""

    phantoms: tuple[tuple[str, CompactPhantom], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes."""
        return tuple(label for label, _ in self.phantoms)

    def shot(self, seed: int, number: int, drift: Drift | None = None) -> Shot:
        """Picture `number` of the stream with this seed; a drift changes how it was taken, not what it shows."""
        rng = np.random.default_rng([seed, number])
        label, phantom = self.phantoms[int(rng.integers(len(self.phantoms)))]
        grey = draw_compact(phantom, rng)
        if drift is not None:
            grey = corrupt(grey, drift, rng)
        pixels = np.repeat(grey[..., None], 3, axis=2)
        return Shot(
            ImageSample(f"stream-{seed}-{number}.png", pixels, hashlib.sha256(grey.tobytes()).hexdigest()), label
        )

    def shots(self, seed: int, first: int, count: int, drift: Drift | None = None) -> list[Shot]:
        """Pictures `first` to `first + count - 1`."""
        return [self.shot(seed, number, drift) for number in range(first, first + count)]


def stream_of(slug: str) -> RadiographStream | None:
    """The stream of a sector; None when it has none."""
    path = settings().assets / "samples" / slug / PHANTOMS
    return _load(path) if path.is_file() else None


@lru_cache(maxsize=2)
def _load(path: Path) -> RadiographStream:
    found: dict[str, dict[str, NDArray[np.generic]]] = {}
    with np.load(path, allow_pickle=False) as archive:
        for key in archive.files:
            label, _, name = key.partition("/")
            found.setdefault(label, {})[name] = archive[key]
    return RadiographStream(tuple((label, load_compact(arrays)) for label, arrays in sorted(found.items())))


def save_phantoms(path: Path, phantoms: dict[str, CompactPhantom]) -> None:
    """Write what `stream_of` reads."""
    arrays = {
        _KEY.format(label=label, name=name): values
        for label, phantom in phantoms.items()
        for name, values in phantom.arrays().items()
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)
