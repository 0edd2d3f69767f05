"""Corrections of visitors join the training images of a run, and nothing else of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.duplicates import content_hash, duplicate_groups, thumbnail
from core.data.images import ImageSet, LabelledImages
from core.data.pixels import is_grey, squeeze
from core.store import pictures
from core.training.run import CORRECTIONS

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Joined:
    """How many corrections a run learned from, and why others were left out."""

    used: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number: `measured` as a validation or test image, `label` unknown, `colour` while the data are grey."""


def join_corrections(data: LabelledImages, run: RunContext) -> tuple[LabelledImages, Joined | None]:
    """The data with the run's corrections among the training images; the data themselves and None without any.

    A picture that equals or nearly equals a validation or test image is left out: the figures would be too good.
    Names of classes are matched without case.
    """
    folder = run.directory / CORRECTIONS
    if not folder.is_dir():
        return data, None
    train = data.splits["train"]
    size, channels = train.pixels.shape[1], train.pixels.shape[3]
    target_of = {label.strip().casefold(): target for target, label in enumerate(data.labels)}
    left_out: Counter[str] = Counter()
    found: list[tuple[str, int, Pixels]] = []
    for label, sample in pictures.laid_out(folder):
        pixels, target = sample.pixels, target_of.get(label.strip().casefold())
        grey = is_grey(pixels)
        if target is None or (channels == 1 and not grey):
            left_out["label" if target is None else "colour"] += 1
            continue
        small = squeeze(pixels, size)
        found.append((sample.name, target, small[..., :1] if channels == 1 else small))
    fresh = [entry for entry, known in zip(found, _measured(data, found), strict=True) if not known]
    left_out["measured"] += len(found) - len(fresh)
    told = Joined(len(fresh), {reason: count for reason, count in left_out.items() if count})
    if not fresh:
        return data, told
    return replace(data, splits={**data.splits, "train": _extended(train, fresh)}), told


def _measured(data: LabelledImages, found: list[tuple[str, int, Pixels]]) -> list[bool]:
    """Which of the corrections repeat a validation or test image, all compared in the size of the run."""
    if not found:
        return []
    held = [image for part in ("validation", "test") for image in data.splits[part].pixels]
    images = [_three(image) for image in (*held, *(pixels for *_, pixels in found))]
    _, groups = duplicate_groups([content_hash(each) for each in images], np.stack([thumbnail(e) for e in images]))
    return list(np.isin(groups[len(held) :], groups[: len(held)]))


def _three(pixels: Pixels) -> Pixels:
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3)) if pixels.shape[-1] == 1 else pixels


def _extended(train: ImageSet, fresh: list[tuple[str, int, Pixels]]) -> ImageSet:
    first = int(train.groups.max()) + 1
    return ImageSet(
        np.concatenate([train.pixels, np.stack([pixels for *_, pixels in fresh])]),
        np.concatenate([train.targets, np.array([target for _, target, _ in fresh], np.int64)]),
        train.ids + tuple(f"correction/{name}" for name, *_ in fresh),
        np.concatenate([train.groups, np.arange(first, first + len(fresh))]),
    )
