"""What a manifest says in figures once the model is measured, so that nobody has to open the weights to read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.contracts import Evaluation
from core.store.files import MANIFEST
from core.tasks.text_classification.predictor import TextModelPredictor
from core.training.calibration import conformal_quantile
from core.training.evaluation import figures_dict

COVERAGES = (0.8, 0.9, 0.95, 0.99)
LICENCE_OF_UPLOAD = "as the training data allow"
"""Said of weights that were trained on texts of which no licence is known."""


def write_statement(folder: Path, predictor: TextModelPredictor, evaluation: Evaluation) -> None:
    """Add to the manifest of a measured checkpoint: test figures, conformal limits, licence."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest |= {
        "conformal": {
            "score": "1 - score of the true label, on validation texts",
            "n": len(predictor.conformal),
            "limit_by_coverage": {
                str(share): round(conformal_quantile(predictor.conformal, share), 6) for share in COVERAGES
            },
        },
        "metrics": figures_dict(evaluation),
        "licence": LICENCE_OF_UPLOAD,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
