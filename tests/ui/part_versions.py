"""Versions of the defect sector without a network in them: made-up tables, maps, pictures and robustness."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.contracts import DataInfo, Evaluation
from core.data import examples
from core.data.kept_maps import keep_maps
from core.store.registry import registry
from core.store.versions import Version
from core.tasks.anomaly_detection.measure import by_type, summary_of
from core.tasks.anomaly_detection.worst import worst_of
from core.training.evaluation import VALIDATION, save_evaluation
from core.training.robustness import AS_TAKEN, DISTURBANCES, Disturbed, Robustness, save_robustness
from tests.training.part_tables import held_out, parts


def write_checkpoint(
    folder: Path, evaluation: Evaluation, choosing: Evaluation | None = None, pictures: bool = True
) -> Path:
    """A checkpoint that everything but a prediction can be had from.

    Args:
        folder: Is made.
        evaluation: Of its test.
        choosing: What thresholds are chosen on; None for none.
        pictures: Whether small pictures, and with them maps and robustness, are kept.
    """
    folder.mkdir(parents=True)
    weights = hashlib.sha256(str(folder).encode()).digest() * 64
    (folder / "model.safetensors").write_bytes(weights)
    manifest = {
        "schema": 1,
        "task": "anomaly_detection",
        "architecture": "tiny_net",
        "labels": ["good", "defect"],
        "threshold": {"label": "defect", "value": 0.8, "rate": 0.1, "promised": 0.1, "held_out": 99},
        "sha256": hashlib.sha256(weights).hexdigest(),
        "by_type": {
            kind: {name: metric.as_dict() for name, metric in figures.items()}
            for kind, figures in by_type(evaluation).items()
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "card.md").write_text("# A card\n", encoding="utf-8")
    save_evaluation(folder, evaluation)
    if choosing is not None:
        save_evaluation(folder / VALIDATION, choosing)
    if pictures:
        keep_all(folder, evaluation)
        save_robustness(folder, robustness(evaluation))
    return folder


def keep_all(folder: Path, evaluation: Evaluation) -> None:
    """Small grey pictures of all images, and maps of the worst with one odd corner."""
    ids: Sequence[str] = [str(name) for name in evaluation.table["id"]]
    examples.keep(folder, ids, np.full((len(ids), 48, 48, 1), 90, np.uint8))
    worst = worst_of(evaluation)
    maps = np.zeros((len(worst), 32, 32), np.float32)
    maps[:, :8, :8] = 0.9
    masks = [maps[0] > 0.5 if evaluation.table["truth"][row] else None for row in worst]
    keep_maps(folder, [ids[row] for row in worst], maps, masks, 0.5)


def robustness(evaluation: Evaluation) -> Robustness:
    """The same figures under every disturbance."""
    figures, n = summary_of(evaluation.table), evaluation.data.n
    rows = tuple(Disturbed(name, strength, figures, n) for name, strength in {AS_TAKEN: 0.0, **DISTURBANCES}.items())
    return Robustness(rows, DataInfo("made parts", "test", n, "f"), 0)


def register(home: Path, name: str, **options: object) -> Version:
    """A registered version; `options` as for `write_checkpoint`, the tables made up where none are given."""
    evaluation = options.pop("evaluation", None) or parts(good=60, defects=60)
    choosing = options.pop("choosing", None) or held_out()
    folder = write_checkpoint(home / f"staged-{name}", evaluation, choosing, **options)  # type: ignore[arg-type]
    return registry().register("defects", folder)
