"""What the last layer sees of the test and validation images, kept with a version so that its head can be fitted anew.

A head that is moved has to be measured where the one before was measured, and the images are not here any more. Their
features are: `features.safetensors` holds them in half precision, in the order of the stored evaluations. Besides, what
the same network sees of strongly changed validation images, and how the training images' features are spread, which
says in which directions a head may move without changing old answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn

from core.contracts import N_, Evaluation, Message
from core.errors import InputRefused, ModelRefused
from core.store.files import MANIFEST
from core.store.sealed import name_file
from core.training.calibration import scores_of
from core.training.evaluation import FEATURES

AXES = 64
"""Directions in which the spread of the training images is kept exactly; of the rest only the size per feature."""
RIDGE = 0.1
"""Share of the mean variance added to every feature: images from elsewhere vary where the training images do not."""
N_STRESSED = 350
"""Changed validation images kept at most; the bundled model has to stay small."""
AGREEMENT = 1e-2
"""Kept features must give the stored scores within this, or the layer that was watched is not what decides."""

Floats = NDArray[np.float64]
_HALF = ("test", "validation", "stressed")


@dataclass(frozen=True)
class Spread:
    """Mean and covariance of the training images' features: along `axes` by `variances`, else by `rest`."""

    mean: Floats
    """Shape (D,)."""
    axes: Floats
    """Orthonormal rows, (R, D)."""
    variances: Floats
    """Shape (R,)."""
    rest: Floats
    """Shape (D,): variance that the axes leave."""

    def covariance(self) -> Floats:
        """Shape (D, D), positive definite by `RIDGE`."""
        found = (self.axes.T * self.variances) @ self.axes + np.diag(self.rest)
        return np.asarray(found + (RIDGE * np.trace(found) / len(found) + 1e-9) * np.eye(len(found)))


@dataclass(frozen=True)
class Features:
    """Rows as in the stored evaluations of the two splits, (N, D) and (M, D)."""

    test: Floats
    validation: Floats
    stressed: Floats
    """Of strongly changed copies of some validation images, (L, D)."""
    stressed_rows: NDArray[np.int64]
    """Which validation images they are copies of, (L,)."""
    spread: Spread


def spread_of(features: NDArray[np.floating]) -> Spread:
    """Mean and covariance of features (N, D)."""
    rows = np.asarray(features, np.float64)
    mean = rows.mean(axis=0)
    centred = rows - mean
    _, sizes, axes = np.linalg.svd(centred / np.sqrt(max(1, len(rows))), full_matrices=False)
    axes, variances = axes[:AXES], sizes[:AXES] ** 2
    rest = np.maximum(centred.var(axis=0) - (axes**2 * variances[:, None]).sum(axis=0), 0.0)
    return Spread(mean, axes, variances, rest)


def linear_head(network: nn.Module) -> nn.Linear | None:
    """The classifier layer; None when it is not linear, so that its input is no set of features."""
    head = network.get_classifier()  # type: ignore[operator]
    return head if isinstance(head, nn.Linear) and head.bias is not None else None


@contextmanager
def watched(network: nn.Module) -> Iterator[list[NDArray[np.float32]]]:
    """Inside the block, what the classifier layer is given is added to the list, one array (N, D) per batch.

    The list stays empty for a network whose last layer is not linear.
    """
    seen: list[NDArray[np.float32]] = []
    head = linear_head(network)
    if head is None:
        yield seen
        return

    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0].detach().float().cpu().numpy())

    handle = head.register_forward_pre_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def head_of(network: nn.Module) -> tuple[Floats, Floats]:
    """Weight (K, D) and bias (K,) of the classifier layer."""
    head = linear_head(network)
    if head is None:
        raise InputRefused("refit.head", N_("The last layer of this network is not linear."))
    weight, bias = head.weight.detach().double().cpu().numpy(), head.bias.detach().double().cpu().numpy()
    return weight, bias


@dataclass(frozen=True)
class Watched:
    """What the last layer was given, (N, D) each."""

    test: NDArray[np.float32]
    validation: NDArray[np.float32]
    stressed: NDArray[np.float32]
    stressed_rows: NDArray[np.int64]
    train: NDArray[np.float32]
    """Of training images, plain and changed."""


def keep_features(folder: Path, network: nn.Module, seen: Watched, evaluations: Mapping[str, Evaluation]) -> bool:
    """Write features behind two evaluations, if the head makes the stored scores of them; says whether it did.

    Args:
        folder: A checkpoint folder with its manifest.
        network: Its network.
        seen: Features; those of test and validation as in their evaluations.
        evaluations: Of `test` and `validation`.
    """
    if linear_head(network) is None or seen.test.ndim != 2:
        return False
    weight, bias = head_of(network)
    temperature = float(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["temperature"])
    with np.errstate(over="ignore"):
        half = {name: getattr(seen, name).astype(np.float16).astype(np.float64) for name in _HALF}
    if not all(
        agrees(half[part] @ weight.T + bias, evaluation, temperature) for part, evaluation in evaluations.items()
    ) or not all(np.isfinite(array).all() for array in half.values()):
        return False
    write_features(folder, Features(**half, stressed_rows=seen.stressed_rows, spread=spread_of(seen.train)))
    return True


def write_features(folder: Path, features: Features) -> None:
    """Write the file and name it with its checksum in the manifest of `folder`."""
    half = {name: getattr(features, name) for name in _HALF} | {"axes": features.spread.axes}
    single = {name: getattr(features.spread, name) for name in ("mean", "variances", "rest")}
    tensors = {name: np.ascontiguousarray(array, np.float16) for name, array in half.items()}
    tensors |= {name: np.ascontiguousarray(array, np.float32) for name, array in single.items()}
    tensors["stressed_rows"] = np.ascontiguousarray(features.stressed_rows, np.int32)
    save_file(tensors, folder / FEATURES)
    name_file(folder, FEATURES)


def read_features(folder: Path) -> Features | None:
    """What was kept with a checkpoint; None when it has none.

    Raises:
        ModelRefused: the file is damaged.
    """
    if not (folder / FEATURES).is_file():
        return None
    try:
        found = {name: array.astype(np.float64) for name, array in load_file(folder / FEATURES).items()}
        spread = Spread(found["mean"], found["axes"], found["variances"], found["rest"])
        rows = found["stressed_rows"].astype(np.int64)
        features = Features(found["test"], found["validation"], found["stressed"], rows, spread)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise _damaged() from error
    if not all(np.isfinite(array).all() for array in found.values()):
        raise _damaged()
    return features


def agrees(logits: Floats, evaluation: Evaluation, temperature: float) -> bool:
    """Whether logits (N, K) made from kept features are those behind a stored evaluation."""
    stored = np.asarray(evaluation.table["scores"])
    if stored.shape != logits.shape:
        return False
    return bool(np.abs(scores_of(logits, temperature) - stored).max() <= AGREEMENT)


def _damaged() -> ModelRefused:
    return ModelRefused(
        "model.features",
        Message(N_("The file {file} of the model cannot be read."), {"file": FEATURES}),
        Message(N_("Choose another version, or train it again.")),
    )
