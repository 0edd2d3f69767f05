"""What a manifest says in figures once the model is measured, so that nobody has to open the weights to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.contracts import Evaluation
from core.data.catalog import licence_of
from core.store.files import MANIFEST
from core.tasks.anomaly_detection.measure import by_type
from core.training.evaluation import figures_dict


def write_statement(folder: Path, evaluation: Evaluation) -> None:
    """Add to the manifest of a measured checkpoint: figures, the same by type of defect, licence."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    own = licence_of(str(manifest["data"]["name"]))
    hub = manifest["config"]["pretrained"] == "hub"
    manifest |= {
        "metrics": figures_dict(evaluation),
        "by_type": {
            kind: {name: metric.as_dict() for name, metric in figures.items()}
            for kind, figures in by_type(evaluation).items()
        },
        "licence": f"{own}; and that of the hub's weights it compares features of" if hub else own,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
