"""What a checkpoint of this task holds: the features, up to four models of them, calibrations and the domain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from core.contracts import N_
from core.store.files import WEIGHTS
from core.store.sealed import FILES, not_finite, refused, sealed_manifest, unreadable
from core.tasks.fraud_detection.config import MODELS
from core.tasks.fraud_detection.domain import Domain, read_domain
from core.tasks.fraud_detection.features import FeaturePlan
from core.tasks.fraud_detection.linear import LogisticModel, read_logistic
from core.tasks.fraud_detection.network import NetworkModel, read_network
from core.tasks.fraud_detection.rules import Rules, read_rules
from core.tasks.fraud_detection.trees import BoostedTrees, read_trees
from core.training.calibration import LEAST_SLOPE, BetaCalibration

TASK_NAME = "fraud_detection"
TREES = "trees.txt"
"""File with LightGBM's own text, in checkpoints that hold trees."""
CALIBRATION, DOMAIN = "calibration", "domain"
"""Owners of tensors besides the models; names are `<owner>.<tensor>`."""

Scorer: TypeAlias = Rules | LogisticModel | BoostedTrees | NetworkModel
"""Each has `kind`, `score(values (N, F)) -> log odds (N,)` and `contributions(values) -> (base, (N, F))`."""
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class FraudModel:
    """Models of the same features; `kind` is the one that answers, the others are for comparison."""

    kind: str
    plan: FeaturePlan
    scorers: Mapping[str, Scorer]
    calibrations: Mapping[str, BetaCalibration]
    domain: Domain

    @property
    def main(self) -> Scorer:
        """The model that answers."""
        return self.scorers[self.kind]

    def scores(self, values: NDArray[np.float32], kind: str = "") -> NDArray[np.float32]:
        """Calibrated probabilities of fraud (N,), by the model that answers or by another one."""
        kind = kind or self.kind
        return self.calibrations[kind].probability(self.scorers[kind].score(values)).astype(np.float32)


def read_checkpoint(folder: Path, device: str = "cpu") -> tuple[Mapping[str, Any], FraudModel]:
    """Read and verify a checkpoint folder; returns its manifest and its models.

    Raises:
        ModelRefused: Anything is missing, damaged, not finite, or made for another task.
    """
    manifest = sealed_manifest(folder, TASK_NAME)
    try:
        tensors = load_file(folder / WEIGHTS)
        features, kinds, kind = manifest["features"], tuple(manifest["models"]), manifest["architecture"]
        text = (folder / TREES).read_text("utf-8") if TREES in manifest.get(FILES, {}) else ""
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise unreadable(error) from error
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise not_finite(name)
    if kind not in kinds or not set(kinds) <= MODELS.keys():
        raise refused("model.kinds", N_("The checkpoint names models that this program does not know."))
    plan = FeaturePlan.from_json(json.dumps(features))
    scorers: dict[str, Scorer] = {}
    for each in kinds:
        own = _of(tensors, each)
        if each == "rules":
            scorers[each] = read_rules(manifest.get("rules", {}), plan.names)
        elif each == "logistic_regression":
            scorers[each] = read_logistic(own, plan)
        elif each == "boosted_trees":
            scorers[each] = read_trees(text, len(plan.names))
        else:
            scorers[each] = read_network(own, plan, device)
    calibrations = {each: _calibration(_of(tensors, CALIBRATION).get(each)) for each in kinds}
    return manifest, FraudModel(kind, plan, scorers, calibrations, read_domain(_of(tensors, DOMAIN), len(plan.names)))


def tensors_of(model: FraudModel) -> dict[str, NDArray[Any]]:
    """Everything of `model` that the file of weights keeps; rules and trees have places of their own."""
    found: dict[str, NDArray[Any]] = {f"{DOMAIN}.{name}": array for name, array in model.domain.tensors().items()}
    for kind, fitted in model.calibrations.items():
        found[f"{CALIBRATION}.{kind}"] = np.array([fitted.rise, fitted.fall, fitted.shift])
    for kind, scorer in model.scorers.items():
        if isinstance(scorer, LogisticModel | NetworkModel):
            found |= {f"{kind}.{name}": array for name, array in scorer.tensors().items()}
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def _of(tensors: Arrays, owner: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(f"{owner}."): array for name, array in tensors.items() if name.startswith(f"{owner}.")}


def _calibration(array: NDArray[Any] | None) -> BetaCalibration:
    if array is None or array.shape != (3,) or (array[:2] < LEAST_SLOPE).any():
        raise refused("model.calibration", N_("The calibration of the checkpoint cannot be read."))
    return BetaCalibration(*(float(value) for value in array))
