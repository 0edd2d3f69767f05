"""The one gradient loop: plain PyTorch, one function that can be read from top to bottom."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

import torch
from timm.utils import ModelEmaV3
from torch import Tensor, nn

from core.contracts import N_, Message, RunContext
from core.device import autocast
from core.errors import JobError
from core.training.snapshot import Learner, Snapshot

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
    """What happened so far: one entry per epoch, and where the run stands."""

    train_loss: list[float] = field(default_factory=list)
    validation: list[dict[str, float]] = field(default_factory=list)
    epochs: int = 0
    """Epochs done."""
    planned: int = 0
    """Epochs that the schedule was made for."""
    step: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf
    patient_from: int = 0
    """Early stopping counts from this epoch; a run that was given more epochs is given new patience too."""
    cancelled: bool = False

    def add(self, train_loss: float, measured: dict[str, float]) -> bool:
        """Note an epoch; returns whether it is the best one."""
        self.train_loss.append(train_loss)
        self.validation.append(measured)
        self.epochs += 1
        if not measured["validation_loss"] < self.best_loss:
            return False
        self.best_loss, self.best_epoch = measured["validation_loss"], self.epochs
        return True

    def ended(self, options: LoopOptions) -> bool:
        """Whether all epochs are done, or several without progress."""
        waited = self.epochs - max(self.best_epoch, self.patient_from)
        return self.epochs >= options.epochs or 0 < options.early_stopping <= waited


def learning_rate_at(step: int, options: LoopOptions) -> float:
    """Linear rise over the warm-up, then a cosine or a line to zero, or a constant."""
    warmup = options.warmup_epochs * options.steps_per_epoch
    if step < warmup:
        return options.learning_rate * (step + 1) / (warmup + 1)
    if options.schedule == "constant":
        return options.learning_rate
    total = options.epochs * options.steps_per_epoch
    done = min((step - warmup) / max(total - warmup, 1), 1.0)
    if options.schedule == "linear":
        return options.learning_rate * (1 - done)
    return options.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


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


def fit(  # noqa: PLR0913  (what learns, from what, how, and the two that watch it)
    model: nn.Module,
    batches: Batches,
    validate: Callable[[nn.Module], dict[str, float]],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    options: LoopOptions,
    run: RunContext,
    *,
    snapshot: Snapshot | None = None,
) -> tuple[nn.Module, History]:
    """Train `model` and return the averaged weights of the epoch with the lowest validation loss.

    Args:
        model: Network in training; changed in place.
        batches: Called once an epoch; yields (inputs, targets) on the model's device.
        validate: Measures a network in eval mode; must return at least `validation_loss`.
        loss_of: Loss of (logits, targets).
        options: How to step.
        run: Told about progress; asked after every step whether to stop.
        snapshot: Where the state after an epoch is kept; the run goes on from what is found there, and on a CPU it
            ends with the very weights that it would have without the interruption.

    Raises:
        JobError: The loss became NaN or infinite, or the snapshot cannot be used.
    """
    average = ModelEmaV3(model, decay=options.ema_decay, use_warmup=True)
    learner = Learner(model, average.module, copy.deepcopy(average.module), build_optimizer(model, options))
    history, told = _begin(learner, options, snapshot), 0.0
    while not history.ended(options):
        model.train()
        loss_sum = count = 0.0
        for batch in batches():
            for group in learner.optimizer.param_groups:
                group["lr"] = learning_rate_at(history.step, options)
            loss_sum += _step(model, learner.optimizer, batch, loss_of, options.clip_norm)
            history.step, count = history.step + 1, count + 1
            average.update(model, history.step)
            if run.should_stop():
                history.cancelled = True
                return learner.best, history
            if time.monotonic() - told > REPORT_EVERY_S:
                told = time.monotonic()
                run.report(history.step, _total(options), train_loss=loss_sum / count)
        measured = validate(average.module.eval())
        if history.add(loss_sum / max(count, 1), measured):
            learner.best = copy.deepcopy(average.module)
        if snapshot is not None:
            snapshot.save(learner, asdict(history), last=history.ended(options))
        run.report(history.step, _total(options), epoch=history.epochs, train_loss=history.train_loss[-1], **measured)
    return learner.best, history


def _begin(learner: Learner, options: LoopOptions, snapshot: Snapshot | None) -> History:
    """Where the run stands: at its snapshot, if there is one. More epochs than were planned mean a new schedule.

    The learning rate follows the schedule of the new length from here on: under a cosine it rises once, from where the
    old one had fallen to. The result is then not that of a run which was that long from its start.
    """
    saved = snapshot.load(learner) if snapshot is not None else None
    history = History(**saved) if saved else History()
    if history.planned != options.epochs:
        history.planned, history.patient_from = options.epochs, history.epochs
    return history


def _total(options: LoopOptions) -> int:
    return options.epochs * options.steps_per_epoch
