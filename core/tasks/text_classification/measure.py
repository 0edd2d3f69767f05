"""From a predictor and labelled texts to an evaluation table and its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.contracts import N_, DataInfo, Evaluation, Message, Metric
from core.data.sentiment_slices import HALVES, read_slices
from core.data.texts import LABELS, LabelledTexts, TextSet, divide, join_texts, read_masked_texts, text_key
from core.errors import InputRefused
from core.tasks.text_classification.answers import Answers, declined
from core.tasks.text_classification.manifest import TFIDF
from core.tasks.text_classification.predictor import TextModelPredictor
from core.training.evaluation import OTHER, VALIDATION, save_evaluation
from core.training.metrics import classification_summary, share
from core.training.seen import with_seen
from core.training.slice_suite import COLUMN
from core.training.slices import PREFIX

if TYPE_CHECKING:
    from core.tasks.text_classification.tfidf import TfidfModel

LENGTHS = (20, 60, 200)
"""Units that part short from long texts."""
SOURCES_MAX = 20
"""Categories of which there are more are not shown one by one."""


def measure_texts(predictor: TextModelPredictor, texts: TextSet) -> dict[str, NDArray[Any]]:
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
        "words": np.array(names)[np.searchsorted(LENGTHS, found.sizes)],
        "language": found.languages,
    }
    if len(np.unique(texts.sources)) <= SOURCES_MAX:
        columns["category"] = texts.sources
    return {name: column for name, column in columns.items() if len(np.unique(column)) > 1}


def summary_of(table: Mapping[str, NDArray[Any]]) -> dict[str, Metric]:
    """The metrics of an evaluation table, or of some of its rows; every text counts, also those declined."""
    summary = classification_summary(table["truth"], table["prediction"], table["scores"])
    summary["declined"] = share(int(table["abstained"].sum()), len(table["truth"]))
    return summary


def evaluate_part(
    predictor: TextModelPredictor, data: LabelledTexts, part: str, command: str, baseline: TfidfModel | None = None
) -> Evaluation:
    """One row per text of a part, with the scores of the baseline beside them where there is one."""
    texts = data.splits[part]
    table = measure_texts(predictor, texts)
    if baseline is not None:
        scores = expit(baseline.log_odds(baseline.read(texts.texts)))
        table[OTHER + TFIDF] = np.asarray(scores, np.float32)
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


def texts_to_measure(
    predictor: TextModelPredictor, data: Path, columns: Mapping[str, str] | None
) -> tuple[LabelledTexts, str]:
    """Texts of a data path, and the name of the part that a predictor is measured on."""
    texts = read_masked_texts(data, columns)
    if "test" not in texts.splits and texts.fingerprint == predictor.trained_on:
        # The run that made this model divided these very texts; only its test part says anything.
        texts = divide(texts, predictor.seed, predictor.shares)
    return texts, next(name for name in ("test", "all", "validation", "train") if name in texts.splits)


def evaluate_like(
    predictor: TextModelPredictor, data: Path, columns: Mapping[str, str] | None, like: Evaluation, command: str
) -> Evaluation:
    """One row per text of another evaluation; says which of them the predictor was made from.

    Raises:
        InputRefused: The data cannot be read, or hold none of these texts.
    """
    texts = read_masked_texts(data, columns)
    measured = _same_texts(texts, like)
    part = like.data.split
    found = evaluate_part(predictor, replace(texts, name=like.data.name, splits={part: measured}), part, command)
    if texts.fingerprint != predictor.trained_on:
        return found
    own = divide(texts, predictor.seed, predictor.shares).splits
    learned = {text_key(text) for part in ("train", "validation") for text in own[part].texts}
    return with_seen(found, np.array([text_key(text) in learned for text in measured.texts], bool))


def _same_texts(texts: LabelledTexts, like: Evaluation) -> TextSet:
    """The texts of another evaluation, wherever these data have them."""
    parts = [
        part.take(rows)
        for part in texts.splits.values()
        if len(rows := np.flatnonzero(np.isin(part.ids, like.table["id"])))
    ]
    if not parts:
        template = N_("None of the texts that were measured before is in {name}.")
        raise InputRefused("data.other_examples", Message(template, {"name": like.data.name}))
    return join_texts(parts)


def measure_suite(predictor: TextModelPredictor, command: str) -> Evaluation:
    """One row per line of our own suite, both halves of it; see `core.training.slice_suite`."""
    lines = read_slices()
    whole = join_texts([lines.splits[half] for half in HALVES])
    found = evaluate_part(predictor, replace(lines, splits={"all": whole}), "all", command)
    names = np.array([str(source).split(",")[0] for source in whole.sources])
    return replace(found, table={**found.table, COLUMN: names})


def measure_splits(
    folder: Path,
    predictor: TextModelPredictor,
    data: LabelledTexts,
    command: str,
    baseline: TfidfModel | None = None,
) -> Evaluation:
    """Measure on test and validation and store both tables; returns the one of test."""
    found = {part: evaluate_part(predictor, data, part, command, baseline) for part in ("test", "validation")}
    save_evaluation(folder, found["test"])
    save_evaluation(folder / VALIDATION, found["validation"])
    return found["test"]
