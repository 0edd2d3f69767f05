"""One run: read, look at the good parts through a frozen network, remember them, measure how they vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import N_, Message, RunContext
from core.data.duplicates import content_hash
from core.data.images import Progress
from core.data.surfaces import PartImages, PartSet, join_parts, read_parts
from core.device import pick_device
from core.errors import InputRefused
from core.tasks.anomaly_detection.backbone import Backbone
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.folds import folds_of, renumbered, runs_of, suspects_of, told_apart
from core.tasks.anomaly_detection.memory import (
    HeldOut,
    Memory,
    features_of,
    judge_held_out,
    remember,
)
from core.training.run import stoppable
from core.training.seeding import seed_everything

QUICK = 1000
"""Patches kept at each scale while suspicious parts are looked for."""
CORRECTION = "correction//"
"""What the ids of corrections begin with; no path of an image does."""


@dataclass(frozen=True)
class Learned:
    """What was learned from good parts, and how it was found out how they vary."""

    memory: Memory
    held_out: HeldOut
    """Of the good parts that the limit is taken from."""
    held_out_ids: tuple[str, ...]
    """Which images those are."""
    suspects: tuple[str, ...] = ()
    """Good parts that look like none of the others, the most unlike one first."""
    left_out: int = 0
    """How many of the suspects the memory knows nothing of."""


def read_data(path: Path, config: AnomalyDetectionConfig, run: RunContext) -> PartImages:
    """Read a data set; refuses what the data check blocks."""
    run.stage("read")
    data = read_parts(path, config.image_size, progress=stoppable(run))
    data.report.refuse_if_blocked()
    return replace(data, name=run.data_name or data.name)


def learn(backbone: Backbone, data: PartImages, config: AnomalyDetectionConfig, run: RunContext) -> Learned:
    """Remember the good parts and judge each by a memory without it and those taken with it.

    Raises:
        InputRefused: The good parts are copies of one image.
        RunCancelled: Somebody asked for it to stop.
    """
    run.stage("look")
    device = pick_device()
    generator = seed_everything(config.seed)
    backbone = backbone.to(device)
    good = _distinct(_good_parts(data))
    maps = features_of(backbone, good.pixels, device, stoppable(run))
    ids, said, groups = good.ids, corrected(good.ids), told_apart(good.groups)
    del good  # its pixels take more room than all that follows
    run.stage("suspects")
    suspects = _suspects(maps, folds_of(groups, config.seed), config, generator, stoppable(run))
    suspects = suspects[~said[suspects]]  # a person has looked at corrections
    folds = runs_of(groups, ids)
    if config.suspects == "leave_out":
        folds[suspects] = -1
        folds = renumbered(folds)
    run.stage("remember")
    folded = remember(maps, folds, config.bank_size, config.coreset, generator, stoppable(run))
    run.stage("hold_out")
    # Corrections were mostly alarms: with them the limit would be that of parts which are odder than good ones are.
    used = np.flatnonzero((folds >= 0) & ~said)
    if len(used) < len(ids):
        for layer, values in enumerate(maps):  # one after the other: all of them would be there twice
            maps[layer] = values[used]
    held_out = judge_held_out(folded, maps, folds[used], config.image_size, stoppable(run))
    judged, names = (tuple(ids[place] for place in places) for places in (used, suspects))
    return Learned(folded.memory().to("cpu"), held_out, judged, names, int((folds < 0).sum()))


def _good_parts(data: PartImages) -> PartSet:
    """Those of the training split, and of the validation split where it does not have to serve as the test split."""
    names = ("train", "validation") if "test" in data.splits else ("train",)
    found = [data.splits[name] for name in names if name in data.splits]
    return join_parts([parts.take(parts.good) for parts in found])


def _distinct(parts: PartSet) -> PartSet:
    """One image of each that was sent several times: copies are no more parts, and would judge one another."""
    first: dict[bytes, int] = {}
    for place, pixels in enumerate(parts.pixels):
        first.setdefault(content_hash(pixels), place)
    if len(first) < 2:
        raise InputRefused(
            "data.same_part",
            Message(N_("At this size all images of good parts are the same one.")),
            Message(N_("Add images of good parts, each of another part, and send them again.")),
        )
    return parts.take(np.array(list(first.values())))


def corrected(ids: Sequence[str]) -> NDArray[np.bool_]:
    """Which images (N,) are corrections."""
    return np.array([image_id.startswith(CORRECTION) for image_id in ids], bool)


def _suspects(
    maps: list[Tensor],
    folds: NDArray[np.int64],
    config: AnomalyDetectionConfig,
    generator: torch.Generator,
    progress: Progress,
) -> NDArray[np.int64]:
    if int(folds.max()) < 1:
        return np.zeros(0, np.int64)
    folded = remember(maps, folds, min(QUICK, config.bank_size), "random", generator)
    return suspects_of(judge_held_out(folded, maps, folds, config.image_size, progress).scores.numpy())


def suspect_notice(learned: Learned) -> tuple[Message, ...]:
    """What somebody who sent the data has to know of suspicious good parts."""
    if not learned.suspects:
        return ()
    shown = ", ".join(learned.suspects[:5])
    if learned.left_out:
        template = N_(
            "{count} images among the good parts look unlike all others and were left out. Look at them, they may show "
            "defects: {names}"
        )
    else:
        template = N_(
            "{count} images among the good parts look unlike all others. They were learned from all the same; look at "
            "them, they may show defects: {names}"
        )
    return (Message(template, {"count": len(learned.suspects), "names": shown}),)
