"""Fitting the texts of one language: vocabulary, scales, weights, and what is worth keeping of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.cues import read_cues
from core.data.texts import TextSet
from core.errors import RunCancelled
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
from core.tasks.text_classification.model import TextModel, slopes_and_shifts
from core.tasks.text_classification.units import Keys
from core.training.run import stoppable

LIGHTEST = 0.3
"""Longer n-grams whose weight, times the root of their number of texts, is below this share of the mean are pruned."""
LEAST = (500, 50)
"""Training and validation texts of a class with which a language is fitted on its own."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Learned:
    """What a run learns from."""

    texts: tuple[str, ...]
    targets: NDArray[np.int64]
    importance: NDArray[np.float32]
    """What each text counts."""
    own: int
    """Texts of the data; those behind are our own cues, of which every n-gram is learned."""

    def rows(self, group: bool | None) -> NDArray[np.int64]:
        """Places of the texts with Chinese characters, or without, or all; emoji among the cues belong to both."""
        if group is None:
            return np.arange(len(self.texts))
        signs = np.array([not any(map(str.isalpha, text)) for text in self.texts[self.own :]], bool)
        chosen = has_chinese(self.texts) == group
        chosen[self.own :] |= signs
        return np.flatnonzero(chosen)


@dataclass(frozen=True)
class Part:
    """What was fitted to one group of texts; arrays (K,)."""

    keys: Keys
    weights: NDArray[np.float32]
    counts: NDArray[np.int64]
    """Texts that each n-gram stands in."""
    single: NDArray[np.bool_]
    """Which of them are one unit."""
    bias: float
    steps: int
    vocabulary: int


def has_chinese(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts hold a Chinese character, (N,)."""
    return np.array([_CHINESE.search(text) is not None for text in texts], bool)


def learned_from(train: TextSet, config: TextClassificationConfig) -> Learned:
    """The training texts, classes alike within a source, and our own cues as the options say."""
    importance = np.ones(len(train), np.float32)
    if config.class_weights:
        for source in np.unique(train.sources):
            rows = train.sources == source
            for label in (0, 1):
                chosen = rows & (train.targets == label)
                importance[chosen] = rows.sum() / (2 * max(chosen.sum(), rows.sum() / 20))
    if not config.cues:
        return Learned(train.texts, train.targets, importance, len(train))
    cues, labels = read_cues()
    weights = np.full(len(cues), config.cues, np.float32)
    return Learned(train.texts + cues, np.append(train.targets, labels), np.append(importance, weights), len(train))


def groups_of(learned: Learned, validation: TextSet) -> list[bool | None]:
    """Whether texts with Chinese characters are fitted on their own (False, True), or all together (None)."""
    own = learned.texts[: learned.own], learned.targets[: learned.own]
    for (texts, targets), least in zip((own, (validation.texts, validation.targets)), LEAST, strict=True):
        chinese = has_chinese(texts)
        for group in (False, True):
            if np.bincount(targets[chinese == group], minlength=2).min() < least:
                return [None]
    return [False, True]


def fit_group(
    learned: Learned,
    validation: TextSet,
    group: bool | None,
    config: TextClassificationConfig,
    run: RunContext,
    start: TextModel | None,
) -> Part:
    """Fit the texts of one group."""
    chosen = learned.rows(group)
    checked = np.arange(len(validation)) if group is None else np.flatnonzero(has_chinese(validation.texts) == group)
    texts, targets = [learned.texts[row] for row in chosen], learned.targets[chosen]
    found = occurrences_of(texts, stoppable(run))
    vocabulary = vocabulary_of(found, config.min_count, int(np.searchsorted(chosen, learned.own)))
    rows, offsets = _with_start(found, vocabulary, texts, start)
    held_texts = [validation.texts[row] for row in checked]
    held = occurrences_of(held_texts, stoppable(run))
    watch = _Watch(*_with_start(held, vocabulary, held_texts, start), validation.targets[checked], config, run)
    scales, importance = _scales(rows, targets, config), learned.importance[chosen]
    problem = Problem(rows, targets, importance, scales, config.regularisation, offsets, start is None)
    fit_weights(problem, config.steps, watch)
    counts = np.bincount(rows.present.indices, minlength=len(vocabulary))
    single = np.isin(vocabulary, found.single)
    kept = single | _weighty(watch.weights, counts)
    weights = np.asarray(watch.weights[kept], np.float32)
    return Part(vocabulary[kept], weights, counts[kept], single[kept], watch.bias, watch.best_step, len(vocabulary))


def merged(parts: Sequence[Part]) -> tuple[Keys, NDArray[np.float32], NDArray[np.bool_]]:
    """N-grams of all groups, their weights, and which are one unit.

    One that stands in several groups gets the mean of its weights, by texts that it stands in.
    """
    keys, place = np.unique(np.concatenate([part.keys for part in parts]), return_inverse=True)
    counts = np.concatenate([part.counts for part in parts]).astype(np.float64)
    weights = np.concatenate([part.weights for part in parts])
    single = np.bincount(place, np.concatenate([part.single for part in parts])) > 0
    mean = np.bincount(place, weights * counts) / np.bincount(place, counts)
    return keys, np.asarray(mean, np.float32), single


def _with_start(
    found: Occurrences, vocabulary: Keys, texts: Sequence[str], start: TextModel | None
) -> tuple[Rows, NDArray[np.float32]]:
    """Texts in the columns of the vocabulary, and what the model that the run starts from says of each.

    That is its raw score with the shift of its calibration, in the units of the raw score: the new weights need not
    learn what the calibration adds already.
    """
    if start is None:
        return rows_of(found, vocabulary), np.zeros(found.n_texts, np.float32)
    weights, known = start.table.find(found.keys)
    rows = rows_of(found, vocabulary, known)
    sums = np.bincount(found.texts, weights, minlength=found.n_texts)
    slopes, shifts = slopes_and_shifts(start.calibrations, start.read(texts))
    return rows, np.asarray(sums * rows.scales + start.bias + shifts / slopes, np.float32)


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


def _weighty(weights: Floats, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """N-grams that weigh something in the texts that they stand in, (V,)."""
    felt = np.abs(weights) * np.sqrt(counts)
    return np.asarray(felt > LIGHTEST * felt.mean())
