"""One training run: n-grams of the texts, a vocabulary, weights, the table, the calibration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.contracts import RunContext
from core.data.cues import read_cues
from core.data.mapping import parse_mapping
from core.data.texts import LabelledTexts, TextSet, divide, read_labelled_texts
from core.errors import RunCancelled
from core.store.files import WEIGHTS, sha256_of
from core.tasks.text_classification.calibrate import fit_calibrations
from core.tasks.text_classification.checkpoint import Limits, Trained, bundled_folder, read_checkpoint, write_checkpoint
from core.tasks.text_classification.config import TextClassificationConfig
from core.tasks.text_classification.linear import (
    Occurrences,
    Problem,
    Rows,
    fit_weights,
    occurrences_of,
    rarity,
    raw_of,
    rows_of,
    tellingness,
    vocabulary_of,
)
from core.tasks.text_classification.model import LengthCalibration, TextModel, build_table
from core.tasks.text_classification.units import Keys
from core.training.calibration import conformal_scores

BITS = (12, 22)
"""Binary logarithm of the fewest and the most buckets of a table; the most are 12.6 MB."""
ROOM = 3
"""Buckets for each n-gram, where they are not limited."""
LIGHTEST = 0.1
"""Longer n-grams whose weight, times the root of their number of texts, is below this share of the mean are pruned."""
HELD_OUT_DECLINED = 0.005
"""Share of the validation texts that may be declined for unknown words."""
UNKNOWN_RANGE = (0.3, 0.8)
"""Limits of the share of unknown words at which a text is declined."""
UNCALIBRATED = LengthCalibration(1.0, 0.0, 0.0)

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
    """The texts of a data path in three parts; see `divide`."""
    texts = read_labelled_texts(data, parse_mapping(config.columns))
    return divide(texts, config.seed, {"validation": config.validation_share, "test": config.test_share})


@cache
def bundled_model() -> TextModel:
    """Our own model, to start from; raises `ModelRefused` when it is damaged."""
    return read_checkpoint(bundled_folder())[1]


def fit_model(data: LabelledTexts, config: TextClassificationConfig, run: RunContext) -> Fitted:
    """Fit the weights to the training texts and calibrate on the validation texts."""
    start = bundled_model() if config.pretrained == "bundled" else None
    train, validation = data.splits["train"], data.splits["validation"]
    texts, targets, importance = _learned_from(train, config)
    found, checked = (occurrences_of(each, _stoppable(run)) for each in (texts, validation.texts))
    vocabulary = vocabulary_of(found, config.min_count, len(train))
    rows, offsets = _with_start(found, vocabulary, start)
    problem = Problem(rows, targets, importance, _scales(rows, targets, config), config.regularisation, offsets)
    watch = _Watch(*_with_start(checked, vocabulary, start), validation.targets, config, run)
    fit_weights(problem, config.steps, watch)
    keys, weights = _kept(found, vocabulary, watch.weights, rows)
    if start is None:
        table, bias = build_table(keys, weights, _bits_for(len(keys))), watch.bias
    else:
        table, bias = start.table.with_added(keys, weights), watch.bias + start.bias
    model = TextModel(table, bias, dict.fromkeys(("en", "zh"), UNCALIBRATED))
    known = start.calibrations if start is not None else None
    calibrations = fit_calibrations(model.read(validation.texts), validation.targets, validation.sources, known)
    return Fitted(TextModel(table, bias, calibrations), watch.best_step, len(vocabulary), len(keys))


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
    trained = Trained(fitted.model, data, config, command, figures, parent)
    write_checkpoint(folder, trained, limits_of(fitted.model, data.splits["validation"]))
    return folder


def limits_of(model: TextModel, validation: TextSet) -> Limits:
    """From the validation texts: how many unknown words are too many, and the conformal scores."""
    reading = model.read(validation.texts)
    positive = expit(model.log_odds(reading))
    unknown = float(np.quantile(1 - reading.known, 1 - HELD_OUT_DECLINED))
    scores = np.stack([1 - positive, positive], axis=1)
    return Limits(float(np.clip(unknown, *UNKNOWN_RANGE)), conformal_scores(scores, validation.targets))


def _learned_from(
    train: TextSet, config: TextClassificationConfig
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]:
    """Texts, labels, and what each text counts: classes alike within a source, and our own cues as the options say."""
    importance = np.ones(len(train), np.float32)
    if config.class_weights:
        for source in np.unique(train.sources):
            rows = train.sources == source
            for label in (0, 1):
                chosen = rows & (train.targets == label)
                importance[chosen] = rows.sum() / (2 * max(chosen.sum(), rows.sum() / 20))
    if not config.cues:
        return train.texts, train.targets, importance
    cues, labels = read_cues()
    weights = np.full(len(cues), config.cues, np.float32)
    return train.texts + cues, np.append(train.targets, labels), np.append(importance, weights)


def _with_start(found: Occurrences, vocabulary: Keys, start: TextModel | None) -> tuple[Rows, NDArray[np.float32]]:
    """Texts in the columns of the vocabulary, and what the model that the run starts from says of each."""
    if start is None:
        return rows_of(found, vocabulary), np.zeros(found.n_texts, np.float32)
    weights, known = start.table.find(found.keys)
    rows = rows_of(found, vocabulary, known)
    sums = np.bincount(found.texts, weights, minlength=found.n_texts)
    return rows, np.asarray(sums * rows.scales + start.bias, np.float32)


def _scales(rows: Rows, targets: NDArray[np.int64], config: TextClassificationConfig) -> NDArray[np.float32]:
    if config.scaling == "none":
        return np.ones(rows.present.shape[1], np.float32)
    if config.scaling == "rarity":
        return rarity(rows)
    telling = tellingness(rows, targets)
    return telling if config.scaling == "tellingness" else np.sqrt(telling * rarity(rows))


class _Watch:
    """Keeps the weights of the step with the lowest validation loss (or the last), reports, and ends the fit."""

    def __init__(
        self,
        rows: Rows,
        offsets: NDArray[np.float32],
        targets: NDArray[np.int64],
        config: TextClassificationConfig,
        run: RunContext,
    ) -> None:
        self._rows, self._run, self._config = rows, run, config
        self._sign, self._offsets = np.where(targets == 1, 1.0, -1.0), offsets
        self.weights: Floats = np.zeros(rows.present.shape[1], np.float32)
        self.bias = 0.0
        self.best_step, self._best_loss = 0, np.inf

    def __call__(self, step: int, weights: Floats, bias: float) -> None:
        """Measure one step; raises `StopIteration`, which the optimiser takes for its end, or `RunCancelled`."""
        if self._run.should_stop():
            raise RunCancelled
        margin = self._sign * (raw_of(self._rows, weights, bias) + self._offsets)
        loss = float(np.logaddexp(0.0, -margin).mean())
        right = float((margin > 0).mean())
        self._run.report(step, self._config.steps, validation_loss=loss, validation_accuracy=right)
        if loss < self._best_loss or not self._config.early_stopping:
            self._best_loss, self.best_step = loss, step
            self.weights, self.bias = np.asarray(weights, np.float32), bias
        elif step - self.best_step >= self._config.early_stopping:
            raise StopIteration


def _kept(found: Occurrences, vocabulary: Keys, weights: Floats, rows: Rows) -> tuple[Keys, NDArray[np.float32]]:
    """N-grams worth a bucket: all single units, which tell what is known, and longer ones that weigh something."""
    counts = np.bincount(rows.present.indices, minlength=len(vocabulary))
    felt = np.abs(weights) * np.sqrt(counts)
    chosen = np.isin(vocabulary, found.single) | (felt > LIGHTEST * felt.mean())
    return vocabulary[chosen], np.asarray(weights[chosen], np.float32)


def _stoppable(run: RunContext) -> Any:
    def progress(done: int, total: int) -> None:
        if run.should_stop():
            raise RunCancelled
        run.report(done, total)

    return progress
