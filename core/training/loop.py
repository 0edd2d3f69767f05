"""The one gradient loop: plain PyTorch, one function that can be read from top to bottom."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from timm.utils import ModelEmaV3
from torch import Tensor, nn

from core.contracts import N_, Message, RunContext
from core.device import autocast
from core.errors import JobError

Batches = Callable[[], Iterable[tuple[Tensor, Tensor]]]
REPORT_EVERY_S = 0.5


@dataclass(frozen=True)
class LoopOptions:
    """How to step; see `ImageClassificationConfig` for the meaning of each in words."""

    epochs: int
    steps_per_epoch: int
    learning_rate: float
    weight_decay: float = 0.05
    warmup_epochs: float = 1.0
    schedule: str = "cosine"
    clip_norm: float = 2.0
    early_stopping: int = 0
    ema_decay: float = 0.995
    """Weights that are kept are a running mean over steps; steadier than the last step's."""


@dataclass
class History:
    """What happened: one entry per epoch."""

    train_loss: list[float] = field(default_factory=list)
    validation: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    cancelled: bool = False


def learning_rate_at(step: int, options: LoopOptions) -> float:
    """Linear rise over the warm-up, then a cosine to zero or a constant."""
    warmup = options.warmup_epochs * options.steps_per_epoch
    if step < warmup:
        return options.learning_rate * (step + 1) / (warmup + 1)
    if options.schedule == "constant":
        return options.learning_rate
    total = options.epochs * options.steps_per_epoch
    done = (step - warmup) / max(total - warmup, 1)
    return options.learning_rate * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def build_optimizer(model: nn.Module, options: LoopOptions) -> torch.optim.Optimizer:
    """AdamW that decays matrices and kernels but not biases and norms."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.learning_rate)


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: tuple[Tensor, Tensor],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    clip_norm: float,
) -> float:
    inputs, targets = batch
    with autocast(inputs.device.type):
        loss = loss_of(model(inputs), targets)
    value = loss.item()
    if not math.isfinite(value):
        raise JobError(
            "train.not_finite",
            Message(N_("The loss is no longer a number: the training has diverged.")),
            Message(N_("Start again with a smaller learning rate, or with gradient clipping switched on.")),
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clip_norm:
        nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return value


def fit(
    model: nn.Module,
    batches: Batches,
    validate: Callable[[nn.Module], dict[str, float]],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    options: LoopOptions,
    run: RunContext,
) -> tuple[nn.Module, History]:
    """Train `model` and return the averaged weights of the epoch with the lowest validation loss.

    Args:
        model: Network in training; changed in place.
        batches: Called once an epoch; yields (inputs, targets) on the model's device.
        validate: Measures a network in eval mode; must return at least `validation_loss`.
        loss_of: Loss of (logits, targets).
        options: How to step.
        run: Told about progress; asked after every step whether to stop.

    Raises:
        JobError: The loss became NaN or infinite.
    """
    optimizer = build_optimizer(model, options)
    average = ModelEmaV3(model, decay=options.ema_decay, use_warmup=True)
    history, total = History(), options.epochs * options.steps_per_epoch
    best, best_loss, step, told = copy.deepcopy(average.module), math.inf, 0, 0.0
    for epoch in range(options.epochs):
        model.train()
        loss_sum = count = 0.0
        for batch in batches():
            for group in optimizer.param_groups:
                group["lr"] = learning_rate_at(step, options)
            loss_sum += _step(model, optimizer, batch, loss_of, options.clip_norm)
            step, count = step + 1, count + 1
            average.update(model, step)
            if run.should_stop():
                history.cancelled = True
                return best, history
            if time.monotonic() - told > REPORT_EVERY_S:
                told = time.monotonic()
                run.report(step, total, train_loss=loss_sum / count)
        measured = validate(average.module.eval())
        history.train_loss.append(loss_sum / max(count, 1))
        history.validation.append(measured)
        run.report(step, total, epoch=epoch + 1, train_loss=history.train_loss[-1], **measured)
        if measured["validation_loss"] < best_loss:
            best_loss, history.best_epoch = measured["validation_loss"], epoch + 1
            best = copy.deepcopy(average.module)
        elif options.early_stopping and epoch + 1 - history.best_epoch >= options.early_stopping:
            break
    return best, history
