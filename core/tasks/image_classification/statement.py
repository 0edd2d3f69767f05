"""What a manifest says in figures once the model is measured, so that nobody has to open the weights to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.contracts import Evaluation
from core.data.catalog import licence_of
from core.store.files import MANIFEST
from core.tasks.image_classification.domain import DISTANCE_QUANTILE, HELD_OUT_DECLINED
from core.tasks.image_classification.model import read_checkpoint
from core.training.calibration import conformal_quantile
from core.training.evaluation import figures_dict

COVERAGES = (0.8, 0.9, 0.95, 0.99)


def write_statement(folder: Path, evaluation: Evaluation) -> None:
    """Add to the manifest of a measured checkpoint: test figures, conformal limits, domain statistics, licence."""
    checkpoint = read_checkpoint(folder, "image_classification")
    tensors, manifest = dict(checkpoint.tensors), dict(checkpoint.manifest)
    scores = tensors["conformal.scores"].double().numpy()
    limits = [float(value) for value in tensors["domain.limits"]]
    manifest |= {
        "conformal": {
            "score": "1 - score of the true label, on validation images",
            "n": len(scores),
            "limit_by_coverage": {str(share): round(conformal_quantile(scores, share), 6) for share in COVERAGES},
        },
        "domain": {
            "features": int(tensors["domain.centre"].numel()),
            "components": int(tensors["domain.axes"].shape[1]),
            "distance_limit": limits[0],
            "distance_quantile": DISTANCE_QUANTILE,
            "regression_limit": limits[2],
            "held_out_declined": HELD_OUT_DECLINED,
            "grey_only": bool(tensors["domain.grey"].item()),
        },
        "metrics": figures_dict(evaluation),
        "licence": _licence(manifest),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _licence(manifest: dict[str, Any]) -> str:
    """Of the data that the catalogue knows; a start from a hub's weights brings their licence along."""
    name = str(manifest.get("data", {}).get("name", ""))
    own = licence_of(name)
    hub = str(manifest.get("config", {}).get("pretrained", "")) == "hub"
    return f"{own}; and that of the hub's weights it was started from" if hub else own
