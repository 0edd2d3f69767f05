"""From what was learned to a complete checkpoint folder: weights, memory, held-out scores, manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file
from torch import Tensor

import core
from core.data.surfaces import PartImages
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import SCHEMA
from core.tasks.anomaly_detection.backbone import Backbone
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.tasks.anomaly_detection.corrections import Joined
from core.tasks.anomaly_detection.head import Head
from core.tasks.anomaly_detection.model import PART, TASK_NAME
from core.tasks.anomaly_detection.predictor import LABELS
from core.tasks.anomaly_detection.scaling import fit_guard, image_scaling, map_scaling
from core.tasks.anomaly_detection.train import Learned, suspect_notice
from core.training.false_alarms import in_words, promise
from core.training.weights import halved


@dataclass(frozen=True)
class Trained:
    """What was learned and everything its manifest tells about how it came to be."""

    backbone: Backbone
    learned: Learned
    data: PartImages
    config: AnomalyDetectionConfig
    command: str
    head: Head | None = None
    supervised_ids: tuple[str, ...] = ()
    """Test images that the head learned from, which nothing is measured on."""
    supervised_hashes: tuple[str, ...] = ()
    """`content_hash` in hex of all images that the head learned from, to know them by in other data."""
    corrections: Joined | None = None
    """What visitors' corrections added to the training images; None without them."""


def write_checkpoint(folder: Path, trained: Trained) -> None:
    """Write weights and manifest into `folder`."""
    learned = trained.learned
    tensors: dict[str, Tensor] = {PART + name: halved(tensor) for name, tensor in trained.backbone.state_dict().items()}
    for place, spread in enumerate(learned.memory.spreads):
        tensors[f"memory.spread.{place}"] = spread.cpu().contiguous()
    for name, bank in learned.memory.banks.items():
        tensors[f"memory.{name}.points"] = bank.points.half().contiguous()
        tensors[f"memory.{name}.spacing"] = bank.spacing.float().contiguous()
    tensors["held_out.scores"] = learned.held_out.scores.double().contiguous()
    if trained.head is not None:
        tensors |= {f"head.{name}": tensor.cpu().contiguous() for name, tensor in trained.head.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / WEIGHTS)
    manifest = _manifest(trained) | {"sha256": sha256_of(folder / WEIGHTS)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _manifest(trained: Trained) -> dict[str, Any]:
    config, data, learned = trained.config, trained.data, trained.learned
    rate = config.false_alarm_rate
    scaling = image_scaling(learned.held_out, rate)
    promised = promise(scaling.score(learned.held_out.scores.double().numpy()), rate)
    return {
        "schema": SCHEMA,
        "task": TASK_NAME,
        "architecture": trained.backbone.spec.architecture,
        "backbone": trained.backbone.spec.as_dict(),
        "labels": list(LABELS),
        "preprocessing": {"size": config.image_size, "grey": data.grey, "fit": "squeeze"},
        "memory": {name: len(bank.points) for name, bank in learned.memory.banks.items()},
        "supervised": trained.head is not None,
        "scaling": {"image": asdict(scaling), "map": asdict(map_scaling(learned.held_out, rate))},
        "guard": asdict(fit_guard(learned.held_out)),
        "threshold": {
            "label": LABELS[1],
            "value": promised.limit,
            "rate": rate,
            "promised": promised.rate,
            "held_out": promised.held_out,
            "words": str(in_words(replace(promised, left_out=learned.left_out))),
            "rule": "conformal quantile of held-out good parts",
        },
        "data": _data(trained),
        "config": asdict(config),
        "seed": config.seed,
        "command": trained.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "torch_version": str(torch.__version__),
        "timm_version": str(timm.__version__),
    }


def _data(trained: Trained) -> dict[str, Any]:
    data, learned = trained.data, trained.learned
    return {
        "name": data.name,
        "fingerprint": data.fingerprint,
        "counts": {split: dict(counts) for split, counts in data.report.counts.items()},
        "warnings": [str(said) for said in (*data.report.warnings, *suspect_notice(learned))],
        "suspects": list(learned.suspects),
        "suspects_left_out": learned.left_out,
        "supervised_ids": list(trained.supervised_ids),
        "supervised_hashes": list(trained.supervised_hashes),
        **_joined(trained),
    }


def _joined(trained: Trained) -> dict[str, Any]:
    if trained.corrections is None:
        return {}
    return {"corrections": trained.corrections.used, "corrections_left_out": dict(trained.corrections.left_out)}
