"""From feature maps to patches that are compared: neighbourhoods of several widths, every channel in its own units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Scale:
    """How wide a patch looks, and at which of the backbone's layers."""

    name: str
    layer: int
    """Place among the backbone's layers, counted from the shallowest."""
    width: float
    """Side of its neighbourhood as a share of the image; never less than three cells of the layer's grid."""
    step: int
    """Cells of the layer's grid from one patch to the next."""
    places: bool
    """Whether it is fine enough to say where something is odd; else it says only that an image is."""


SCALES = (
    Scale("fine", 1, 0.0, 1, True),
    Scale("middle", 1, 5 / 24, 2, True),
    Scale("wide", 1, 9 / 16, 2, True),
    Scale("deep", 2, 0.0, 1, False),
)
"""Fine patches find what is small, wide ones what is wrong with a larger surface, deep ones what is no such part."""


def scales_of(layers: int) -> tuple[Scale, ...]:
    """The scales at which a backbone with so many layers is looked at."""
    return tuple(scale for scale in SCALES if scale.layer < layers)


def spreads_of(maps: Sequence[Tensor]) -> list[Tensor]:
    """Standard deviation of every channel of each layer, (C,), such that each layer weighs the same in a distance."""
    return [values.std(dim=(0, 2, 3)).clamp_min(1e-4) * math.sqrt(values.shape[1]) for values in maps]


def describe(maps: Sequence[Tensor], spreads: Sequence[Tensor], scale: Scale) -> Tensor:
    """Patches of one scale, (N, H, W, D).

    Args:
        maps: Feature maps of the backbone, shallow to deep, each (N, C, H, W).
        spreads: As `spreads_of` gives them.
        scale: Which layer, how wide and how dense.
    """
    values = maps[scale.layer].float() / spreads[scale.layer].view(1, -1, 1, 1)
    rows, columns = values.shape[-2:]
    width = max(3, round(scale.width * columns)) // 2 * 2 + 1
    values = F.avg_pool2d(values, width, 1, width // 2, count_include_pad=False)
    values = F.adaptive_avg_pool2d(values, (-(-rows // scale.step), -(-columns // scale.step)))
    return values.permute(0, 2, 3, 1)
