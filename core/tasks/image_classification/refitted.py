"""The folder of a refitted version: that of the version in use with another last layer and everything that follows."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import core
from core.contracts import Evaluation, Refit
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import name_file
from core.tasks.image_classification.card import write_card
from core.tasks.image_classification.features import Features, linear_head
from core.tasks.image_classification.formats import NET
from core.tasks.image_classification.refit import Head
from core.tasks.image_classification.statement import write_statement
from core.training.calibration import conformal_scores
from core.training.evaluation import FEATURES, VALIDATION, save_evaluation


@dataclass(frozen=True)
class Measured:
    """Features kept with a version, and its evaluations on the images behind them."""

    features: Features
    test: Evaluation
    validation: Evaluation


@dataclass(frozen=True)
class Moved:
    """A fitted head with its calibration and figures."""

    head: Head
    temperature: float
    measured: Measured
    refit: Refit


def write_refitted(target: Path, checkpoint: Path, network: nn.Module, moved: Moved) -> None:
    """The folder of the version in use with another head, its calibration, tables, manifest and card."""
    target.mkdir(parents=True)
    validation = moved.measured.validation
    tensors = load_file(checkpoint / WEIGHTS)
    name = next(name for name, module in network.named_modules() if module is linear_head(network))
    for key, values in ((f"{name}.weight", moved.head.weight), (f"{name}.bias", moved.head.bias)):
        plain = tensors.get(NET + key)
        # A packed format keeps a layer under other names; the new one lies there as a plain tensor.
        tensors = {known: tensor for known, tensor in tensors.items() if known.partition(".")[2] != key}
        kind = plain.dtype if plain is not None else torch.float16
        tensors[NET + key] = torch.from_numpy(values).to(kind).contiguous()
    scores = conformal_scores(np.asarray(validation.table["scores"]), np.asarray(validation.table["truth"]))
    tensors["conformal.scores"] = torch.from_numpy(scores).float()
    save_file(tensors, target / WEIGHTS)
    shutil.copyfile(checkpoint / FEATURES, target / FEATURES)
    manifest = _manifest(checkpoint, moved) | {"sha256": sha256_of(target / WEIGHTS)}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    name_file(target, FEATURES)
    save_evaluation(target, moved.measured.test)
    save_evaluation(target / VALIDATION, validation)
    write_statement(target, moved.measured.test)
    write_card(target, moved.measured.test)


def _manifest(checkpoint: Path, moved: Moved) -> dict[str, Any]:
    before: dict[str, Any] = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
    summary = moved.measured.validation.summary
    figures = {f"validation_{name}": round(metric.value, 6) for name, metric in summary.items() if name != "declined"}
    threshold = {**before["threshold"], "rule": f"kept from the version with the weights {before['sha256'][:16]}"}
    return before | {
        "temperature": moved.temperature,
        "threshold": threshold,
        "validation": figures,
        "folds": {},
        "seeds": {},
        "diagnosis": {},
        "files": {},
        "data": {**before["data"], "corrections": before["data"].get("corrections", 0) + moved.refit.used},
        "parent": before["sha256"],
        "refit": {
            "corrections": moved.refit.used,
            "left_out": dict(moved.refit.left_out),
            "strength": moved.refit.strength,
            "tolerance": moved.refit.tolerance,
        },
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "torch_version": str(torch.__version__),
    }
