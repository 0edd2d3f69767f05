"""Corrections of visitors join what a run learns from: fine parts the memory, marked defects the second network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.contracts import ImageSample, Outline, RunContext
from core.data.marked import mask_of
from core.data.pixels import squeeze
from core.data.surface_check import MASKS_MIN
from core.data.surface_layout import GOOD
from core.data.surfaces import PartImages, PartSet, as_grey
from core.store import pictures
from core.tasks.anomaly_detection.predictor import LABELS
from core.tasks.anomaly_detection.train import CORRECTION
from core.training.run import CORRECTIONS

Pixels = NDArray[np.uint8]

SAME = 2.0
"""Mean distance, of 255, from which on two pictures in the size of a run are different ones.

Kept pictures lie within 0.9 of themselves, good recompressed ones mostly within 2. So do smooth parts before one camera
of each other, of which the distance is that of their noise: their grain has to agree, too.
"""
SAME_GRAIN = 0.2
"""Agreement of the grain, 1 for equal pictures, from which on near ones are the same. Simulated smooth parts, shifted
and lit in several ways, agree to 0.08 at most, kept pictures with themselves to 0.4 or more, recompressed ones to 0.9
(JPEG quality 95, much noise) down to 0.1 (quality 50, hardly any noise, so that nothing of the picture is in it)."""
GRAIN_BLOCK = 8
FLAT = 0.05
"""Spread of the grain below which a block says nothing, such as one of a ground that is all white."""
BLOCKS = 16


@dataclass(frozen=True)
class Joined:
    """How many corrections a run learned from, and why others were left out."""

    used: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number: `measured` as a validation or test image, `label` unknown; of defects `unmarked`, or learning
    from defects is off (`unsupervised`) or has fewer than `MASKS_MIN` of them (`few_masks`)."""


def join_corrections(data: PartImages, run: RunContext, supervised: bool) -> tuple[PartImages, Joined | None]:
    """The data with the run's corrections among the training images; the data themselves and None without any.

    What is fine joins the good parts. A defect joins the defects when it is marked and a second network learns from
    such; the memory of good parts never learns from it.

    Args:
        data: As they were read; what the corrections repeat of their validation or test images is left out.
        run: Whose folder holds the corrections.
        supervised: Whether a second network learns from known defects.
    """
    folder = run.directory / CORRECTIONS
    if not folder.is_dir():
        return data, None
    train = data.splits["train"]
    measured = _Known(
        image for name in ("validation", "test") if name in data.splits for image in data.splits[name].pixels
    )
    left_out: Counter[str] = Counter()
    taken: dict[str, list[_Taken]] = {label: [] for label in LABELS}
    for label, sample in pictures.laid_out(folder):
        pixels = _prepared(sample, train)
        if label not in LABELS:
            left_out["label"] += 1
        elif measured.place_of(pixels) is not None:
            left_out["measured"] += 1
        elif label != GOOD and not sample.marked:
            left_out["unmarked"] += 1
        else:
            taken[label].append(_Taken(sample.name, label, pixels, sample.marked))
    fine, defects = taken.values()
    reason = _against(train, len(defects), supervised)
    if reason:
        left_out[reason] += len(defects)
    joining = fine if reason else [*fine, *defects]
    told = Joined(len(joining), {reason: count for reason, count in left_out.items() if count})
    if not joining:
        return data, told
    return replace(data, splits={**data.splits, "train": _extended(train, joining)}), told


@dataclass(frozen=True)
class _Taken:
    """A correction to learn from, its pixels (S, S, C) as those of the run."""

    name: str
    type: str
    pixels: Pixels
    marked: tuple[Outline, ...]


class _Known:
    """Pictures (S, S, C) among which another one is looked for."""

    def __init__(self, images: Iterable[Pixels]) -> None:
        self.images = list(images)
        self.coarse = np.stack([_coarse(image) for image in self.images]) if self.images else np.zeros((0, 1))

    def place_of(self, pixels: Pixels) -> int | None:
        """Where the picture is, in whatever compression; None when it is new."""
        # Means of blocks differ by no more than their pixels do, so that few pictures have to be compared in full.
        near = np.flatnonzero(np.abs(self.coarse - _coarse(pixels)).mean(axis=1) < SAME) if len(self.images) else ()
        found = (int(at) for at in near if np.abs(self.images[at].astype(np.int16) - pixels).mean() < SAME)
        return next((at for at in found if self._same_grain(at, pixels)), None)

    @cached_property
    def _grain_sum(self) -> NDArray[np.float32]:
        return np.asarray(sum(_grain(image) for image in self.images), np.float32)

    def _same_grain(self, at: int, pixels: Pixels) -> bool:
        """Whether what sets a near picture apart from the other known ones is there in this one, too.

        Compared in every block alone, and the median of all taken: the edges of parts that lie alike agree by chance.
        """
        others = len(self.images) - 1
        if not others:
            return True
        known = _grain(self.images[at])
        usual = (self._grain_sum - known) / others
        own, given = known - usual, _grain(pixels) - usual
        telling = own.std(axis=1) > FLAT
        if not telling.any():
            return True
        own, given = own[telling], given[telling]
        product = (own * given).sum(axis=1) / np.sqrt((own**2).sum(axis=1) * (given**2).sum(axis=1) + 1e-9)
        chance = 1 / (others + 1)  # both lack the same mean of the others, which is noise as well
        return bool((np.median(product) - chance) / (1 - chance) >= SAME_GRAIN)


def _grain(pixels: Pixels) -> NDArray[np.float32]:
    """What is finer than eight pixels of a picture, in blocks of 16 x 16: (blocks, GRAIN_BLOCK * GRAIN_BLOCK)."""
    half = len(pixels) // 2
    fine = pixels.reshape(half, 2, half, 2, -1).mean(axis=(1, 3, 4), dtype=np.float32)
    local = fine.reshape(half // 4, 4, half // 4, 4)
    count = half // GRAIN_BLOCK
    blocks = (local - local.mean(axis=(1, 3), keepdims=True)).reshape(count, GRAIN_BLOCK, count, GRAIN_BLOCK)
    return np.asarray(blocks.transpose(0, 2, 1, 3).reshape(count**2, -1), np.float32)


def _coarse(pixels: Pixels) -> NDArray[np.float32]:
    """Means of `BLOCKS` x `BLOCKS` equal blocks, flat."""
    side = len(pixels) // BLOCKS
    blocks = pixels.reshape(BLOCKS, side, BLOCKS, side, -1).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(blocks.ravel())


def _against(train: PartSet, count: int, supervised: bool) -> str:
    """Why marked defects teach nothing; empty when they do."""
    if not supervised:
        return "unsupervised"
    known = int((~train.good & train.has_mask).sum())
    return "few_masks" if known + count < MASKS_MIN else ""


def _prepared(sample: ImageSample, train: PartSet) -> Pixels:
    """A correction (S, S, C) in the size and the channels of the run."""
    small = squeeze(sample.pixels, train.pixels.shape[1])
    return as_grey(small) if train.pixels.shape[3] == 1 else small


def _extended(train: PartSet, joining: Sequence[_Taken]) -> PartSet:
    side, groups = train.pixels.shape[1], list(train.groups)
    known = _Known(train.pixels)
    for entry in joining:  # what repeats a training image shares its fold, or neither would be held out
        place = known.place_of(entry.pixels)
        groups.append(max(groups) + 1 if place is None else groups[place])
    return PartSet(
        np.concatenate([train.pixels, np.stack([entry.pixels for entry in joining])]),
        np.concatenate([train.types, np.array([entry.type for entry in joining])]),
        np.concatenate([train.masks, np.stack([mask_of(entry.marked, side) for entry in joining])]),
        np.concatenate([train.has_mask, np.ones(len(joining), bool)]),
        train.ids + tuple(CORRECTION + entry.name for entry in joining),
        np.array(groups, np.int64),
        None if train.hashes is None else np.append(train.hashes, [""] * len(joining)),
    )
