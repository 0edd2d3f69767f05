"""Several models on the same rows: who finds what at the same amount of work, and what accuracy hides.

The other models' scores stand in the columns `other.<name>` of an evaluation table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import Evaluation, Metric
from core.training.card_precision import CARDS_A_DAY, card_precision_at, card_precision_of
from core.training.evaluation import OTHER
from core.training.metrics import auroc_of, average_precision_of, bootstrap, share, statistic_of, whole
from core.training.quality import positive_of
from core.training.resampling import CUSTOMER, shares_in, table_bootstrap

Array = NDArray[Any]


@dataclass(frozen=True)
class Found:
    """Positive rows of one group."""

    count: int
    share: Metric
    """Of all positive rows."""
    amount: float
    """Their amounts together, NaN where the table has none."""


@dataclass(frozen=True)
class Overlap:
    """Positive rows by who has them among its alerts, with as many alerts for the one model as for the other."""

    alerts: int
    """Of each of the two."""
    both: Found
    only_first: Found
    only_second: Found
    neither: Found


@dataclass(frozen=True)
class Accuracies:
    """What accuracy says of a model and of saying the common answer always, and what each of them finds."""

    always: Metric
    model: Metric
    positives: int
    found: int
    """Positive rows that the model decides to be positive; the common answer finds none."""


def other_models(evaluation: Evaluation) -> tuple[str, ...]:
    """Names of the models whose scores the table holds besides its own."""
    return tuple(name.removeprefix(OTHER) for name in evaluation.table if name.startswith(OTHER))


def scored_by(evaluation: Evaluation, name: str) -> Evaluation:
    """The same rows with the scores of another model; decisions and summary stay those of the version itself."""
    score = np.asarray(evaluation.table[OTHER + name], np.float32)
    return replace(evaluation, table={**evaluation.table, "scores": np.stack([1 - score, score], axis=1)})


def decided_by(evaluation: Evaluation, name: str) -> Evaluation:
    """`scored_by`, with the decisions that another model of two classes makes at a score of one half."""
    found = scored_by(evaluation, name)
    decisions = (np.asarray(evaluation.table[OTHER + name]) >= 0.5).astype(np.int64)
    return replace(found, table={**found.table, "prediction": decisions})


def deciding_figures(evaluation: Evaluation) -> dict[str, Metric]:
    """Accuracy of the decisions of a table, and AUROC of its scores where both classes are there."""
    truth, decided, scores = (np.asarray(evaluation.table[name]) for name in ("truth", "prediction", "scores"))
    found = {"accuracy": share(int((truth == decided).sum()), len(truth))}
    if len(np.unique(truth)) > 1:
        found["auroc"] = bootstrap(statistic_of("auroc", truth, decided, scores), len(truth))
    return found


def ranking_figures(evaluation: Evaluation) -> dict[str, Metric]:
    """How well the scores of a table rank, which needs no threshold, with intervals over customers.

    Returns:
        average_precision, auroc and, where rows have customers and days, card precision; nothing for a single class.
    """
    truth, score = positive_of(evaluation)
    if not 0 < truth.sum() < len(truth):
        return {}
    table = evaluation.table
    found = {"average_precision": table_bootstrap(table, average_precision_of(truth, score))}
    if {CUSTOMER, "day"} <= table.keys():
        customer, day = (np.asarray(table[name]) for name in (CUSTOMER, "day"))
        found[f"card_precision_at_{CARDS_A_DAY}"] = card_precision_at(truth, score, customer, day)
    return found | {"auroc": table_bootstrap(table, auroc_of(truth, score))}


def card_precision_limit(evaluation: Evaluation) -> float | None:
    """Card precision that a model reaches which knows every fraud; None where rows have no customers or no days.

    It is below 1 where a day has fewer bad cards than are checked, cards that were caught before not counted.
    """
    table, truth = evaluation.table, positive_of(evaluation)[0]
    if not {CUSTOMER, "day"} <= table.keys():
        return None
    known = truth.astype(np.float64)
    best, customers = card_precision_of(truth, known, np.asarray(table[CUSTOMER]), np.asarray(table["day"]))
    return float(whole(best, customers))


def overlap(first: Evaluation, second: Evaluation, a_day: int) -> Overlap:
    """Who finds which positive rows, when both call the `a_day` highest scores of each day.

    Args:
        first: Of one model.
        second: Of another on the same rows.
        a_day: Alerts a day; of a table without days, in all.
    """
    truth, amount = positive_of(first)[0], first.table.get("amount")
    one, two = top_of_each_day(first, a_day), top_of_each_day(second, a_day)

    def found(rows: Array) -> Found:
        (share,) = shares_in(first.table, rows, truth[:, None])
        rows = truth & rows
        total = float(np.asarray(amount)[rows].sum()) if amount is not None else float("nan")
        return Found(int(rows.sum()), share, total)

    return Overlap(int(one.sum()), found(one & two), found(one & ~two), found(two & ~one), found(~one & ~two))


def top_of_each_day(evaluation: Evaluation, a_day: int) -> Array:
    """Which rows (N,) are among the `a_day` highest scores of their day.

    Equal scores stand in order of the amount, the largest first: that is how a list of a rule's hits is worked off.
    """
    table, score = evaluation.table, positive_of(evaluation)[1]
    day = np.asarray(table["day"]) if "day" in table else np.zeros(len(score), np.int64)
    amount = np.asarray(table["amount"]) if "amount" in table else np.zeros(len(score))
    order = np.lexsort((np.arange(len(score)), -amount, -np.asarray(score, np.float64), day))
    first = np.flatnonzero(np.append(True, np.diff(day[order]) != 0))[: len(order)]
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    chosen = np.zeros(len(order), bool)
    chosen[order] = rank < a_day
    return chosen


def accuracies(evaluation: Evaluation) -> Accuracies:
    """Accuracy of the version's decisions and of the more common answer of two."""
    truth = np.asarray(evaluation.table["truth"]) == 1
    decided = np.asarray(evaluation.table["prediction"]) == 1
    positives = int(truth.sum())

    def of(right: Array) -> Metric:
        return shares_in(evaluation.table, right, np.ones((len(truth), 1), bool))[0]

    return Accuracies(
        always=of(truth if 2 * positives > len(truth) else ~truth),
        model=of(truth == decided),
        positives=positives,
        found=int((truth & decided).sum()),
    )
