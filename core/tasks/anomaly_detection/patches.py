"""From feature maps to patches that are compared: neighbourhoods of two widths, every channel in its own units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Scale:
    """How wide a patch looks, and at which of the backbone's layers."""

    name: str
    layers: tuple[int, ...]
    """Places among the backbone's layers; negative ones count from the deepest."""
    width: float
    """Side of its neighbourhood as a share of the image; never less than three cells of a layer's grid."""


SCALES = (Scale("fine", (-2, -1), 0.0), Scale("wide", (-1,), 9 / 16))
"""Fine patches find what is small, wide ones what is wrong with a larger surface."""


def spreads_of(maps: Sequence[Tensor]) -> list[Tensor]:
    """Standard deviation of every channel of each layer, (C,), such that each layer weighs the same in a distance."""
    return [values.std(dim=(0, 2, 3)).clamp_min(1e-4) * math.sqrt(values.shape[1]) for values in maps]


def describe(maps: Sequence[Tensor], spreads: Sequence[Tensor], scale: Scale) -> Tensor:
    """Patches of one scale on the grid of the deepest layer, (N, H, W, D).

    Args:
        maps: Feature maps of the backbone, shallow to deep, each (N, C, H, W).
        spreads: As `spreads_of` gives them.
        scale: Which layers, and how wide.
    """
    rows, columns = maps[-1].shape[-2:]
    found = []
    for place in scale.layers:
        values = maps[place].float() / spreads[place].view(1, -1, 1, 1)
        width = max(3, round(scale.width * values.shape[-1])) // 2 * 2 + 1
        values = F.avg_pool2d(values, width, 1, width // 2, count_include_pad=False)
        found.append(F.adaptive_avg_pool2d(values, (rows, columns)))
    return torch.cat(found, 1).permute(0, 2, 3, 1)
