"""One training run: n-grams of the texts, a vocabulary, weights, the table, the calibration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.mapping import parse_mapping
from core.data.texts import LabelledTexts, divide, read_masked_texts
from core.store.files import WEIGHTS, sha256_of
from core.tasks.text_classification.calibrate import fit_calibrations, limits_of
from core.tasks.text_classification.checkpoint import bundled_folder, read_checkpoint, write_checkpoint
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.fitting import fit_group, groups_of, learned_from, merged
from core.tasks.text_classification.manifest import Origin
from core.tasks.text_classification.model import CALIBRATED, UNCALIBRATED, TextModel, build_table

BITS = (12, 22)
"""Binary logarithm of the fewest and the most buckets of a table; the most are 12.6 MB."""
ROOM = 8
"""Buckets for each n-gram, where they are not limited."""

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Fitted:
    """A model and how its training went."""

    model: TextModel
    steps: int
    """Steps of the optimiser up to the weights that were kept."""
    vocabulary: int
    """N-grams that were fitted."""
    kept: int
    """N-grams that were put into the table."""


def read_splits(data: Path, config: TextClassificationConfig) -> LabelledTexts:
    """The texts of a data path in three parts, without personal data; see `divide`."""
    texts = read_masked_texts(data, parse_mapping(config.columns))
    return divide(texts, config.seed, {"validation": config.validation_share, "test": config.test_share})


@cache
def bundled_model() -> TextModel:
    """Our own model, to start from; raises `ModelRefused` when it is damaged."""
    return read_checkpoint(bundled_folder())[1]


def fit_model(data: LabelledTexts, config: TextClassificationConfig, run: RunContext) -> Fitted:
    """Fit the weights to the training texts and calibrate on the validation texts.

    From nothing, texts with and without Chinese characters are fitted on their own where there are enough of both: what
    is fitted to all at once reads each a little worse. Our own model is added to by all texts together.
    """
    start = bundled_model() if config.pretrained == "bundled" else None
    validation = data.splits["validation"]
    learned = learned_from(data.splits["train"], config)
    groups = [None] if start is not None else groups_of(learned, validation)
    parts = [fit_group(learned, validation, group, config, run, start) for group in groups]
    keys, weights, single = merged(parts)
    if start is None:
        table = build_table(keys, weights, single, _bits_for(len(keys)))
        bias = float(np.mean([part.bias for part in parts]))
    else:
        table, bias = start.table.with_added(keys, weights, single), parts[0].bias + start.bias
    model = TextModel(table, bias, dict.fromkeys(CALIBRATED, UNCALIBRATED))
    known = start.calibrations if start is not None else None
    calibrations = fit_calibrations(model.read(validation.texts), validation.targets, validation.sources, known)
    steps, vocabulary = max(part.steps for part in parts), sum(part.vocabulary for part in parts)
    return Fitted(TextModel(table, bias, calibrations), steps, vocabulary, len(keys))


def _bits_for(n: int) -> int:
    return int(np.clip((ROOM * n).bit_length(), *BITS))


def train_checkpoint(data: LabelledTexts, config: TextClassificationConfig, run: RunContext, command: str) -> Path:
    """Train on texts in three parts and write the checkpoint folder, whose figures `measure` adds."""
    run.stage("train")
    fitted = fit_model(data, config, run)
    run.stage("calibrate")
    figures = {"steps": fitted.steps, "vocabulary": fitted.vocabulary, "kept": fitted.kept}
    parent = sha256_of(bundled_folder() / WEIGHTS) if config.pretrained == "bundled" else ""
    folder = run.directory / "checkpoint"
    validation = data.splits["validation"]
    reading = fitted.model.read(validation.texts)
    limits = limits_of(reading, fitted.model.log_odds(reading), validation.targets)
    write_checkpoint(folder, fitted.model, limits, Origin(data, config, command, figures, parent))
    return folder
