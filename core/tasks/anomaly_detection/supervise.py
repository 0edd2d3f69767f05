"""Which images the second network learns from, and what it is shown of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from core.contracts import N_, Message, RunContext
from core.data.surface_check import MASKS_MIN
from core.data.surfaces import PartSet
from core.errors import InputRefused
from core.tasks.anomaly_detection.checkpoint import Trained
from core.tasks.anomaly_detection.head import Lessons, train_head
from core.tasks.anomaly_detection.memory import features_of, judge
from core.tasks.anomaly_detection.predictor import AnomalyPredictor
from core.training.run import stoppable


def supervise(trained: Trained, predictor: AnomalyPredictor, run: RunContext) -> Trained:
    """Add a head to what was learned from good parts.

    It learns from the defects with masks of the training split and as many good parts. Where that holds none, it
    takes half of the test images; nothing is measured on those any more.

    Raises:
        InputRefused: There are too few images with masks.
        RunCancelled: Somebody asked for it to stop.
    """
    config, splits = trained.config, trained.data.splits
    random = np.random.default_rng(config.seed)
    lessons, taken = _usable(splits["train"], random), ()
    if not (~lessons.good).any() and "test" in splits:
        half = _half(splits["test"], random)
        lessons, taken = splits["test"].take(half), tuple(splits["test"].ids[row] for row in half)
    if int((~lessons.good).sum()) < MASKS_MIN:
        raise InputRefused(
            "data.few_masks",
            Message(
                N_("There are {count} images of defects with masks to learn from; at least {limit} are needed."),
                {"count": int((~lessons.good).sum()), "limit": MASKS_MIN},
            ),
            Message(N_("Add masks, or switch learning from known defects off.")),
        )
    run.stage("look")
    maps = features_of(predictor.backbone, lessons.pixels, predictor.device, stoppable(run))
    odd = predictor.map_scaling.score(judge(predictor.memory, maps, predictor.size).maps.numpy())
    shown = Lessons(
        torch.from_numpy(np.ascontiguousarray(lessons.pixels)).permute(0, 3, 1, 2).to(predictor.device),
        maps,
        torch.from_numpy(odd).float().to(predictor.device),
        torch.from_numpy(lessons.masks).to(predictor.device),
    )
    run.stage("outline")
    head = train_head(shown, predictor.backbone.channels, config.epochs, config.seed, run)
    shown_as = () if lessons.hashes is None else tuple(sorted({str(known) for known in lessons.hashes if known}))
    return replace(trained, head=head, supervised_ids=taken, supervised_hashes=shown_as)


def _usable(parts: PartSet, random: np.random.Generator) -> PartSet:
    """The defects with masks and as many good parts, drawn at random."""
    defects = np.flatnonzero(~parts.good & parts.has_mask)
    good = random.permutation(np.flatnonzero(parts.good))[: len(defects)]
    return parts.take(np.sort(np.concatenate([defects, good])))


def _half(parts: PartSet, random: np.random.Generator) -> NDArray[np.int64]:
    """Every other image with a mask of each type, in random order."""
    chosen = []
    for kind in np.unique(parts.types):
        rows = random.permutation(np.flatnonzero((parts.types == kind) & parts.has_mask))
        chosen.append(rows[: len(rows) // 2])
    return np.sort(np.concatenate(chosen))
