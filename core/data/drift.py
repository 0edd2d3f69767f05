"""Changes of a stream of pictures as they happen after a model has been put to work: named, seeded, of any strength.

Every change keeps what the picture shows and so its label; only the way in which it was taken differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as untyped_ndimage

from core.contracts import N_

ndimage: Any = untyped_ndimage
"""SciPy fills this module at import time, which a type checker cannot follow."""

Picture: TypeAlias = NDArray[np.uint8]
Field: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Drift:
    """What has changed in the stream: a name out of `DRIFTS`, and how much of it, in (0, 1]."""

    kind: str
    strength: float

    def __post_init__(self) -> None:
        if self.kind not in DRIFTS or not 0 < self.strength <= 1:
            raise ValueError(f"no such drift: {self.kind!r} at {self.strength}")

    @property
    def title(self) -> str:
        """Name for a visitor; a template of the message catalogue."""
        return DRIFTS[self.kind].title


@dataclass(frozen=True)
class DriftKind:
    """A way in which pictures change."""

    title: str
    summary: str
    change: Callable[[Field, float, np.random.Generator], Field]
    """Takes grey values (H, W) or (H, W, C) in [0, 1], the strength and a source of randomness."""


def corrupt(pixels: Picture, drift: Drift, rng: np.random.Generator) -> Picture:
    """The picture as it would have been taken under `drift`.

    Args:
        pixels: Shape (H, W) or (H, W, 3), uint8.
        drift: What has changed.
        rng: Source of randomness; the same state gives the same picture.

    Returns:
        Same shape, uint8.
    """
    values = pixels.astype(np.float32) / 255
    changed = DRIFTS[drift.kind].change(values, drift.strength, rng)
    return np.asarray(np.clip(np.rint(changed * 255), 0, 255), np.uint8)


def _dimmer(values: Field, strength: float, rng: np.random.Generator) -> Field:
    """Less light: darker, and the grain of the detector stands out because fewer photons were counted."""
    light = 1 - 0.9 * strength
    grain = 0.02 * np.sqrt(np.maximum(values, 0) / light) * _grain(values, rng)
    return light * (values + grain)


def _noise(values: Field, strength: float, rng: np.random.Generator) -> Field:
    """Grain all over the picture, as from a failing detector."""
    return values + 0.4 * strength * _grain(values, rng)


def _other_machine(values: Field, strength: float, _rng: np.random.Generator) -> Field:
    """Another maker's characteristic curve: shadows lifted, lights pressed together, and a veil of scattered light."""
    curved = np.maximum(values, 0) ** (1 / (1 + 2 * strength))
    contrast = 1 - 0.7 * strength
    return np.asarray(0.5 + 0.25 * strength + contrast * (curved - 0.5), np.float32)


def _blur(values: Field, strength: float, _rng: np.random.Generator) -> Field:
    """The patient moved, or the focus is off."""
    radius = 0.06 * strength * min(values.shape[:2])
    spread = (radius, radius, 0)[: values.ndim]
    return np.asarray(ndimage.gaussian_filter(values, spread), np.float32)


def _grain(values: Field, rng: np.random.Generator) -> Field:
    """Standard normal grain, the same in every channel."""
    grain = rng.standard_normal(values.shape[:2], dtype=np.float32)
    return grain if values.ndim == 2 else grain[..., None]


DRIFTS: dict[str, DriftKind] = {
    "dimmer": DriftKind(N_("Dimmer light"), N_("The lamp or tube ages: darker and grainier pictures."), _dimmer),
    "noise": DriftKind(N_("Noise"), N_("A failing detector: grain all over the picture."), _noise),
    "machine": DriftKind(
        N_("Another machine"), N_("Another maker's contrast: pale and flat pictures."), _other_machine
    ),
    "blur": DriftKind(N_("Blur"), N_("The patient moves or the focus is off."), _blur),
}
"""By name."""
