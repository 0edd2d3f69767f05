"""Cross-validation: the same training on several parts of the images, for the spread of its figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from core.contracts import N_, Message, RunContext
from core.data.images import ImageSet, LabelledImages
from core.device import pick_device
from core.errors import InputRefused
from core.store.files import write_whole
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.forward import outputs_of
from core.tasks.image_classification.train import build_start, learned_before, train_network
from core.training.metrics import classification_summary
from core.training.seeding import seed_everything
from core.training.snapshot import FOLDER

CHOOSING_PARTS = 8
FIGURES = "figures.json"
"""In the folder of snapshots: the figures of the folds that are done, so that a run that goes on skips them."""


def cross_validate(
    data: LabelledImages, path: Path, config: ImageClassificationConfig, run: RunContext
) -> dict[str, list[float]]:
    """Train on all but one part of train and validation together, measure on that part, for every part.

    Raises:
        InputRefused: `path` holds what the network to start from has learned, in whatever form.
    """
    if config.pretrained == "bundled" and learned_before(data, path):
        raise InputRefused(
            "train.folds_leak",
            Message(N_("Our own network was trained on these images, so folds of them would measure nothing.")),
            Message(N_("Start from random weights, or choose a single split.")),
        )
    run.stage("cross-validate")
    pool = _joined(data.splits["train"], data.splits["validation"])
    kept = run.directory / FOLDER / FIGURES
    measured: list[dict[str, float]] = json.loads(kept.read_text("utf-8")) if kept.exists() else []
    folds = StratifiedGroupKFold(config.folds, shuffle=True, random_state=config.seed)
    for number, (rest, held_out) in enumerate(folds.split(pool.targets, pool.targets, pool.groups)):
        if number >= len(measured):
            measured.append(_fold(pool, rest, held_out, config, run, number))
            write_whole(kept, json.dumps(measured))
    return {name: [entry[name] for entry in measured if name in entry] for name in measured[0]}


def _fold(
    pool: ImageSet,
    rest: NDArray[np.int64],
    held_out: NDArray[np.int64],
    config: ImageClassificationConfig,
    run: RunContext,
    number: int,
) -> dict[str, float]:
    """Figures on one part of the images, of a network that was trained on the rest."""
    seed_everything(config.seed)
    start = build_start(config, int(pool.targets.max()) + 1)
    part, rest_of = pool.take(held_out), pool.take(rest)
    # A part of the rest chooses the epoch, so that the fold itself only measures.
    inner = StratifiedGroupKFold(CHOOSING_PARTS, shuffle=True, random_state=config.seed)
    learning, choosing = next(inner.split(rest_of.targets, rest_of.targets, rest_of.groups))
    keep = f"fold-{number + 1}"
    network = train_network(start, rest_of.take(learning), rest_of.take(choosing), config, run, keep)
    _, logits = outputs_of(network, start.preprocessing, part.pixels, pick_device())
    scores = torch.softmax(torch.from_numpy(logits), 1).numpy()
    summary = classification_summary(part.targets, scores.argmax(1), scores)
    return {name: summary[name].value for name in ("accuracy", "auroc") if name in summary}


def _joined(first: ImageSet, second: ImageSet) -> ImageSet:
    return ImageSet(
        np.concatenate([first.pixels, second.pixels]),
        np.concatenate([first.targets, second.targets]),
        first.ids + second.ids,
        np.concatenate([first.groups, second.groups]),
    )
