"""What good parts look like: banks of their patches at several scales, and how odd every place of an image is.

A patch is as odd as it is far from its neighbours among the patches of good parts, in units of how far apart good
patches lie there. Oddness is a logarithm, so that scales can be averaged.
Sources: Roth et al., Towards Total Recall in Industrial Anomaly Detection, CVPR 2022 (memory bank); Breunig et al.,
LOF: Identifying Density-Based Local Outliers, SIGMOD 2000 (distances in units of the local density).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from core.data.images import Progress
from core.tasks.anomaly_detection.backbone import Backbone
from core.tasks.anomaly_detection.bank import NEIGHBOURS, Bank, make_bank
from core.tasks.anomaly_detection.coreset import choose
from core.tasks.anomaly_detection.patches import describe, scales_of, spreads_of

BATCH = 16
WEIGHT_IMAGE, WEIGHT_PIXEL = 1.25, 1.0
"""Powers of the local spacing by which distances are divided: whether a part is odd depends on it more than where."""
REFERENCE = 2
"""Patches drawn to measure the spacing, as a multiple of those that are kept."""
SMOOTHING = 1 / 64
"""Standard deviation of the smoothing of a map, as a share of its side."""
CORE = 0.25
"""Quantile of the fine patches of an image that tells whether the image shows the part at all."""
SPREAD_IMAGES = 64
"""Good images whose features give the units of the channels."""


def untold(done: int, total: int) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True)
class Oddness:
    """How odd a batch of images is."""

    image: Tensor
    """(N,): the oddest place of each, on average over the scales, which may find it in different places."""
    maps: Tensor
    """(N, S, S): at the scales that are fine enough to say where."""
    core: Tensor
    """(N,): the oddness that three quarters of an image exceed."""


@dataclass(frozen=True)
class Memory:
    """Units of the channels, and a bank for each scale."""

    spreads: tuple[Tensor, ...]
    banks: Mapping[str, Bank]

    def to(self, device: str) -> Memory:
        """The same on another device."""
        banks = {name: bank.to(device) for name, bank in self.banks.items()}
        return Memory(tuple(values.to(device) for values in self.spreads), banks)

    def oddness(self, maps: Sequence[Tensor], side: int) -> Oddness:
        """How odd images are, from their feature maps; `side` is that of the resulting maps in pixels."""
        scales = scales_of(len(maps))
        image, pixel = [], []
        for scale in scales:
            patches = describe(maps, self.spreads, scale)
            distance, spacing = self.banks[scale.name].search(patches.flatten(0, 2))
            far, near = torch.log(distance + 1e-9), torch.log(spacing)
            image.append((far - WEIGHT_IMAGE * near).view(len(patches), -1).amax(1))
            pixel.append((far - WEIGHT_PIXEL * near).view(patches.shape[:3]))
        size = pixel[0].shape[1:]
        where = [_stretch(odd, size) for odd, scale in zip(pixel, scales, strict=True) if scale.places]
        core = torch.quantile(pixel[0].flatten(1), CORE, dim=1)
        return Oddness(torch.stack(image).mean(0), _enlarge(torch.stack(where).mean(0), side), core)


def _stretch(grid: Tensor, size: Sequence[int]) -> Tensor:
    """A grid (N, H, W) at another size."""
    return F.interpolate(grid[:, None], size=tuple(size), mode="bilinear", align_corners=False)[:, 0]


def _enlarge(grid: Tensor, side: int) -> Tensor:
    """Stretch to (N, side, side) and smooth."""
    maps = _stretch(grid, (side, side))[:, None]
    deviation = side * SMOOTHING
    reach = int(3 * deviation + 0.5)
    offsets = torch.arange(-reach, reach + 1, device=grid.device)
    kernel = torch.exp(-(offsets**2) / (2 * deviation**2))
    kernel = (kernel / kernel.sum()).to(grid.dtype)
    maps = F.conv2d(F.pad(maps, (reach,) * 4, mode="reflect"), kernel.view(1, 1, -1, 1))
    return F.conv2d(maps, kernel.view(1, 1, 1, -1))[:, 0]


def batches_of(pixels: NDArray[np.uint8], device: str) -> Iterable[Tensor]:
    """(N, S, S, C) uint8 -> batches (B, C, S, S) in [0, 1] on the device."""
    for begin in range(0, len(pixels), BATCH):
        part = np.ascontiguousarray(pixels[begin : begin + BATCH])
        yield torch.from_numpy(part).to(device).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def features_of(backbone: Backbone, pixels: NDArray[np.uint8], device: str, progress: Progress) -> list[Tensor]:
    """Feature maps of stored images, (N, C, H, W) of each layer, in half precision to save memory."""
    found: list[list[Tensor]] = []
    for batch in batches_of(pixels, device):
        found.append([values.half() for values in backbone(batch)])
        progress(min(len(found) * BATCH, len(pixels)), len(pixels))
    return [torch.cat(layer) for layer in zip(*found, strict=True)]


@dataclass(frozen=True)
class Folded:
    """A memory in the making: per scale and fold the patches that are kept, and some drawn at random from all."""

    spreads: tuple[Tensor, ...]
    kept: Mapping[str, Sequence[Tensor]]
    drawn: Mapping[str, Sequence[Tensor]]

    def memory(self, without: Collection[int] = ()) -> Memory:
        """The memory of all folds but some: none of its patches is of their parts."""
        banks = {
            name: make_bank(torch.cat(_others(kept, without)), torch.cat(_others(self.drawn[name], without)))
            for name, kept in self.kept.items()
        }
        return Memory(self.spreads, banks)


def _others(folds: Sequence[Tensor], without: Collection[int]) -> list[Tensor]:
    return [patches for fold, patches in enumerate(folds) if fold not in without]


@torch.inference_mode()
def remember(
    maps: Sequence[Tensor],
    folds: NDArray[np.int64],
    size: int,
    method: str,
    generator: torch.Generator,
    progress: Progress = untold,
) -> Folded:
    """A memory of good parts.

    Args:
        maps: Their feature maps, each (N, C, H, W).
        folds: Fold of each part, (N,), counted from 0; a negative one is not learned from.
        size: Patches to keep at each scale.
        method: How they are chosen, see `coreset.METHODS`.
        generator: On the CPU.
        progress: Told of every fold at every scale; may raise to stop.
    """
    used = np.flatnonzero(folds >= 0)
    some = used[np.linspace(0, len(used) - 1, min(SPREAD_IMAGES, len(used))).astype(int)]
    spreads = tuple(spreads_of([values[some].float() for values in maps]))
    count = int(folds.max()) + 1
    share = max(NEIGHBOURS + 1, size // count)
    scales = scales_of(len(maps))
    kept: dict[str, list[Tensor]] = {scale.name: [] for scale in scales}
    drawn: dict[str, list[Tensor]] = {scale.name: [] for scale in scales}
    for scale in scales:
        for fold in range(count):
            rows = torch.from_numpy(np.flatnonzero(folds == fold))
            parts = ([values[part] for values in maps] for part in torch.split(rows, BATCH))
            patches = torch.cat([describe(part, spreads, scale).flatten(0, 2) for part in parts])
            kept[scale.name].append(choose(patches, share, method, generator))
            places = torch.randperm(len(patches), generator=generator)[: REFERENCE * share]
            drawn[scale.name].append(patches[places.to(patches.device)])
            progress(sum(map(len, kept.values())), len(scales) * count)
    return Folded(spreads, kept, drawn)


@torch.inference_mode()
def judge(memory: Memory, maps: Sequence[Tensor], side: int) -> Oddness:
    """`Memory.oddness` of stored feature maps, in batches; the result is on the CPU."""
    found = [
        memory.oddness([values[begin : begin + BATCH] for values in maps], side)
        for begin in range(0, len(maps[0]), BATCH)
    ]
    return Oddness(*(torch.cat([getattr(each, name).cpu() for each in found]) for name in ("image", "maps", "core")))


@dataclass(frozen=True)
class HeldOut:
    """Good parts as a memory without them sees them."""

    scores: Tensor
    """(N,): oddness of each image."""
    peaks: Tensor
    """(N,): highest value of its map."""
    cores: Tensor
    """(N,): oddness that three quarters of it exceed."""


@torch.inference_mode()
def judge_held_out(
    folded: Folded, maps: Sequence[Tensor], folds: NDArray[np.int64], side: int, progress: Progress = untold
) -> HeldOut:
    """Each part by the memory of the folds that it is not in; one of a negative fold by the whole memory."""
    judged = 0
    scores, peaks, cores = (torch.zeros(len(folds)) for _ in range(3))
    for fold in np.unique(folds):
        rows = torch.from_numpy(np.flatnonzero(folds == fold))
        memory = folded.memory(without=(int(fold),))
        for part in torch.split(rows, BATCH):
            found = judge(memory, [values[part] for values in maps], side)
            scores[part], peaks[part], cores[part] = found.image, found.maps.amax((1, 2)), found.core
            judged += len(part)
            progress(judged, len(folds))
    return HeldOut(scores, peaks, cores)
