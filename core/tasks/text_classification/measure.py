"""From a predictor and labelled texts to an evaluation table and its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import DataInfo, Evaluation, Metric
from core.data.texts import LABELS, LabelledTexts, TextSet
from core.tasks.text_classification.predictor import Answers, TextPredictor, declined
from core.training.evaluation import VALIDATION, save_evaluation
from core.training.metrics import classification_summary, share
from core.training.slices import PREFIX

LENGTHS = (20, 60, 200)
"""Units that part short from long texts."""
SOURCES_MAX = 20
"""Categories of which there are more are not shown one by one."""


def measure_texts(predictor: TextPredictor, texts: TextSet) -> dict[str, NDArray[Any]]:
    """Columns of an evaluation table, one row for each text."""
    found = predictor.answers(texts.texts)
    scores = np.stack([1 - found.scores, found.scores], axis=1)
    return {
        "id": texts.ids,
        "truth": texts.targets,
        "prediction": (found.scores >= predictor.threshold).astype(np.int64),
        "scores": scores.astype(np.float32),
        "abstained": declined(found),
        "domain_score": found.domain,
        **{PREFIX + name: column for name, column in _slices(found, texts).items()},
    }


def _slices(found: Answers, texts: TextSet) -> dict[str, NDArray[np.str_]]:
    names = [f"≤ {LENGTHS[0]}", *(f"{a + 1}–{b}" for a, b in pairwise(LENGTHS))]
    names.append(f"> {LENGTHS[-1]}")
    columns = {
        "words": np.array(names)[np.searchsorted(LENGTHS, found.reading.sizes)],
        "language": found.reading.languages,
    }
    if len(np.unique(texts.sources)) <= SOURCES_MAX:
        columns["category"] = texts.sources
    return {name: column for name, column in columns.items() if len(np.unique(column)) > 1}


def summary_of(table: Mapping[str, NDArray[Any]]) -> dict[str, Metric]:
    """The metrics of an evaluation table, or of some of its rows; every text counts, also those declined."""
    summary = classification_summary(table["truth"], table["prediction"], table["scores"])
    summary["declined"] = share(int(table["abstained"].sum()), len(table["truth"]))
    return summary


def evaluate_part(predictor: TextPredictor, data: LabelledTexts, part: str, command: str) -> Evaluation:
    """One row per text of a part."""
    texts = data.splits[part]
    table = measure_texts(predictor, texts)
    evaluation = Evaluation(
        labels=LABELS,
        table=table,
        summary={},
        data=DataInfo(data.name, part, len(texts), data.fingerprint),
        seed=predictor.seed,
        command=command,
        notices=data.notices,
    )
    return replace(evaluation, summary=summary_of(table))


def measure_splits(folder: Path, predictor: TextPredictor, data: LabelledTexts, command: str) -> Evaluation:
    """Measure on test and validation and store both tables; returns the one of test."""
    found = {part: evaluate_part(predictor, data, part, command) for part in ("test", "validation")}
    save_evaluation(folder, found["test"])
    save_evaluation(folder / VALIDATION, found["validation"])
    return found["test"]
