"""Random changes of image batches, one draw per image, computed for the whole batch at once.

Works on float tensors of shape (N, C, H, W) with values in [0, 1] and returns the same shape and range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Strength:
    """How far each change may go; zero switches it off."""

    rotate_deg: float = 0.0
    scale: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    flip: bool = False
    gain: float = 0.0
    gamma: float = 0.0
    noise: float = 0.0
    coarse_share: float = 0.0
    """Share of images reduced to a random smaller size and enlarged again: small scans, thumbnails."""
    coarse_min_px: int = 24
    enlarge: str = "bicubic"
    """How a reduced image is enlarged again."""
    erase_share: float = 0.0
    keep_share: float = 0.0
    """Share of images left as they are, so that the network also meets what it will be asked about."""


STRENGTHS: dict[str, Strength] = {
    "none": Strength(),
    "light": Strength(rotate_deg=7, scale=0.08, stretch=0.05, shift=0.05, flip=True, gain=0.15, gamma=0.1),
    "strong": Strength(
        rotate_deg=15,
        scale=0.18,
        stretch=0.15,
        shift=0.1,
        flip=True,
        gain=0.35,
        gamma=0.35,
        noise=0.05,
        coarse_share=0.35,
        erase_share=0.3,
        keep_share=0.2,
    ),
}


def _uniform(n: int, spread: float, generator: torch.Generator) -> Tensor:
    return (torch.rand(n, generator=generator) * 2 - 1) * spread


def _affine(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    n = len(images)
    angle = _uniform(n, math.radians(strength.rotate_deg), generator)
    zoom = torch.exp(_uniform(n, strength.scale, generator))
    stretch = torch.exp(_uniform(n, strength.stretch, generator))
    mirror = torch.ones(n)
    if strength.flip:
        mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = mirror * cos * zoom * stretch, -sin * zoom
    theta[:, 1, 0], theta[:, 1, 1] = mirror * sin * zoom, cos * zoom / stretch
    theta[:, 0, 2] = _uniform(n, strength.shift, generator)
    theta[:, 1, 2] = _uniform(n, strength.shift, generator)
    grid = F.affine_grid(theta.to(images), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _tone(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    n = len(images)
    shape = (n, 1, 1, 1)
    gamma = torch.exp(_uniform(n, strength.gamma, generator)).view(shape).to(images)
    contrast = torch.exp(_uniform(n, strength.gain, generator)).view(shape).to(images)
    offset = _uniform(n, strength.gain / 2, generator).view(shape).to(images)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = images.clamp_min(1e-4) ** gamma
    return ((images - mean) * contrast + mean + offset).clamp(0, 1)


def _coarsen(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    size = images.shape[-1]
    chosen = torch.rand(len(images), generator=generator) < strength.coarse_share
    if size <= strength.coarse_min_px or not bool(chosen.any()):
        return images
    low = math.log(strength.coarse_min_px / size)
    pixels = int(size * math.exp(float(torch.rand(1, generator=generator)) * low))
    small = F.interpolate(images[chosen], size=(pixels, pixels), mode="bilinear", antialias=True, align_corners=False)
    images = images.clone()
    images[chosen] = F.interpolate(small, size=(size, size), mode=strength.enlarge, align_corners=False).clamp(0, 1)
    return images


def _erase(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    size = images.shape[-1]
    images = images.clone()
    for index in torch.nonzero(torch.rand(len(images), generator=generator) < strength.erase_share).flatten().tolist():
        height, width = (torch.rand(2, generator=generator) * 0.25 * size + 2).int().tolist()
        top = int(torch.randint(0, size - height + 1, (1,), generator=generator))
        left = int(torch.randint(0, size - width + 1, (1,), generator=generator))
        images[index, :, top : top + height, left : left + width] = float(torch.rand(1, generator=generator))
    return images


def augment(images: Tensor, strength: Strength, generator: torch.Generator) -> Tensor:
    """Change every image of a batch at random.

    Args:
        images: Float tensor (N, C, H, W) in [0, 1]; H equals W.
        strength: How far to go, one of `STRENGTHS`.
        generator: CPU generator; the same state gives the same changes.
    """
    if strength == Strength():
        return images
    kept = torch.rand(len(images), generator=generator) < strength.keep_share
    original, images = images, _affine(images, strength, generator)
    images = _tone(images, strength, generator)
    images = _coarsen(images, strength, generator)
    if strength.noise:
        level = torch.rand(len(images), 1, 1, 1, generator=generator) * strength.noise
        noise = torch.randn(images.shape, generator=generator) * level
        images = (images + noise.to(images)).clamp(0, 1)
    if strength.erase_share:
        images = _erase(images, strength, generator)
    return torch.where(kept.to(images.device).view(-1, 1, 1, 1), original, images)
