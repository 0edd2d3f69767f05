"""Stored images through a network in batches, in eval mode."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.tasks.image_classification.domain import pooled_features
from core.tasks.image_classification.model import Preprocessing


def as_batch(pixels: NDArray[np.uint8], device: str) -> Tensor:
    """(N, S, S, C) uint8 -> (N, C, S, S) float in [0, 1] on the device."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def outputs_of(
    network: nn.Module,
    preprocessing: Preprocessing,
    pixels: NDArray[np.uint8],
    device: str,
    change: Callable[[Tensor], Tensor] = lambda x: x,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features (N, D) and logits (N, K) of stored images, in eval mode; `change` is applied to batches in [0, 1]."""
    network.eval()
    found = []
    for begin in range(0, len(pixels), 64):
        batch = change(as_batch(pixels[begin : begin + 64], device))
        features, logits = pooled_features(network, preprocessing.normalise(batch))
        found.append((features.cpu().numpy(), logits.cpu().numpy()))
    return np.concatenate([f for f, _ in found]), np.concatenate([g for _, g in found])
