"""The second network: outlines defects of known kinds, from the backbone's features and the map of what is unlike good.

A decoder in the manner of a U-Net on the frozen backbone: deep features are enlarged and joined with shallower ones.
It sees the map of the memory too, so that what it has learned of known defects is added to it. The verdict about a
whole part stays the memory's, with its promise about false alarms.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.contracts import RunContext
from core.errors import RunCancelled
from core.training.loop import LoopOptions, fit
from core.training.seeding import seed_everything

WIDTH = 32
BATCH = 16
HELD_OUT = 0.2
"""Share of the images with masks that choose the epoch."""


class Head(nn.Module):
    """Images, feature maps and a map of oddness -> logits of a defect, (N, S, S)."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        shallow, deep = channels[:2]
        self.units = nn.ModuleList([nn.BatchNorm2d(shallow), nn.BatchNorm2d(deep)])
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU())
        self.deep = _block(deep + 1, WIDTH)
        self.middle = _block(WIDTH + shallow + 1, WIDTH)
        self.fine = nn.Sequential(nn.Conv2d(WIDTH + 24 + 1, 24, 3, padding=1), nn.ReLU())
        self.out = nn.Conv2d(24, 1, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.constant_(cast(Tensor, self.out.bias), -3.0)  # most pixels are good

    def forward(self, images: Tensor, maps: Sequence[Tensor], odd: Tensor) -> Tensor:
        """Logits at the size of the images.

        Args:
            images: (N, C, S, S) in [0, 1].
            maps: Feature maps of the backbone; the first two are used, (N, C, H, W).
            odd: Map of the memory, (N, S, S) in [0, 1].
        """
        edges = self.stem(images.mean(1, keepdim=True) - 0.5)
        shallow, deep = (unit(values.float()) for unit, values in zip(self.units, maps[:2], strict=True))
        found = self.deep(_joined(deep, odd=odd))
        found = self.middle(_joined(shallow, found, odd=odd))
        found = self.fine(_joined(edges, found, odd=odd))
        logits = F.interpolate(self.out(found), size=images.shape[-2:], mode="bilinear", align_corners=False)
        return logits[:, 0]


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _joined(values: Tensor, *others: Tensor, odd: Tensor) -> Tensor:
    """Maps side by side, all at the size of the first."""
    size = (values.shape[-2], values.shape[-1])
    scaled = [F.interpolate(other, size=size, mode="bilinear", align_corners=False) for other in others]
    return torch.cat([values, *scaled, F.adaptive_avg_pool2d(odd[:, None], size)], 1)


def load_head(tensors: Mapping[str, Tensor], channels: Sequence[int]) -> Head | None:
    """The head of a checkpoint, in eval mode; None when it has none. Raises `RuntimeError` when it does not fit."""
    if not tensors:
        return None
    head = Head(channels)
    whole = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    head.load_state_dict(whole, strict=True)
    head.requires_grad_(False)
    return head.eval()


@dataclass(frozen=True)
class Lessons:
    """What the head learns from: images with masks, and what the model of good parts says of them; on one device."""

    images: Tensor
    """(N, C, S, S), uint8."""
    maps: list[Tensor]
    """Feature maps, each (N, C, H, W)."""
    odd: Tensor
    """(N, S, S), in [0, 1]."""
    masks: Tensor
    """(N, S, S), bool."""

    def __len__(self) -> int:
        return len(self.masks)


class _Student(nn.Module):
    """The head on images that are named by their places, so that the frozen backbone has to see each only once."""

    def __init__(self, head: Head, lessons: Lessons) -> None:
        super().__init__()
        self.head = head
        self._lessons = [lessons]  # in a list: copies of the module shall not copy the images

    def __deepcopy__(self, memo: dict[int, object]) -> _Student:
        twin = _Student(copy.deepcopy(self.head, memo), self._lessons[0])
        return twin.train(self.training)

    def forward(self, rows: Tensor) -> Tensor:
        """Logits (N, S, S) of these images; `-row - 1` stands for the mirrored one.

        Its features are taken for the mirrored features, which they nearly are, and the backbone runs once less.
        """
        lessons, mirrored = self._lessons[0], bool(rows[0] < 0)
        places = -rows - 1 if mirrored else rows
        images = lessons.images[places].float() / 255
        maps, odd = [values[places] for values in lessons.maps], lessons.odd[places]
        if mirrored:
            images, maps, odd = images.flip(-1), [values.flip(-1) for values in maps], odd.flip(-1)
        found: Tensor = self.head(images, maps, odd)
        return found


def loss_of(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross entropy and one minus the soft Dice coefficient of a batch, which few defective pixels do not drown in."""
    wanted = masks.float()
    share = logits.sigmoid()
    dice = (2 * (share * wanted).sum() + 1) / (share.sum() + wanted.sum() + 1)
    return F.binary_cross_entropy_with_logits(logits, wanted) + 1 - dice


def train_head(lessons: Lessons, channels: Sequence[int], epochs: int, seed: int, run: RunContext) -> Head:
    """A head trained on images with masks, of which a fifth chooses the epoch.

    Raises:
        RunCancelled: Somebody asked for it to stop.
    """
    generator = seed_everything(seed)
    head = Head(channels).to(lessons.images.device)
    order = torch.randperm(len(lessons), generator=generator)
    held, learned = order[: max(1, round(HELD_OUT * len(order)))], order[max(1, round(HELD_OUT * len(order))) :]
    size = min(BATCH, len(learned))

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.split(learned[torch.randperm(len(learned), generator=generator)], size):
            if len(rows) < 2:
                continue  # a batch norm needs two
            masks = lessons.masks[rows]
            if torch.rand((), generator=generator) < 0.5:
                yield -rows - 1, masks.flip(-1)
            else:
                yield rows, masks

    def validate(model: nn.Module) -> dict[str, float]:
        with torch.no_grad():
            losses = [loss_of(model(rows), lessons.masks[rows]).item() * len(rows) for rows in torch.split(held, size)]
        return {"validation_loss": float(np.sum(losses) / len(held))}

    steps = -(-len(learned) // size)
    options = LoopOptions(epochs, steps, 3e-3, weight_decay=0.01, ema_decay=0.98)
    best, history = fit(_Student(head, lessons), batches, validate, loss_of, options, run)
    if history.cancelled:
        raise RunCancelled
    return cast(Head, best.head).requires_grad_(False).eval()
