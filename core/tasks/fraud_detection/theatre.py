"""The overfitting figures of a run's data, kept with its version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import RunContext
from core.data.transactions import FRAUD
from core.store.files import MANIFEST, sha256_of
from core.store.sealed import FILES
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.examples import Examples, going_on
from core.training.theatre import FILE, Rows, save_theatre, stage


def add_theatre(folder: Path, examples: Examples, config: FraudConfig, run: RunContext) -> None:
    """Measure both trees on the training and validation rows and note the file in the manifest of `folder`."""
    found = stage(_rows(examples, "train"), _rows(examples, "validation"), config.seed, lambda: going_on(run))
    save_theatre(folder, found)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest[FILES][FILE] = sha256_of(folder / FILE)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _rows(examples: Examples, part: str) -> Rows:
    """Rows of a part; corrections are left out, they belong to no customer."""
    places, transactions = examples.split.parts[part], examples.transactions
    groups = np.arange(len(places)) if transactions.customer is None else transactions.customer[places]
    values = examples.table.values[places]
    return Rows(values, np.asarray(transactions.label)[places] == FRAUD, groups)
