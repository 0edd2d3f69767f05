"""From fitted models to a complete checkpoint folder: calibration, threshold, weights, manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

import core
from core.contracts import RunContext
from core.data.transactions import FRAUD, LABELS
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import FILES, SCHEMA
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.corrections import Joined
from core.tasks.fraud_detection.domain import fit_domain
from core.tasks.fraud_detection.examples import Examples
from core.tasks.fraud_detection.model import TASK_NAME, TREES, FraudModel, Scorer, tensors_of
from core.tasks.fraud_detection.rules import Rules
from core.tasks.fraud_detection.trees import BoostedTrees
from core.training.calibration import fit_beta


@dataclass(frozen=True)
class Trained:
    """Fitted models and everything their manifest tells about how they came to be."""

    scorers: Mapping[str, Scorer]
    """Kind -> model; the first one answers."""
    examples: Examples
    config: FraudConfig
    command: str
    corrections: Joined | None = None
    """What visitors' corrections added to the training rows; None without them."""


def best_threshold(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> tuple[float, float]:
    """The cut with the highest F1 and that F1; halfway to the next lower score, so that nothing hangs on rounding."""
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order].astype(np.float64), np.cumsum(truth[order])
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    f1 = 2 * right[last] / (last + 1 + truth.sum())
    best = int(np.argmax(f1))
    here = ranked[last[best]]
    below = ranked[last[best] + 1] if last[best] + 1 < len(ranked) else 0.0
    return float((here + below) / 2), float(f1[best])


def write_checkpoint(folder: Path, trained: Trained, run: RunContext) -> None:
    """Calibrate every model on the validation rows and write all of them and the manifest into `folder`."""
    run.stage("calibrate")
    examples = trained.examples
    values, targets = examples.rows("validation")
    calibrations = {}
    for step, (kind, scorer) in enumerate(trained.scorers.items()):
        calibrations[kind] = fit_beta(scorer.score(values), targets)
        run.report(step + 1, len(trained.scorers))
    domain = fit_domain(examples.rows("train")[0])
    model = FraudModel(trained.config.model, examples.plan, trained.scorers, calibrations, domain)
    threshold, f1 = best_threshold(model.scores(values), targets == FRAUD)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors_of(model), folder / WEIGHTS)
    manifest = _manifest(trained) | {
        "threshold": {"label": LABELS[FRAUD], "value": threshold, "rule": "best F1 on the validation rows"},
        "validation": {"validation_f1": round(f1, 6)},
        "features": json.loads(examples.plan.to_json()),
        "sha256": sha256_of(folder / WEIGHTS),
        FILES: {},
    }
    for scorer in trained.scorers.values():
        if isinstance(scorer, Rules):
            manifest["rules"] = scorer.as_dict()
        if isinstance(scorer, BoostedTrees):
            (folder / TREES).write_text(scorer.text, encoding="utf-8", newline="\n")
            manifest[FILES] = {TREES: sha256_of(folder / TREES)}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _manifest(trained: Trained) -> dict[str, Any]:
    examples, config = trained.examples, trained.config
    joined = trained.corrections
    data: dict[str, Any] = {
        "name": examples.name,
        "fingerprint": examples.transactions.sha256,
        "counts": examples.counts(),
        "boundaries": examples.boundaries(),
        "columns": dict(examples.transactions.columns),
        "warnings": list(examples.warnings),
    }
    if joined is not None:
        data |= {"corrections": joined.used, "corrections_left_out": dict(joined.left_out)}
    return {
        "schema": SCHEMA,
        "task": TASK_NAME,
        "architecture": config.model,
        "models": list(trained.scorers),
        "labels": list(LABELS),
        "label_delay_days": config.label_delay_days,
        "data": data,
        "config": asdict(config),
        "parent": "",
        "seed": config.seed,
        "command": trained.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "lightgbm_version": str(lightgbm.__version__),
    }
