"""Patches of good parts to compare with: exact nearest neighbours, in units of how far apart good patches lie there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NEIGHBOURS = 5
"""Of a patch, over which distances are averaged."""
CELLS_AT_ONCE = 2**20
"""Distances held at one time: few enough to stay in the processor's cache and its allocator's hands."""


@dataclass(frozen=True)
class Bank:
    """Kept patches (M, D) and how far each lies from its neighbours among all patches of good parts, (M,)."""

    points: Tensor
    spacing: Tensor

    def to(self, device: str) -> Bank:
        """The same on another device."""
        return Bank(self.points.to(device), self.spacing.to(device))

    def search(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Mean distance of each patch (N, D) from its neighbours here, and their mean spacing, both (N,)."""
        distance, place = nearest(patches, self.points, min(NEIGHBOURS, len(self.points)))
        return distance.mean(1), self.spacing[place].mean(1)


def make_bank(points: Tensor, reference: Tensor) -> Bank:
    """A bank of kept patches (M, D); `reference` (R, D) is drawn at random from those they were chosen among.

    An even choice forgets how dense patches were. How far a kept patch lies from its neighbours in the reference says
    it: among the many patches of an ordinary look a small distance is odd already, among rare ones it is not.
    """
    count = min(NEIGHBOURS, len(reference) - 1)
    distance, _ = nearest(points, reference, count + 1)
    spacing = distance[:, 1:].mean(1)  # the nearest may be the patch itself
    floor = 0.05 * float(spacing.mean()) + 1e-9  # among equal patches any other would be infinitely odd
    return Bank(points, spacing.clamp_min(floor))


def nearest(patches: Tensor, points: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Distances of each patch (N, D) from the `count` nearest of the points (M, D), and their places, (N, count)."""
    squares = (points * points).sum(1)
    rows = max(1, CELLS_AT_ONCE // len(points))
    distances, places = [], []
    for part in torch.split(patches, rows):
        # Without the square of the patch, which is the same for all points of a row.
        found, place = torch.addmm(squares, part, points.T, alpha=-2).topk(count, dim=1, largest=False)
        distances.append((found + (part * part).sum(1, keepdim=True)).clamp_min(0).sqrt())
        places.append(place)
    return torch.cat(distances), torch.cat(places)
