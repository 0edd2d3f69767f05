"""What a manifest says in figures once the model is measured, so that nobody has to open the weights to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.data.catalog import DATA_SETS
from core.store.files import MANIFEST
from core.training.evaluation import OTHER
from core.training.metrics import statistic_of, whole

LICENCE_OF_UPLOAD = "as the training data allow"
"""Said of weights that were trained on data of which the catalogue knows no licence."""


def write_statement(folder: Path, evaluation: Evaluation) -> None:
    """Add to the manifest of a measured checkpoint: test figures, those of the other models, licence."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data = evaluation.data
    name = str(manifest["data"]["name"])
    manifest |= {
        "metrics": {
            "data": data.name,
            "split": data.split,
            "n": data.n,
            "fingerprint": data.fingerprint,
            "seed": evaluation.seed,
            "interval": 0.95,
            "values": {name: metric.as_dict() for name, metric in evaluation.summary.items()},
        },
        "others": others(evaluation),
        "licence": next((entry.licence for entry in DATA_SETS if entry.name == name), LICENCE_OF_UPLOAD),
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
