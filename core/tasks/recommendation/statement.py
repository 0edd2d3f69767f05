"""What a manifest says in figures once the model is measured, so that nobody has to open the weights to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.data.catalog import licence_of
from core.store.files import MANIFEST
from core.tasks.recommendation.measure import HEADLINE, over_other
from core.training.evaluation import OTHER, figures_dict


def write_statement(folder: Path, evaluation: Evaluation) -> None:
    """Add to the manifest of a measured checkpoint: test figures, those of the other models, licence."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest |= {
        "metrics": figures_dict(evaluation),
        "others": others(evaluation),
        "licence": licence_of(str(manifest["data"]["name"])),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def others(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Headline metric of the other models on the same users, and by how much the version is ahead of each."""
    names = [name.removeprefix(OTHER) for name in evaluation.table if name.startswith(OTHER)]
    return {
        name: {
            HEADLINE: float(np.mean(np.asarray(evaluation.table[OTHER + name], np.float64))),
            "ahead": over_other(evaluation, name).as_dict(),
        }
        for name in names
    }
