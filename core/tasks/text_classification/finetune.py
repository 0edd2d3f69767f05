"""Training a Transformer on labelled texts: its last layer, small added weights, all weights, or nothing at all."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.contracts import RunContext
from core.data.texts import LabelledTexts, TextSet
from core.device import autocast, pick_device
from core.errors import RunCancelled
from core.tasks.text_classification.calibrate import LEAST_TEXTS, fit_calibrations, limits_of
from core.tasks.text_classification.config import RATES, TextClassificationConfig
from core.tasks.text_classification.manifest import Origin
from core.tasks.text_classification.model import CALIBRATED, LengthCalibration
from core.tasks.text_classification.pretrained import Start, load_start
from core.tasks.text_classification.sources import Source, find_source
from core.tasks.text_classification.transformer import (
    TextTokens,
    TokenReading,
    TransformerModel,
    alike,
    parameters_of,
    share_read,
)
from core.tasks.text_classification.transformer_checkpoint import halve, write_checkpoint
from core.training.loop import LoopOptions, fit
from core.training.seeding import seed_everything
from core.training.snapshot import FOLDER, NETWORK, Snapshot

CHANGEABLE = ("epochs", "learning_rate", "clip_norm", "patience")
"""Options that a run may change when it goes on from a snapshot."""
BATCHES_ALIKE = 50
"""Batches' worth of texts among which those of like lengths come into one batch: less filling, still by chance."""
MINOR = 0.1
"""Share of the validation texts from which a language counts as measured, however few they are."""
UNCALIBRATED = dict.fromkeys(CALIBRATED, LengthCalibration(1.0, 0.0, 0.0))


@dataclass(frozen=True)
class Rows:
    """Tokens of labelled texts."""

    tokens: Sequence[Sequence[int]]
    targets: NDArray[np.int64]
    cut: int
    """Texts of which only the beginning was read."""


def fetch(config: TextClassificationConfig, run: RunContext) -> Source:
    """The files of the Transformer that `config` names, on this machine from then on; raises as `find_source`."""
    return find_source(config.transformer, watch=_watch(run))


def train_checkpoint(data: LabelledTexts, config: TextClassificationConfig, run: RunContext, command: str) -> Path:
    """Train on texts in three parts and write the checkpoint folder, whose figures `measure` adds.

    Raises:
        InputRefused, NetworkUnavailable, ModelRefused: The Transformer cannot be had, see `find_source`, `load_start`.
        RunCancelled: Somebody asked for it to stop.
        JobError: The training diverged, or the snapshot belongs to another run.
    """
    source = fetch(config, run)
    generator, device = seed_everything(config.seed), pick_device()
    start = load_start(source, config.max_length, tuned=config.tuning != "none")
    rows = {part: rows_of(start.tokens, data.splits[part]) for part in ("train", "validation")}
    figures = {"cut": rows["train"].cut, "parameters": parameters_of(start.module)["parameters"], "trained": 0}
    if config.tuning != "none":
        run.stage("train")
        figures |= tune(start, rows, config, run, generator)
    run.stage("calibrate")
    halve(start.module)
    validation = data.splits["validation"]
    model = TransformerModel(start.module.to(device).eval(), start.tokens, UNCALIBRATED, device)
    reading = model.read(validation.texts)
    calibrations = fit_calibrations(reading, validation.targets, validation.sources)
    model = TransformerModel(model.module, start.tokens, calibrations, device)
    limits = limits_of(reading, model.log_odds(reading), validation.targets)
    folder = run.directory / "checkpoint"
    origin = Origin(data, config, command, figures, start.sha256)
    write_checkpoint(folder, model, limits, languages_read(reading), origin, source)
    return folder


def languages_read(reading: TokenReading) -> frozenset[str]:
    """Languages with so many validation texts that the calibration holds for them."""
    names, counts = np.unique(reading.languages, return_counts=True)
    return frozenset(
        str(name)
        for name, count in zip(names, counts, strict=True)
        if count >= min(LEAST_TEXTS, MINOR * len(reading.languages))
    )


def rows_of(tokens: TextTokens, texts: TextSet) -> Rows:
    """Tokens of the texts of a part, in their order."""
    found = tokens.encode(texts.texts)
    return Rows([encoding.ids for encoding in found], texts.targets, sum(share_read(each) < 1 for each in found))


def tune(
    start: Start, rows: dict[str, Rows], config: TextClassificationConfig, run: RunContext, generator: torch.Generator
) -> dict[str, int]:
    """Train the network of `start` in place; returns how much of it was trained, and for how long.

    Of `rows`, those of `train` teach and those of `validation` choose the epoch.
    """
    device = pick_device()
    choose_weights(start, config)
    trained = parameters_of(start.module)["trained"]
    module, train = start.module.to(device), rows["train"]
    batches = Batches(start.tokens, train, min(config.batch_size, len(train.tokens)), generator, device)
    weight = _class_weights(train.targets).to(device) if config.class_weights else None
    loss = nn.CrossEntropyLoss(weight=weight, label_smoothing=config.label_smoothing)
    options = LoopOptions(
        epochs=config.epochs,
        steps_per_epoch=batches.steps,
        learning_rate=config.learning_rate or RATES[config.tuning],
        weight_decay=config.weight_decay,
        warmup_epochs=config.warmup_share * config.epochs,
        schedule=config.schedule,
        clip_norm=config.clip_norm,
        early_stopping=config.patience,
    )
    validate = _validation(start.tokens, rows["validation"], device)
    snapshot = Snapshot(run.directory / FOLDER / NETWORK, _identity(start, rows, config), [generator])
    best, history = fit(module, batches, validate, loss, options, run, snapshot=snapshot)
    if history.cancelled:
        raise RunCancelled
    start.module.load_state_dict(best.state_dict())
    if config.tuning == "lora":
        start.module.network = start.module.network.merge_and_unload()  # type: ignore[operator]
    return {"trained": trained, "epochs": history.epochs, "best_epoch": history.best_epoch, "steps": history.step}


def choose_weights(start: Start, config: TextClassificationConfig) -> None:
    """Say which weights of the network are trained; small ones are added for LoRA.

    The last layer, and what the files lacked, is trained in every case.
    """
    network: Any = start.module.network
    base = f"{network.base_model_prefix}."
    new = [entry for name, entry in network.named_parameters() if not name.startswith(base) or name in start.fresh]
    if config.tuning == "lora":
        from peft import LoraConfig, get_peft_model

        linear = [f"{base}{name}" for name, part in network.base_model.named_modules() if isinstance(part, nn.Linear)]
        lora = LoraConfig(r=config.lora_rank, lora_alpha=2 * config.lora_rank, lora_dropout=0.1, target_modules=linear)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by a name that it is about to drop
            start.module.network = get_peft_model(network, lora)
    elif config.tuning == "head":
        network.requires_grad_(False)
    for entry in new:
        entry.requires_grad_(True)


class Batches:
    """Batches of an epoch: texts of like lengths together, in an order of chance; called once an epoch."""

    def __init__(self, tokens: TextTokens, rows: Rows, size: int, generator: torch.Generator, device: str) -> None:
        self.tokens, self.rows, self.size, self.generator, self.device = tokens, rows, size, generator, device
        self.steps = math.ceil(len(rows.tokens) / size)

    def __call__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Tokens (B, T) and targets (B,) on the device."""
        lengths = torch.tensor([len(row) for row in self.rows.tokens])
        order = torch.randperm(len(lengths), generator=self.generator)
        stretches = torch.split(order, self.size * BATCHES_ALIKE)
        batches = [
            batch
            for stretch in stretches
            for batch in torch.split(stretch[torch.argsort(lengths[stretch], stable=True)], self.size)
        ]
        for place in torch.randperm(len(batches), generator=self.generator).tolist():
            chosen = batches[place].tolist()
            inputs = self.tokens.padded([self.rows.tokens[row] for row in chosen], self.device)
            yield inputs, torch.from_numpy(self.rows.targets[chosen]).to(self.device)


def _validation(tokens: TextTokens, rows: Rows, device: str) -> Callable[[nn.Module], dict[str, float]]:
    targets = torch.from_numpy(rows.targets)

    @torch.inference_mode()
    def validate(module: nn.Module) -> dict[str, float]:
        logits = torch.zeros(len(targets), 2)
        for places in alike([len(row) for row in rows.tokens]):
            with autocast(device):
                found = module(tokens.padded([rows.tokens[place] for place in places], device))
            logits[torch.from_numpy(places)] = found.float().cpu()
        loss, right = F.cross_entropy(logits, targets), (logits.argmax(dim=1) == targets).float().mean()
        return {"validation_loss": float(loss), "validation_accuracy": float(right)}

    return validate


def _class_weights(targets: NDArray[np.int64]) -> Tensor:
    """Weights that give both classes the same say, (2,)."""
    counts = np.maximum(np.bincount(targets, minlength=2), 1)
    return torch.tensor(len(targets) / (2 * counts), dtype=torch.float32)


def _identity(start: Start, rows: dict[str, Rows], config: TextClassificationConfig) -> dict[str, Any]:
    """What must be the same for a run to go on from its snapshot."""
    digest = hashlib.sha256(start.sha256.encode())
    for part in rows.values():
        digest.update(np.ascontiguousarray(part.targets).data)
        for row in part.tokens:
            digest.update(np.array(row, np.int64).data)
    return {"data": digest.hexdigest()} | {
        name: value for name, value in vars(config).items() if name not in CHANGEABLE
    }


def _watch(run: RunContext) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if run.should_stop():
            raise RunCancelled
        run.report(done, total)

    return told
