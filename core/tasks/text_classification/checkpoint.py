"""Checkpoint folders: the table of n-grams as safetensors, everything else in the manifest; loaded strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.contracts import N_
from core.data.texts import LABELS
from core.settings import settings
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import not_finite, refused, sealed_manifest, unreadable
from core.tasks.text_classification.calibrate import Limits
from core.tasks.text_classification.manifest import NGRAMS, TASK_NAME, Origin, manifest_of
from core.tasks.text_classification.model import CALIBRATED, LengthCalibration, NgramTable, TextModel

READING = {"words": 3, "characters": 4, "gaps": [1, 2], "negation": 4, "version": 1}
"""How text is read into n-grams; a model that was trained on another reading would answer nonsense."""
BITS_MAX = 24


def bundled_folder() -> Path:
    """Where our own model lies."""
    return settings().assets / "models" / "sentiment" / "bundled"


def write_checkpoint(folder: Path, model: TextModel, limits: Limits, origin: Origin) -> None:
    """Write weights and manifest into `folder`, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        "table.checks": model.table.checks,
        "table.weights": model.table.weights,
        "conformal.scores": limits.conformal.astype(np.float32),
    }
    save_file(tensors, folder / WEIGHTS)
    manifest = manifest_of(NGRAMS, origin) | {
        "reading": READING,
        "bias": model.bias,
        "calibration": {name: asdict(one) for name, one in model.calibrations.items()},
        "unknown_limit": limits.unknown,
        "sha256": sha256_of(folder / WEIGHTS),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def read_checkpoint(folder: Path) -> tuple[Mapping[str, Any], TextModel, Limits]:
    """Read and verify a checkpoint folder: schema, task, checksum, reading, shapes, finite weights.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task or another reading.
    """
    manifest = sealed_manifest(folder, TASK_NAME)
    try:
        if manifest["reading"] != READING or manifest["labels"] != list(LABELS):
            raise refused("model.reading", N_("The model was trained on texts that were read in another way."))
        tensors = load_file(folder / WEIGHTS)
        table = NgramTable(tensors["table.checks"], tensors["table.weights"])
        conformal = tensors["conformal.scores"].astype(np.float64)
        calibrations = {name: LengthCalibration(**manifest["calibration"][name]) for name in CALIBRATED}
        model = TextModel(table, float(manifest["bias"]), calibrations)
        limits = Limits(float(manifest["unknown_limit"]), conformal)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise unreadable(error) from error
    _check_table(table)
    numbers = [model.bias, limits.unknown, *(value for one in calibrations.values() for value in asdict(one).values())]
    if not np.isfinite([*numbers, *conformal]).all():
        raise not_finite("manifest")
    return manifest, model, limits


def _check_table(table: NgramTable) -> None:
    size = len(table.checks)
    shapes = table.checks.shape == table.weights.shape == (2**table.bits,) and 1 <= table.bits <= BITS_MAX
    if not shapes or size != 2**table.bits or table.checks.dtype.name + table.weights.dtype.name != "uint8float16":
        raise refused("model.table", N_("The table of the model has another form than this program reads."))
    if not np.isfinite(table.weights).all():
        raise not_finite("table.weights")
