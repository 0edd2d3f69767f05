"""From a trained network to a complete checkpoint folder: calibration, domain guard, manifest, card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import core
from core.contracts import RunContext
from core.data.images import LabelledImages
from core.data.negatives import negatives
from core.device import pick_device
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import SCHEMA
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.corrections import Joined
from core.tasks.image_classification.domain import N_OWN, DomainGuard, fit_guard, sampled
from core.tasks.image_classification.forward import outputs_of
from core.tasks.image_classification.head import Fitted, Seen
from core.tasks.image_classification.model import Start
from core.tasks.image_classification.train import bundled_manifest
from core.training.augment import STRENGTHS, Strength, augment
from core.training.calibration import (
    conformal_scores,
    fit_temperature,
    scores_of,
)
from core.training.metrics import classification_summary
from core.training.weights import halved

N_OTHER = (400, 2400)
"""Generated images of other kinds that the domain guard learns from: as many as own ones, within these limits."""
STRESSED_COPIES = {"standard": 4, "quick": 2}
"""How often the validation images are looked at in a changed form, by mode."""
PLAIN = Strength()
SMALL_SCAN = Strength(scale=0.25, stretch=0.3, shift=0.05, gain=0.2, coarse_share=1.0, enlarge="bilinear")
"""Thumbnails and cropped small scans are of the right kind however little they show; enlarged as `squeeze` does."""


@dataclass(frozen=True)
class Calibration:
    """What is learned from validation images after the training."""

    temperature: float
    threshold: float
    conformal: np.ndarray[Any, Any]
    figures: Mapping[str, float]


def calibrate(
    logits: np.ndarray[Any, Any], stressed: np.ndarray[Any, Any], targets: np.ndarray[Any, Any]
) -> Calibration:
    """Temperature and conformal scores from clean validation images; the operating point from stressed ones.

    Clean validation images come from the same source as the training images and are nearly separable, so that they
    say little about where to cut. The threshold is the one with the best balanced accuracy on strongly changed
    copies (`stressed`, same order repeated); ties go to the middle.
    """
    temperature = fit_temperature(logits, targets)
    scores = scores_of(logits, temperature)
    summary = classification_summary(targets, scores.argmax(1), scores)
    threshold = 0.5
    if logits.shape[1] == 2:
        positive = scores_of(stressed, temperature)[:, 1]
        truth = np.tile(targets, len(stressed) // len(targets)) == 1
        threshold = best_threshold(positive, truth)
    figures = {f"validation_{name}": metric.value for name, metric in summary.items()}
    return Calibration(temperature, threshold, conformal_scores(scores, targets), figures)


def best_threshold(scores: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> float:
    """The cut on a grid with the highest balanced accuracy; the middle one of equals."""
    grid = np.linspace(0.02, 0.98, 97)
    gains = np.array([(scores[truth] >= cut).mean() + (scores[~truth] < cut).mean() for cut in grid])
    best = np.flatnonzero(gains >= gains.max() - 1e-12)
    return float(round(grid[best[len(best) // 2]], 4))


@dataclass(frozen=True)
class Trained:
    """A trained network and everything its manifest tells about how it came to be."""

    fitted: Fitted
    start: Start
    data: LabelledImages
    config: ImageClassificationConfig
    folds: Mapping[str, list[float]]
    """Figures of each fold of a cross-validation, by metric; empty without one."""
    command: str
    corrections: Joined | None = None
    """What visitors' corrections added to the training images; None without them."""

    @property
    def network(self) -> nn.Module:
        """The trained network itself."""
        return self.fitted.network


def some_of(pixels: np.ndarray[Any, Any], most: int, seed: int) -> np.ndarray[Any, Any]:
    """At most that many images, drawn without order."""
    return np.asarray(pixels[sampled(len(pixels), most, seed)])


def look(trained: Trained) -> Seen:
    """What the network makes of the images as they are: what it saw in the training, or in one pass now."""
    if trained.fitted.seen is not None:
        return trained.fitted.seen
    network, preprocessing, device = trained.network, trained.start.preprocessing, pick_device()
    seed, most = trained.config.seed, N_OWN[trained.config.mode]
    train, validation = (trained.data.splits[name].pixels for name in ("train", "validation"))
    features, logits = outputs_of(network, preprocessing, validation, device)
    own = outputs_of(network, preprocessing, some_of(train, most, seed), device)[0]
    return Seen(own, features[sampled(len(validation), most, seed)], logits)


def fit_domain(trained: Trained, seen: Seen) -> DomainGuard:
    """Fit the guard on the network's features of own images, plain and changed, and of generated other ones."""
    start, seed, most = trained.start, trained.config.seed, N_OWN[trained.config.mode]
    device, generator = pick_device(), torch.Generator().manual_seed(seed)
    own, held_out = (some_of(trained.data.splits[name].pixels, most, seed) for name in ("train", "validation"))
    grey = own.shape[-1] == 1

    def features(pixels: np.ndarray[Any, Any], strength: Strength = PLAIN) -> np.ndarray[Any, Any]:
        return outputs_of(
            trained.network, start.preprocessing, pixels, device, lambda x: augment(x, strength, generator)
        )[0]

    def in_all_forms(plain: np.ndarray[Any, Any], pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.concatenate([plain, *(features(pixels, strength) for strength in (STRENGTHS["strong"], SMALL_SCAN))])

    other, _ = negatives(int(np.clip(len(own), *N_OTHER)), start.preprocessing.size, seed)
    if grey:
        # Colour is caught by the pixels themselves; the network has to recognise the grey ones.
        other = other.mean(axis=3, keepdims=True).astype(np.uint8)
    forms = in_all_forms(seen.train, own), in_all_forms(seen.validation, held_out)
    return fit_guard(*forms, features(other), grey, seed)


def calibrate_network(trained: Trained, seen: Seen) -> Calibration:
    """Calibrate on the validation split and on strongly changed copies of it."""
    validation, generator = trained.data.splits["validation"], torch.Generator().manual_seed(trained.config.seed)

    def stress(images: Tensor) -> Tensor:
        return augment(images, STRENGTHS["strong"], generator)

    def logits() -> np.ndarray[Any, Any]:
        return outputs_of(trained.network, trained.start.preprocessing, validation.pixels, pick_device(), stress)[1]

    stressed = np.concatenate([logits() for _ in range(STRESSED_COPIES[trained.config.mode])])
    return calibrate(seen.logits, stressed, validation.targets)


def write_checkpoint(folder: Path, trained: Trained, run: RunContext) -> None:
    """Calibrate, fit the domain guard, and write weights and manifest into `folder`."""
    run.stage("calibrate")
    seen = look(trained)
    found = calibrate_network(trained, seen)
    run.report(1, 2)
    guard = fit_domain(trained, seen)
    tensors = {f"net.{name}": halved(tensor) for name, tensor in trained.network.state_dict().items()}
    tensors |= {name: tensor.contiguous() for name, tensor in guard.tensors().items()}
    tensors["conformal.scores"] = torch.from_numpy(found.conformal).float()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / WEIGHTS)
    manifest = _manifest(trained, found) | {"sha256": sha256_of(folder / WEIGHTS)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    run.report(2, 2)


def _manifest(trained: Trained, found: Calibration) -> dict[str, Any]:
    start, data = trained.start, trained.data
    return {
        "schema": SCHEMA,
        "task": "image_classification",
        "architecture": start.architecture,
        "model_args": dict(start.model_args),
        "labels": list(data.labels),
        "preprocessing": {**asdict(start.preprocessing), "fit": "squeeze"},
        "temperature": found.temperature,
        "threshold": {
            "label": data.labels[-1],
            "value": found.threshold,
            "rule": "best balanced accuracy on stressed validation images",
        },
        "validation": {name: round(value, 6) for name, value in found.figures.items()},
        "folds": dict(trained.folds),
        "data": {"name": data.name, "fingerprint": data.fingerprint, "counts": _counts(data), **_joined(trained)},
        "config": asdict(trained.config),
        "parent": bundled_manifest()["sha256"] if trained.config.pretrained == "bundled" else "",
        "seed": trained.config.seed,
        "command": trained.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "torch_version": str(torch.__version__),
    }


def _joined(trained: Trained) -> dict[str, Any]:
    if trained.corrections is None:
        return {}
    return {"corrections": trained.corrections.used, "corrections_left_out": dict(trained.corrections.left_out)}


def _counts(data: LabelledImages) -> dict[str, dict[str, int]]:
    """Images per split and label, as they were used."""
    return {
        name: {label: int((part.targets == target).sum()) for target, label in enumerate(data.labels)}
        for name, part in data.splits.items()
    }
