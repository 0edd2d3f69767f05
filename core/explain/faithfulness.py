"""Does a map point at what the model uses? Remove or bring back the important pixels and watch the score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from core.contracts import Faithfulness

CELLS = 8
STEPS = 8
N_RANDOM = 4

Score = Callable[[Tensor], NDArray[np.floating]]


def _order(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Cells of an 8 x 8 grid, most important first."""
    pooled = F.adaptive_avg_pool2d(torch.from_numpy(values)[None, None], CELLS)
    return np.argsort(-pooled.flatten().numpy(), kind="stable")


def _masks(order: NDArray[np.int64], size: tuple[int, int]) -> Tensor:
    """(STEPS + 1, 1, H, W): which pixels belong to the first 0, 1/STEPS, ... of the cells."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    limits = np.linspace(0, len(order), STEPS + 1)
    chosen = (rank[None, :] < limits[:, None]).astype(np.float32).reshape(STEPS + 1, 1, CELLS, CELLS)
    return F.interpolate(torch.from_numpy(chosen), size=size, mode="nearest")


def _areas(score: Score, image: Tensor, empty: Tensor, order: NDArray[np.int64]) -> tuple[float, float]:
    masks = _masks(order, (image.shape[-2], image.shape[-1])).to(image)
    removed = score(image * (1 - masks) + empty * masks)
    brought = score(empty * (1 - masks) + image * masks)
    return float(np.trapezoid(removed, dx=1 / STEPS)), float(np.trapezoid(brought, dx=1 / STEPS))


def measure(score: Score, image: Tensor, values: NDArray[np.float32], seed: int = 0) -> Faithfulness:
    """Deletion and insertion areas of a map against random orders.

    Args:
        score: Scores (N,) in [0, 1] of a batch (N, C, H, W).
        image: The image, (C, H, W).
        values: The map, (H, W).
        seed: Of the random orders.

    Removed cells of an 8 x 8 grid are replaced by the mean colour of the image, which keeps its overall brightness.
    Source: Petsiuk et al., RISE, BMVC 2018, arXiv:1806.07421.
    """
    empty = image.mean(dim=(1, 2), keepdim=True).expand_as(image)
    generator = np.random.default_rng(seed)
    deletion, insertion = _areas(score, image, empty, _order(values))
    random = np.array([_areas(score, image, empty, generator.permutation(CELLS * CELLS)) for _ in range(N_RANDOM)])
    return Faithfulness(deletion, insertion, float(random[:, 0].mean()), float(random[:, 1].mean()), N_RANDOM)
