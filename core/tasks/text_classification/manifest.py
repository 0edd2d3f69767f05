"""What the manifest of a checkpoint of this task says, whatever the architecture; each adds its own keys to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np

import core
from core.data.texts import LABELS, LabelledTexts
from core.store.sealed import SCHEMA
from core.tasks.text_classification.config import TextClassificationConfig
from core.training.options import applies

TASK_NAME = "text_classification"
NGRAMS, TFIDF, TRANSFORMER = "ngram_table", "tfidf", "transformer"
"""Values of `architecture`."""


@dataclass(frozen=True)
class Origin:
    """How a model came to be."""

    data: LabelledTexts
    config: TextClassificationConfig
    command: str
    """The line that repeats the run."""
    figures: Mapping[str, int]
    """Sizes that the training chose, such as steps and n-grams kept."""
    parent: str = ""
    """sha256 of the weights that the run started from."""


def meant(config: TextClassificationConfig) -> dict[str, Any]:
    """The options of a run that mean something beside the others, by name."""
    values = asdict(config)
    return {entry.name: values[entry.name] for entry in fields(config) if applies(entry, values)}


def manifest_of(architecture: str, origin: Origin) -> dict[str, Any]:
    """What all architectures write; the checksum of the weights, `calibration` and the like come on top."""
    data = origin.data
    return {
        "schema": SCHEMA,
        "task": TASK_NAME,
        "architecture": architecture,
        "labels": list(LABELS),
        "threshold": {"label": LABELS[1], "value": 0.5, "rule": "calibrated score of one half"},
        "figures": dict(origin.figures),
        "data": {"name": data.name, "fingerprint": data.fingerprint, "counts": data.counts()},
        "config": meant(origin.config),
        "parent": origin.parent,
        "seed": origin.config.seed,
        "command": origin.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": core.__version__,
        "numpy_version": np.__version__,
    }
