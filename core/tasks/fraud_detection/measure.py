"""From a predictor and labelled transactions to an evaluation table and its summary."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, DataInfo, Evaluation, Message, Metric
from core.data.time_split import days_of
from core.data.transactions import FRAUD, LABELS, Transactions
from core.errors import InputRefused
from core.tasks.fraud_detection.examples import Examples
from core.tasks.fraud_detection.features import FeatureTable
from core.tasks.fraud_detection.predictor import FraudPredictor
from core.training.evaluation import OTHER, VALIDATION, save_evaluation
from core.training.metrics import statistic_of
from core.training.resampling import shares_in, table_bootstrap
from core.training.rivals import ranking_figures
from core.training.slices import PREFIX

HOURS = ("0–5 h", "6–11 h", "12–17 h", "18–23 h")
TERCILES = ("low", "middle", "high")
BLOCKED, UNLABELLED = "blocked cards", "unknown label"
"""Rows that an evaluation leaves out, in `Evaluation.skipped`."""


def measure_rows(
    predictor: FraudPredictor,
    transactions: Transactions,
    table: FeatureTable,
    rows: NDArray[np.int64],
    compared: bool = True,
) -> dict[str, NDArray[Any]]:
    """Columns of an evaluation table, one row for each place in `rows`; with the other models if `compared`."""
    values = table.values[rows]
    positive = predictor.scores(values)
    scores = np.stack([1 - positive, positive], axis=1)
    found: dict[str, NDArray[Any]] = {
        "id": transactions.ids[rows],
        "truth": np.asarray(transactions.label)[rows].astype(np.int64),
        "prediction": (positive >= predictor.threshold).astype(np.int64),
        "scores": scores.astype(np.float32),
        "abstained": np.zeros(len(rows), bool),
        "domain_score": predictor.model.domain.outside(values),
        "amount": transactions.amount[rows],
    }
    if transactions.customer is not None:
        found["customer"] = transactions.customer[rows]
    if transactions.time is not None:
        found["day"] = days_of(transactions.time)[rows].astype(np.int32)
    found |= {PREFIX + name: column for name, column in _slices(transactions, rows).items()}
    others = (kind for kind in predictor.model.scorers if kind != predictor.model.kind and compared)
    return found | {OTHER + kind: predictor.model.scores(values, kind) for kind in others}


def _slices(transactions: Transactions, rows: NDArray[np.int64]) -> dict[str, NDArray[np.str_]]:
    amount = transactions.amount[rows]
    found = {"amount": np.array(TERCILES)[np.searchsorted(np.quantile(amount, [1 / 3, 2 / 3]), amount, side="left")]}
    if transactions.time is not None:
        hour = transactions.time[rows].astype("datetime64[h]").astype(np.int64) % 24
        found["hour"] = np.array(HOURS)[hour // 6]
    if transactions.scenario is not None:
        found["scenario"] = transactions.scenario[rows].astype(np.str_)
    return {name: column for name, column in found.items() if len(np.unique(column)) > 1}


def summarise(evaluation: Evaluation) -> dict[str, Metric]:
    """Metrics of a table of this task, or of some of its rows.

    Intervals are over customers where there are any: payments of one stolen card come together.
    """
    table = evaluation.table
    truth, decided, scores = (np.asarray(table[name]) for name in ("truth", "prediction", "scores"))
    summary = ranking_figures(evaluation)
    for name in ("ece", "balanced_accuracy", "f1_macro"):
        summary[name] = table_bootstrap(table, statistic_of(name, truth, decided, scores))
    (accuracy,) = shares_in(table, truth == decided, np.ones((len(truth), 1), bool))
    return summary | {"accuracy": accuracy}


def evaluate_part(predictor: FraudPredictor, examples: Examples, part: str, command: str) -> Evaluation:
    """One row per labelled transaction of a part whose card the bank had not blocked by then.

    Raises:
        InputRefused: There is none.
    """
    transactions, kept = examples.transactions, examples.measured[part]
    if not len(kept):
        raise InputRefused("data.part", N_("There is no labelled transaction to measure the model on."))
    blocked = len(examples.split.parts[part]) - len(kept)
    skipped = {BLOCKED: blocked, UNLABELLED: examples.split.unlabelled.get(part, 0)}
    # On validation thresholds are chosen, and only for the model that answers; a third of the file is saved.
    table = measure_rows(predictor, transactions, examples.table, kept, part == "test")
    split = examples.split.name if part == "test" else part
    evaluation = Evaluation(
        labels=LABELS,
        table=table,
        summary={},
        data=DataInfo(examples.name, split, len(kept), transactions.sha256),
        seed=predictor.seed,
        command=command,
        skipped={name: count for name, count in skipped.items() if count},
        notices=(*transactions.notices, *examples.notices, *_few(table)),
    )
    return replace(evaluation, summary=summarise(evaluation))


def _few(table: dict[str, NDArray[Any]]) -> tuple[Message, ...]:
    frauds = int((table["truth"] == FRAUD).sum())
    if frauds:
        return ()
    return (Message(N_("No fraud is among these rows: how well frauds are found cannot be measured.")),)


def measure_splits(folder: Path, predictor: FraudPredictor, examples: Examples, command: str) -> Evaluation:
    """Measure on test and validation and store both tables; returns the one of test."""
    found = {part: evaluate_part(predictor, examples, part, command) for part in ("test", "validation")}
    save_evaluation(folder, found["test"])
    save_evaluation(folder / VALIDATION, found["validation"])
    return found["test"]
