"""What a run can find out besides its model: how much the seed matters, whether it overfits, what the test showed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.contracts import Evaluation, RunContext
from core.data import examples
from core.data.images import ImageSet, LabelledImages
from core.device import pick_device
from core.errors import RunCancelled
from core.store.files import MANIFEST, write_whole
from core.store.sealed import name_file
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.forward import outputs_of
from core.tasks.image_classification.head import head_inputs
from core.tasks.image_classification.model import Preprocessing, Start
from core.tasks.image_classification.train import build_start, learned_before, train_network
from core.training.diagnosis import Curve, Rows, diagnose, learning_curve
from core.training.metrics import classification_summary
from core.training.seeding import seed_everything
from core.training.snapshot import FOLDER

SEED_FIGURES = "seeds.json"
"""In the folder of snapshots: the figures of the seeds that are done, so that a run that goes on skips them."""
ROWS = 2000
"""Images of a split that a diagnosis looks at; more would cost minutes and say little more."""


def add_studies(
    folder: Path, network: nn.Module, data: LabelledImages, config: ImageClassificationConfig, run: RunContext
) -> None:
    """Do the studies that the options ask for and note them in the manifest of the checkpoint `folder`.

    Args:
        folder: A checkpoint with its manifest.
        network: Its network, as trained.
        data: What it was trained on.
        config: The options of the run.
        run: Told about progress; asked whether to stop.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    known = manifest["preprocessing"]
    preprocessing = Preprocessing(known["size"], tuple(known["mean"]), tuple(known["std"]))
    found: dict[str, Any] = {}
    if config.seeds > 1:
        found["seeds"] = seed_spread(network, preprocessing, data, config, run)
    if config.diagnose:
        run.stage("diagnose")
        found["diagnosis"] = _diagnosis(network, preprocessing, data, config, run)
    if found:
        write_whole(folder / MANIFEST, json.dumps(manifest | found, indent=1) + "\n")


def seed_spread(
    network: nn.Module,
    preprocessing: Preprocessing,
    data: LabelledImages,
    config: ImageClassificationConfig,
    run: RunContext,
) -> dict[str, list[float]]:
    """Figures on the test images by metric: of `network` first, then of trainings that differ in nothing but the seed.

    The split stays that of the first seed, and classes are decided by the highest score, so the figures can differ a
    little from those of the evaluation, which decides at the operating point. Nothing is chosen by them.
    """
    run.stage("seeds")
    kept = run.directory / FOLDER / SEED_FIGURES
    measured: list[dict[str, float]] = json.loads(kept.read_text("utf-8")) if kept.exists() else []
    test = data.splits["test"]
    for number in range(len(measured), config.seeds):
        if number:
            other = replace(config, seed=config.seed + number)
            seed_everything(other.seed)
            start = build_start(other, len(data.labels))
            network = train_network(
                start, data.splits["train"], data.splits["validation"], other, run, f"seed-{number + 1}"
            )
            preprocessing = start.preprocessing
        measured.append(_figures(network, preprocessing, test))
        write_whole(kept, json.dumps(measured))
    return {name: [entry[name] for entry in measured if name in entry] for name in measured[0]}


def keep_test_pictures(folder: Path, images: ImageSet, evaluation: Evaluation) -> None:
    """Keep small pictures of the test images with the checkpoint, those that were answered wrong first."""
    place = {image_id: row for row, image_id in enumerate(images.ids)}
    wrong_first = np.argsort(np.asarray(evaluation.table["truth"] == evaluation.table["prediction"]), kind="stable")
    ids = [str(evaluation.table["id"][row]) for row in wrong_first]
    examples.keep(folder, ids, images.pixels[[place[image_id] for image_id in ids]])
    name_file(folder, examples.EXAMPLES)


def _figures(network: nn.Module, preprocessing: Preprocessing, images: ImageSet) -> dict[str, float]:
    _, logits = outputs_of(network, preprocessing, images.pixels, pick_device())
    scores = torch.softmax(torch.from_numpy(logits), 1).numpy()
    summary = classification_summary(images.targets, scores.argmax(1), scores)
    return {name: summary[name].value for name in ("accuracy", "auroc") if name in summary}


def _diagnosis(
    network: nn.Module,
    preprocessing: Preprocessing,
    data: LabelledImages,
    config: ImageClassificationConfig,
    run: RunContext,
) -> Mapping[str, Any]:
    train, validation = (_some(data.splits[name], config.seed) for name in ("train", "validation"))

    def right(images: ImageSet) -> NDArray[np.bool_]:
        _going_on(run)
        logits = outputs_of(network, preprocessing, images.pixels, pick_device())[1]
        return np.asarray(logits.argmax(axis=1) == images.targets)

    frozen = _frozen(data, config)
    curve = None if frozen is None else _curve(frozen, train, validation, config.seed, run)
    return diagnose(right(train), right(validation), curve).as_dict()


def _curve(start: Start, train: ImageSet, validation: ImageSet, seed: int, run: RunContext) -> Curve:
    network = start.network.to(pick_device())
    rows = [
        Rows(head_inputs(network, start.preprocessing, images.pixels, run), images.targets)
        for images in (train, validation)
    ]
    return learning_curve(rows[0], rows[1], start.architecture, seed, lambda: _going_on(run))


def _frozen(data: LabelledImages, config: ImageClassificationConfig) -> Start | None:
    """A network whose features never saw the labels of these images: the hub's, or our own where it is another's data.

    What a run has just trained will not do: it has learned from all the training images, so that parts of them would
    seem to be enough.
    """
    hub = config.pretrained == "hub"
    if not hub and learned_before(data):
        return None
    chosen = config if hub else replace(config, pretrained="bundled", architecture="")
    return build_start(chosen, len(data.labels))


def _some(images: ImageSet, seed: int) -> ImageSet:
    rows = np.random.default_rng(seed).permutation(len(images))[:ROWS]
    return images.take(np.sort(rows))


def _going_on(run: RunContext) -> None:
    if run.should_stop():
        raise RunCancelled
