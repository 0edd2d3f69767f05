"""A small network on standardised features, trained by the shared loop."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.contracts import N_, RunContext
from core.device import pick_device
from core.errors import RunCancelled
from core.store.sealed import refused
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.features import FeaturePlan
from core.training.loop import LoopOptions, fit
from core.training.seeding import seed_everything
from core.training.snapshot import FOLDER, NETWORK, Snapshot

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]
CHANGEABLE = ("model", "compare", "diagnose", "epochs", "learning_rate", "early_stopping", "columns")
"""Options that a run may change when it goes on from a snapshot."""
AT_ONCE = 65_536
"""Rows of one pass without gradients."""
WEIGHT_DECAY = 0.01


def build_network(n_features: int, width: int, dropout: float = 0.0) -> nn.Sequential:
    """Two hidden layers; (N, F) standardised -> log odds (N, 1)."""
    return nn.Sequential(
        nn.Linear(n_features, width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(width, 1),
    )


@dataclass(frozen=True)
class NetworkModel:
    """A network and the plan that scales its input."""

    kind: ClassVar[str] = "network"
    plan: FeaturePlan
    module: nn.Sequential = field(compare=False)
    device: str = "cpu"
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    """Held for one slice at a time, which bounds the memory of the device."""

    def inputs(self, values: NDArray[np.float32]) -> Tensor:
        """Features (N, F) as the network takes them, on its device."""
        scaled = self.plan.standardised(values)
        return torch.from_numpy(scaled).to(self.device)

    @torch.inference_mode()
    def score(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds, (N,), of features (N, F), in the full precision that calibration and explanations have too."""
        found = [np.empty(0)]
        for begin in range(0, len(values), AT_ONCE):
            inputs = self.inputs(values[begin : begin + AT_ONCE])
            with self._turn:
                found.append(self.module(inputs)[:, 0].double().cpu().numpy())
        return np.concatenate(found)

    def contributions(self, values: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
        """Integrated gradients from the mean of training: its log odds, and what each feature adds, (N, F)."""
        from core.explain.attribution import integrated_gradients

        # In double precision: sums of hundreds of gradients shall match the score to the last digit that is shown.
        return integrated_gradients(copy.deepcopy(self.module).double(), self.inputs(values).double())

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        return {name: tensor.cpu().numpy() for name, tensor in self.module.state_dict().items()}


def fit_network(train: Rows, validation: Rows, plan: FeaturePlan, config: FraudConfig, run: RunContext) -> NetworkModel:
    """Train on rows of features (N, F) and labels (N,); the epoch with the lowest log loss on validation is kept.

    Raises:
        RunCancelled: somebody asked for it to stop.
        JobError: the training diverged, or the snapshot that it should go on from belongs to another run.
    """
    generator, device = seed_everything(config.seed), pick_device()
    module = build_network(train[0].shape[1], config.width, config.dropout).to(device)
    model = NetworkModel(plan, module, device)
    inputs, targets = model.inputs(train[0]), torch.from_numpy(train[1]).float().to(device)
    held, truth = model.inputs(validation[0]), torch.from_numpy(validation[1]).float()
    size = min(config.batch_size, len(targets))
    steps = len(targets) // size
    positive = float(targets.sum())
    weight = (len(targets) - positive) / max(positive, 1.0) if config.class_weights else 1.0

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(targets), generator=generator).to(device)
        for rows in torch.split(order[: steps * size], size):
            yield inputs[rows], targets[rows]

    def loss_of(logits: Tensor, wanted: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits[:, 0].float(), wanted, pos_weight=wanted.new_tensor(weight))

    @torch.inference_mode()
    def validate(network: nn.Module) -> dict[str, float]:
        logits = torch.cat([network(part)[:, 0].float().cpu() for part in torch.split(held, AT_ONCE)])
        return {"validation_loss": float(F.binary_cross_entropy_with_logits(logits, truth))}

    options = LoopOptions(
        config.epochs, steps, config.learning_rate, WEIGHT_DECAY, early_stopping=config.early_stopping
    )
    snapshot = _kept_run(train, validation, config, run, generator)
    trained, history = fit(module, batches, validate, loss_of, options, run, snapshot=snapshot)
    if history.cancelled:
        raise RunCancelled
    return NetworkModel(plan, cast(nn.Sequential, trained.cpu().eval()))


def _kept_run(
    train: Rows, validation: Rows, config: FraudConfig, run: RunContext, generator: torch.Generator
) -> Snapshot:
    """The snapshot of a run on these rows; another run's is refused when it is loaded."""
    digest = hashlib.sha256()
    for values, targets in (train, validation):
        digest.update(np.ascontiguousarray(values).data)
        digest.update(np.ascontiguousarray(targets).data)
    fixed = {name: value for name, value in vars(config).items() if name not in CHANGEABLE}
    return Snapshot(run.directory / FOLDER / NETWORK, {"data": digest.hexdigest(), **fixed}, [generator])


def read_network(tensors: Mapping[str, NDArray[Any]], plan: FeaturePlan, device: str = "cpu") -> NetworkModel:
    """What `NetworkModel.tensors` gave; raises `ModelRefused` for other shapes."""
    try:
        module = build_network(len(plan.names), tensors["0.weight"].shape[0])
        module.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()}, strict=True)
    except (KeyError, IndexError, RuntimeError, TypeError) as error:
        raise refused("model.network", N_("The weights of the network do not fit the features.")) from error
    return NetworkModel(plan, module.to(device).eval(), device)
