"""What a manifest says in figures once the model is measured, so that nobody has to open the weights to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.data.catalog import licence_of
from core.store.files import MANIFEST
from core.training.evaluation import OTHER, figures_dict
from core.training.metrics import statistic_of, whole


def write_statement(folder: Path, evaluation: Evaluation) -> None:
    """Add to the manifest of a measured checkpoint: test figures, those of the other models, licence."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    name = str(manifest["data"]["name"])
    manifest |= {
        "metrics": figures_dict(evaluation),
        "others": others(evaluation),
        "licence": licence_of(name),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def others(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Ranking figures of the other models on the same rows, by kind of model."""
    truth = np.asarray(evaluation.table["truth"])
    found: dict[str, dict[str, float]] = {}
    if len(np.unique(truth)) < 2:
        return found
    for column, score in evaluation.table.items():
        if column.startswith(OTHER):
            scores = np.stack([1 - np.asarray(score), np.asarray(score)], axis=1)
            found[column.removeprefix(OTHER)] = {
                name: float(whole(statistic_of(name, truth, truth, scores), len(truth)))
                for name in ("average_precision", "auroc")
            }
    return found
