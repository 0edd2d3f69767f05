"""Checkpoint folders without a network in them: for everything that only looks at versions."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from core.contracts import DataInfo, Evaluation, Metric
from core.store.registry import registry
from core.store.versions import Version
from core.training.evaluation import save_evaluation

LABELS = ("normal", "pneumonia")


def write_checkpoint(folder: Path, seed: int = 0, n: int = 624, card: str = "# A card\n\nMade for a test.\n") -> Path:
    """Weights that nobody loads, a manifest, a card and an evaluation over `n` made-up examples."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    weights = generator.bytes(2048)
    (folder / "model.safetensors").write_bytes(weights)
    manifest = {
        "schema": 1,
        "task": "image_classification",
        "architecture": "mobilenetv4_conv_small",
        "labels": list(LABELS),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "card.md").write_text(card, encoding="utf-8")
    save_evaluation(folder, _evaluation(generator, n))
    return folder


def _evaluation(generator: np.random.Generator, n: int) -> Evaluation:
    truth = np.arange(n) % 2
    right = generator.random(n) < 0.9
    prediction = np.where(right, truth, 1 - truth)
    top = generator.uniform(0.55, 0.99, n).astype(np.float32)
    scores = np.stack([np.where(prediction == 0, top, 1 - top), np.where(prediction == 1, top, 1 - top)], axis=1)
    accuracy = float(right.mean())
    return Evaluation(
        labels=LABELS,
        table={
            "id": np.array([f"{number:04d}.png" for number in range(n)]),
            "truth": truth,
            "prediction": prediction,
            "scores": scores.astype(np.float32),
            "abstained": np.zeros(n, dtype=bool),
            "domain_score": np.full(n, 0.4, dtype=np.float32),
        },
        summary={
            "accuracy": Metric(accuracy, accuracy - 0.02, accuracy + 0.02, n),
            "auroc": Metric(0.957, 0.941, 0.971, n),
            "ece": Metric(0.031, 0.02, 0.05, n),
        },
        data=DataInfo("chest_xray_224", "test", n, "0" * 64),
        seed=0,
        command="python -m core evaluate medical --data chest.zip",
    )


def register_version(folder: Path, seed: int, name: str = "", card: str = "# A card\n\nMade for a test.\n") -> Version:
    """A registered version of the medical sector, challenger until promoted."""
    return registry().register("medical", write_checkpoint(folder / f"staged-{seed}", seed, card=card), name=name)
