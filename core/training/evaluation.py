"""Evaluation tables on disk: `evaluation.npz` holds the columns, `evaluation.json` the summary and where it is from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from core.contracts import N_, DataInfo, Evaluation, Message, Metric
from core.errors import ModelRefused

TABLE = "evaluation.npz"
SUMMARY = "evaluation.json"
FEATURES = "features.safetensors"
"""File in a checkpoint with what its last layer sees of both splits, where the task keeps that."""
VALIDATION = "validation"
"""Folder in a checkpoint with the evaluation of the validation split, on which operating points are chosen."""
SUITE = "suite"
"""Folder in a checkpoint with the evaluation on our own frozen suite, where the task has one; see `slice_suite`."""
OTHER = "other."
"""What columns of a table with the scores of other models on the same rows begin with."""
ANSWERS = "answers"
"""Column of a table with a number for what was right in each row, where `truth` does not say it."""
METRIC_NAMES = {
    "auroc": N_("AUROC"),
    "accuracy": N_("Accuracy"),
    "balanced_accuracy": N_("Balanced accuracy"),
    "f1_macro": N_("F1 (macro)"),
    "average_precision": N_("Average precision"),
    "card_precision_at_100": N_("Card precision@100"),
    "ece": N_("Calibration (ECE)"),
    "pixel_f1": N_("Pixel F1"),
    "pixel_f1_at_limit": N_("Pixel F1 at the limit"),
    "pro": N_("PRO"),
    "image_auroc": N_("Image AUROC"),
    "pixel_auroc": N_("Pixel AUROC"),
    "false_alarm_rate": N_("False alarms"),
    "escape_rate": N_("Escapes"),
    "declined": N_("Declined"),
    "recall_at_10": N_("Recall@10"),
    "recall_at_20": N_("Recall@20"),
    "ndcg_at_10": N_("NDCG@10"),
    "ndcg_at_20": N_("NDCG@20"),
    "hr_at_10": N_("Hit rate@10"),
    "hr_at_20": N_("Hit rate@20"),
    "coverage": N_("Coverage"),
    "long_tail": N_("Long tail"),
    "novelty": N_("Novelty, bits"),
    "diversity": N_("Variety in a list"),
}
"""Metric of a summary -> its title."""
MODEL_NAMES = {
    "boosted_trees": N_("Boosted trees"),
    "network": N_("Neural network"),
    "logistic_regression": N_("Logistic regression"),
    "rules": N_("Plain rules"),
    "ngram_table": N_("N-grams"),
    "tfidf": N_("TF-IDF and logistic regression"),
    "transformer": N_("Transformer"),
    "popularity": N_("Popularity"),
    "item_knn": N_("Nearest items"),
    "ease": N_("EASE"),
    "als": N_("Matrix factorisation"),
    "sequential": N_("Sequential network"),
}
"""Kind of model that is compared with others on the same rows -> its title."""


def same_labels(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two models tell the same classes apart: equal names in equal order, whatever their case and outer blanks.

    One data set comes as `NORMAL/` folders and as numbers that are called `normal`; tasks match classes the same way.
    """
    return [name.strip().casefold() for name in first] == [name.strip().casefold() for name in second]


def summary_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Everything but the rows, as plain JSON values."""
    return {
        "labels": list(evaluation.labels),
        "metrics": {name: metric.as_dict() for name, metric in evaluation.summary.items()},
        "data": {
            "name": evaluation.data.name,
            "split": evaluation.data.split,
            "n": evaluation.data.n,
            "fingerprint": evaluation.data.fingerprint,
        },
        "seed": evaluation.seed,
        "command": evaluation.command,
        "skipped": dict(evaluation.skipped),
        "notices": [str(notice) for notice in evaluation.notices],
    }


def figures_dict(evaluation: Evaluation) -> dict[str, Any]:
    """What a manifest says of a measured model: every figure with its interval, and what it was measured on."""
    data = evaluation.data
    return {
        "data": data.name,
        "split": data.split,
        "n": data.n,
        "fingerprint": data.fingerprint,
        "seed": evaluation.seed,
        "interval": 0.95,
        "values": {name: metric.as_dict() for name, metric in evaluation.summary.items()},
    }


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write both files into `folder`, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / TABLE, allow_pickle=False, **dict(evaluation.table))
    (folder / SUMMARY).write_text(json.dumps(summary_dict(evaluation), indent=1) + "\n", encoding="utf-8")


def load_evaluation(folder: Path) -> Evaluation | None:
    """Read what `save_evaluation` wrote; None when there is none, `ModelRefused` when it is damaged."""
    if not (folder / SUMMARY).exists():
        return None
    try:
        stored = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        with (folder / TABLE).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            table = {name: archive[name] for name in archive.files}
        return Evaluation(
            labels=tuple(stored["labels"]),
            table=table,
            summary={name: Metric(**metric) for name, metric in stored["metrics"].items()},
            data=DataInfo(**stored["data"]),
            seed=int(stored["seed"]),
            command=str(stored["command"]),
            skipped=dict(stored["skipped"]),
            # A file may come from elsewhere: what it says is a value, never a template.
            notices=tuple(Message("{said}", {"said": str(said)}) for said in stored.get("notices", ())),
        )
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelRefused(
            "model.evaluation_damaged",
            Message(N_("The stored evaluation of this version cannot be read.")),
            Message(N_("Evaluate the version again with `python -m core evaluate`.")),
        ) from error
