"""Asks the version in use about single transactions: score, reasons, and the case as a person judges it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from core.contracts import Decision, FeatureAttribution, ModelRef, TransactionCase
from core.data.transactions import FRAUD, LABELS, Transactions
from core.serving import service
from core.serving.service import Answer
from core.store.versions import find_sector
from core.tasks import load_task
from core.ui.i18n import t
from core.ui.predict import remembered, wait_until_ready

Found = TypeVar("Found")


def answer_of(slug: str, table: Transactions) -> Answer:
    """What the version in use says of the last row of a table, whose other rows are history; kept for a while."""

    def ask() -> Answer:
        (answer,) = service.predict(slug, [table])
        notices = (*answer.notices, *answer.decisions.notices)
        return replace(answer, prediction=answer.decisions.row(0), notices=notices)

    return _kept(slug, ("answer", table.sha256), ask)


def decision_of(answer: Answer) -> Decision:
    """The prediction about one transaction; `TypeError` for any other."""
    if not isinstance(answer.prediction, Decision):
        raise TypeError(f"{answer.prediction.kind}, not the score of one transaction")
    return answer.prediction


def scores_of(slug: str, tables: Sequence[Transactions]) -> NDArray[np.float64]:
    """Scores (T,) of the last rows of T tables, by the version in use; nothing is kept."""
    wait_until_ready()
    return np.array([float(answer.decisions.scores[-1]) for answer in service.predict(slug, tables)])


def reasons_for(slug: str, table: Transactions, model: ModelRef) -> FeatureAttribution:
    """What each feature adds to the score that `model` gave the last row of a table."""

    def ask() -> FeatureAttribution:
        method = service.methods(slug)[0]
        return cast(FeatureAttribution, service.explain(slug, (table, 0), LABELS[FRAUD], method, model.version))

    return _kept(slug, ("reasons", table.sha256), ask, model.sha256)


def case_of(slug: str, table: Transactions, model: ModelRef) -> TransactionCase:
    """The last row of a table as a person judges it: what `model` saw of it."""

    def ask() -> TransactionCase:
        return cases_of(slug, [table], model)[0]

    return _kept(slug, ("case", table.sha256), ask, model.sha256)


def cases_of(slug: str, tables: Iterable[Transactions], model: ModelRef) -> list[TransactionCase]:
    """`case_of` for many tables; nothing is kept."""
    task: Any = load_task(find_sector(slug).task)
    found: list[TransactionCase] = []
    with service.leased(task, service.choose(slug, model.version).version) as loaded:
        for table in tables:
            found += task.cases(loaded.predictor, table, [0])
    return found


def _kept(slug: str, key: tuple[Hashable, ...], ask: Callable[[], Found], sha256: str = "") -> Found:
    return remembered(slug, key, ask, t("The model looks at the transaction"), sha256)
