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
from core.data.images import Progress
from core.data.surfaces import PartImages, PartSet, read_parts
from core.device import pick_device
from core.errors import RunCancelled
from core.tasks.anomaly_detection.backbone import Backbone
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.folds import folds_of, renumbered, suspects_of
from core.tasks.anomaly_detection.memory import (
    HeldOut,
    Memory,
    features_of,
    judge,
    judge_held_out,
    remember,
)
from core.training.seeding import seed_everything

QUICK = 1000
"""Patches kept at each scale while suspicious parts are looked for."""
VALIDATION_MIN = 20
"""With so many good parts in a validation split the limit is taken from them; else every part is held out once."""
CORRECTION = "correction//"
"""What the ids of corrections begin with; no path of an image does."""


@dataclass(frozen=True)
class Learned:
    """What was learned from good parts, and how it was found out how they vary."""

    memory: Memory
    held_out: HeldOut
    """Of the good parts that the limit is taken from."""
    from_validation: bool
    """Whether those are the validation split, which the memory knows nothing of; else each was held out once."""
    suspects: tuple[str, ...] = ()
    """Good parts that look like none of the others, the most unlike one first."""
    left_out: int = 0
    """How many of the suspects the memory knows nothing of."""


def stoppable(run: RunContext) -> Progress:
    """Progress that goes to `run`, and ends the work when somebody asked for it."""

    def progress(done: int, total: int) -> None:
        if run.should_stop():
            raise RunCancelled
        run.report(done, total)

    return progress


def read_data(path: Path, config: AnomalyDetectionConfig, run: RunContext) -> PartImages:
    """Read a data set; refuses what the data check blocks."""
    run.stage("read")
    data = read_parts(path, config.image_size, progress=stoppable(run))
    data.report.refuse_if_blocked()
    return replace(data, name=run.data_name or data.name)


def learn(backbone: Backbone, data: PartImages, config: AnomalyDetectionConfig, run: RunContext) -> Learned:
    """Remember the good parts of the training split and judge held-out ones.

    Raises:
        RunCancelled: Somebody asked for it to stop.
    """
    run.stage("look")
    device = pick_device()
    generator = seed_everything(config.seed)
    backbone = backbone.to(device)
    good = data.splits["train"].take(data.splits["train"].good)
    maps = features_of(backbone, good.pixels, device, stoppable(run))
    folds = folds_of(good.groups, config.seed)
    said = corrected(good.ids)
    run.stage("suspects")
    suspects = _suspects(maps, folds, config, generator, stoppable(run))
    suspects = suspects[~said[suspects]]  # a person has looked at corrections
    if config.suspects == "leave_out":
        folds[suspects] = -1
        folds = renumbered(folds)
    run.stage("remember")
    folded = remember(maps, folds, config.bank_size, config.coreset, generator, stoppable(run))
    memory = folded.memory()
    run.stage("hold_out")
    validation = _validation(data)
    if validation is not None:
        found = judge(memory, features_of(backbone, validation.pixels, device, stoppable(run)), config.image_size)
        held_out = HeldOut(found.image, found.maps.amax((1, 2)), found.core)
    else:
        # Corrections were mostly alarms: with them the limit would be that of parts which are odder than good ones are.
        used = np.flatnonzero((folds >= 0) & ~said)
        kept = [values[used] for values in maps]
        held_out = judge_held_out(folded, kept, folds[used], config.image_size, stoppable(run))
    names = tuple(good.ids[place] for place in suspects)
    return Learned(memory.to("cpu"), held_out, validation is not None, names, int((folds < 0).sum()))


def corrected(ids: Sequence[str]) -> NDArray[np.bool_]:
    """Which images (N,) are corrections."""
    return np.array([image_id.startswith(CORRECTION) for image_id in ids], bool)


def _validation(data: PartImages) -> PartSet | None:
    """The good parts of the validation split, when they are enough."""
    found = data.splits.get("validation")
    if found is None or int(found.good.sum()) < VALIDATION_MIN:
        return None
    return found.take(found.good)


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
