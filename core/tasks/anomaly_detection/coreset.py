"""Which patches of good parts a memory bank keeps: at random, evenly spread, or as centres of clusters."""

from __future__ import annotations

import math

import torch
from torch import Tensor

METHODS = ("random", "greedy", "kmeans")
PROJECTED = 32
"""Dimensions in which the greedy choice measures distances; random projections keep them well enough."""
ROUNDS = 4
"""Of the k-means, which starts from a random choice."""


def choose(points: Tensor, count: int, method: str, generator: torch.Generator) -> Tensor:
    """At most `count` of the patches, or means of such, (M, D).

    Args:
        points: Patches of good parts, (N, D).
        count: How many to keep.
        method: One of `METHODS`.
        generator: On the CPU; the same state gives the same choice.

    Raises:
        ValueError: There is no such method.
    """
    if method not in METHODS:
        raise ValueError(method)
    if len(points) <= count:
        return points
    first = torch.randperm(len(points), generator=generator)[:count].to(points.device)
    if method == "random":
        return points[first]
    if method == "kmeans":
        return _cluster(points, points[first])
    return points[_spread(points, count, int(first[0]), generator)]


def _spread(points: Tensor, count: int, start: int, generator: torch.Generator) -> Tensor:
    """Places of patches, each the farthest from those before it (greedy k-centre).

    Source: Sener and Savarese, ICLR 2018, arXiv:1708.00489, as used by Roth et al., PatchCore, CVPR 2022.
    """
    if points.shape[1] > PROJECTED:
        turn = torch.randn(points.shape[1], PROJECTED, generator=generator) / math.sqrt(PROJECTED)
        points = points @ turn.to(points)
    squares = (points * points).sum(1)
    nearest = torch.full_like(squares, math.inf)
    chosen = torch.empty(count, dtype=torch.long, device=points.device)
    place = torch.tensor(start, device=points.device)
    for step in range(count):
        chosen[step] = place
        distance = torch.addmv(squares, points, points[place], alpha=-2).add_(squares[place])
        nearest = torch.minimum(nearest, distance)
        place = nearest.argmax()
    return chosen


def _cluster(points: Tensor, centres: Tensor) -> Tensor:
    """Centres after some rounds of k-means; one without members stays where it is."""
    for _ in range(ROUNDS):
        member = torch.cat([_closest(part, centres) for part in torch.split(points, 8192)])
        sums = torch.zeros_like(centres).index_add_(0, member, points)
        counts = torch.bincount(member, minlength=len(centres)).unsqueeze(1)
        centres = torch.where(counts > 0, sums / counts.clamp_min(1), centres)
    return centres


def _closest(points: Tensor, centres: Tensor) -> Tensor:
    return torch.addmm((centres * centres).sum(1), points, centres.T, alpha=-2).argmin(1)
