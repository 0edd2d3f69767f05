"""One training run: read, start from known weights, train, calibrate on validation, measure on test, write a folder."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.contracts import N_, Message, RunContext
from core.data.catalog import called_like, shares_source
from core.data.images import ImageSet, LabelledImages, read_labelled_images
from core.data.splits import split
from core.device import pick_device, place
from core.errors import InputRefused, RunCancelled
from core.settings import settings
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.forward import as_batch, outputs_of
from core.tasks.image_classification.head import fit_head
from core.tasks.image_classification.model import (
    Checkpoint,
    Preprocessing,
    Start,
    build_network,
    load_hub_network,
    load_network,
    read_checkpoint,
)
from core.training.augment import STRENGTHS, augment
from core.training.loop import LoopOptions, fit
from core.training.seeding import seed_everything
from core.training.snapshot import FOLDER, Snapshot

BUNDLED = "medical/bundled"
DEFAULT_ARCHITECTURE = "resnet10t"
DEFAULT_SIZE = 112
CHANGEABLE = ("epochs", "learning_rate", "clip_norm", "early_stopping")
"""Options that a run may change when it goes on from a snapshot."""
AUTO_STEPS = 600
"""With few images the run looks at them more often, until it has made about this many steps."""


def _bundled() -> Checkpoint:
    return read_checkpoint(settings().assets / "models" / BUNDLED, "image_classification")


def bundled_manifest() -> Mapping[str, Any]:
    """What our own network's manifest says."""
    return _bundled().manifest


def learned_before(data: LabelledImages, path: Path | None = None) -> bool:
    """Whether our own network has learned these images, in whatever form; `path` is where they were read.

    Pictures that were uploaded in another form under another name are not recognised.
    """
    known = bundled_manifest()["data"]
    name = str(known["name"])
    same = data.fingerprint == known["fingerprint"] or called_like(data.name, name)
    return same or (path is not None and shares_source(path, name))


def input_size(network: nn.Module, asked: int, usual: int) -> int:
    """Side of the input in pixels: as asked, else the usual one, else the only one that the architecture takes.

    Raises:
        InputRefused: The architecture takes one size only, and another one was asked for.
    """
    known: Mapping[str, Any] = getattr(network, "pretrained_cfg", None) or {}
    if not known.get("fixed_input_size"):
        return asked or usual
    fixed = int(known["input_size"][-1])
    if asked not in (0, fixed):
        raise InputRefused(
            "config.image_size",
            Message(
                N_("This architecture takes images of {fixed} px only, not {asked}."), {"fixed": fixed, "asked": asked}
            ),
            Message(N_("Set the image size to 0 or to that figure.")),
        )
    return fixed


def build_start(config: ImageClassificationConfig, n_classes: int) -> Start:
    """The network of a run, as its config names it.

    Raises:
        InputRefused: The architecture is unknown, or the bundled weights have another one.
        NetworkUnavailable: Hub weights are neither cached nor reachable.
    """
    if config.pretrained == "hub":
        if not config.architecture:
            raise InputRefused(
                "config.architecture",
                Message(N_("Weights from the model hub need the name of an architecture.")),
                Message(N_("Name one, for example mobilenetv3_small_100 or resnet18.")),
            )
        start = load_hub_network(config.architecture, n_classes, config.dropout)
        size = input_size(start.network, config.image_size, start.preprocessing.size)
        return replace(start, preprocessing=replace(start.preprocessing, size=size))
    half = (0.5, 0.5, 0.5)
    if config.pretrained == "none":
        name = config.architecture or DEFAULT_ARCHITECTURE
        network = build_network(name, n_classes, config.dropout)
        size = input_size(network, config.image_size, DEFAULT_SIZE)
        return Start(network, Preprocessing(size, half, (0.25, 0.25, 0.25)), name)
    checkpoint = _bundled()
    name, known = str(checkpoint.manifest["architecture"]), checkpoint.manifest["preprocessing"]
    if config.architecture not in ("", name):
        raise InputRefused(
            "config.architecture",
            Message(N_("Our own network is a {found}, not a {asked}."), {"found": name, "asked": config.architecture}),
            Message(N_("Start from the hub's weights or from random weights to use another architecture.")),
        )
    size = config.image_size or known["size"]
    preprocessing = Preprocessing(size, tuple(known["mean"]), tuple(known["std"]))
    network = load_network(checkpoint, n_classes, config.dropout)
    return Start(network, preprocessing, name, checkpoint.manifest.get("model_args", {}))


def read_splits(path: Path, size: int, seed: int, run: RunContext) -> LabelledImages:
    """Read a data set with train, validation and test splits; refuses what the data check blocks."""
    run.stage("read")

    def progress(done: int, total: int) -> None:
        if run.should_stop():
            raise RunCancelled
        run.report(done, total)

    data = read_labelled_images(path, size, progress=progress)
    data.report.refuse_if_blocked()
    return with_every_class(split(data, seed=seed))


def with_every_class(data: LabelledImages) -> LabelledImages:
    """The data itself; raises `InputRefused` when a class is missing where something is learned from it."""
    for name in ("train", "validation"):
        missing = sorted(set(range(len(data.labels))) - set(data.splits[name].targets.tolist()))
        if missing:
            raise InputRefused(
                "data.class_missing",
                Message(
                    N_("The {split} images hold none of the class {label}."),
                    {"split": name, "label": data.labels[missing[0]]},
                ),
                Message(N_("Add images of that class, or leave the split out and let the program make one.")),
            )
    return data


def class_weights(targets: NDArray[np.int64], n_classes: int) -> Tensor:
    """Weights that give every class the same say, (K,)."""
    counts = np.maximum(np.bincount(targets, minlength=n_classes), 1)
    return torch.tensor(len(targets) / (n_classes * counts), dtype=torch.float32)


def _options(config: ImageClassificationConfig, steps: int) -> LoopOptions:
    return LoopOptions(
        epochs=config.epochs or max(12, min(100, math.ceil(AUTO_STEPS / steps))),
        steps_per_epoch=steps,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        warmup_epochs=config.warmup_epochs,
        schedule=config.schedule,
        clip_norm=config.clip_norm,
        early_stopping=config.early_stopping,
    )


def kept_run(
    folder: Path,
    train: ImageSet,
    validation: ImageSet,
    config: ImageClassificationConfig,
    generator: torch.Generator,
) -> Snapshot:
    """The snapshot of a run on these images; another run's is refused when it is loaded."""
    digest = hashlib.sha256()
    for part in (train, validation):
        digest.update(np.ascontiguousarray(part.pixels).data)
        digest.update(np.ascontiguousarray(part.targets).data)
    fixed = {name: value for name, value in vars(config).items() if name not in CHANGEABLE}
    return Snapshot(folder, {"data": digest.hexdigest(), **fixed}, [generator])


def train_network(
    start: Start,
    train: ImageSet,
    validation: ImageSet,
    config: ImageClassificationConfig,
    run: RunContext,
    keep: str = "",
) -> nn.Module:
    """Train the whole network, or its head alone in quick mode.

    Args:
        start: Network to begin with.
        train: Images to learn from.
        validation: Images that choose the epoch.
        config: How to train.
        run: Where progress goes.
        keep: Name of the snapshot that the run goes on from and leaves; empty for none. Quick mode is over so soon
            that it leaves none.

    Raises:
        RunCancelled: somebody asked for it to stop.
        JobError: the training diverged, or the snapshot belongs to another run.
    """
    device = pick_device()
    network = place(start.network, device)
    if config.mode == "quick":
        return fit_head(network, start.preprocessing, train, validation, config, run).network
    n_classes = int(network.num_classes)
    generator = seed_everything(config.seed)
    weight = class_weights(train.targets, n_classes).to(device) if config.class_weights else None
    size = min(config.batch_size, len(train.targets))
    steps = len(train.targets) // size
    targets = torch.from_numpy(train.targets)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(targets), generator=generator)
        for rows in torch.split(order[: steps * size], size):
            images = augment(as_batch(train.pixels[rows.numpy()], device), STRENGTHS[config.augmentation], generator)
            yield start.preprocessing.normalise(images), targets[rows].to(device)

    def validate(model: nn.Module) -> dict[str, float]:
        _, logits = outputs_of(model, start.preprocessing, validation.pixels, device)
        loss = F.cross_entropy(torch.from_numpy(logits), torch.from_numpy(validation.targets))
        accuracy = float((logits.argmax(1) == validation.targets).mean())
        return {"validation_loss": float(loss), "validation_accuracy": accuracy}

    loss = nn.CrossEntropyLoss(weight=weight, label_smoothing=config.label_smoothing)
    folder = run.directory / FOLDER / keep
    snapshot = kept_run(folder, train, validation, config, generator) if keep else None
    trained, history = fit(network, batches, validate, loss, _options(config, steps), run, snapshot=snapshot)
    if history.cancelled:
        raise RunCancelled
    return trained
