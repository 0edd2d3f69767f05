"""Asks the version in use about single transactions: score, reasons, and the case as a person judges it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.contracts import Decision, FeatureAttribution, TransactionCase
from core.data.new_transaction import Fields
from core.data.transactions import FRAUD, LABELS, Transactions
from core.serving import service
from core.serving.service import Answer
from core.store.registry import registry
from core.store.versions import find_sector
from core.tasks import load_task
from core.ui.i18n import t
from core.ui.predict import wait_until_ready

AMOUNT, NUMBER = "amount", "number:"
"""Feature of the amount, and what the features of a table's own number columns begin with."""
_KEPT = 16


def answer_of(slug: str, table: Transactions) -> Answer:
    """What the version in use says of the last row of a table, whose other rows are history; kept for a while."""

    def ask() -> Answer:
        (answer,) = service.predict(slug, [table])
        notices = (*answer.notices, *answer.decisions.notices)
        return replace(answer, prediction=answer.decisions.row(0), notices=notices)

    return cast(Answer, _kept(slug, ("answer", table.sha256), ask))


def decision_of(answer: Answer) -> Decision:
    """The prediction about one transaction; `TypeError` for any other."""
    if not isinstance(answer.prediction, Decision):
        raise TypeError(f"{answer.prediction.kind}, not the score of one transaction")
    return answer.prediction


def scores_of(slug: str, tables: Sequence[Transactions]) -> NDArray[np.float64]:
    """Scores (T,) of the last rows of T tables, by the version in use; nothing is kept."""
    wait_until_ready()
    return np.array([float(answer.decisions.scores[-1]) for answer in service.predict(slug, tables)])


def reasons_for(slug: str, table: Transactions) -> FeatureAttribution:
    """What each feature adds to the score of the last row of a table."""

    def ask() -> FeatureAttribution:
        method = service.methods(slug)[0]
        return cast(FeatureAttribution, service.explain(slug, (table, 0), LABELS[FRAUD], method))

    return cast(FeatureAttribution, _kept(slug, ("reasons", table.sha256), ask))


def case_of(slug: str, table: Transactions) -> TransactionCase:
    """The last row of a table as a person judges it: what the version in use saw of it."""

    def ask() -> TransactionCase:
        task: Any = load_task(find_sector(slug).task)
        with service.leased(task, service.choose(slug).version) as loaded:
            (case,) = task.cases(loaded.predictor, table, [0])
        return cast(TransactionCase, case)

    return cast(TransactionCase, _kept(slug, ("case", table.sha256), ask))


def fields_of(slug: str) -> Fields:
    """What the version in use has to be told of a transaction; nothing is loaded for it.

    Raises:
        ModelRefused: Its list of features cannot be read.
    """
    from core.tasks.fraud_detection.features import FeaturePlan

    plan = FeaturePlan.from_json(json.dumps(registry().resolve(slug).manifest.get("features")))
    ranges = {feature.name: feature.quantiles for feature in plan.features}
    columns = {feature.name: feature.definition.column for feature in plan.features if feature.definition.column}
    numbers = {column: ranges[name] for name, column in columns.items() if name.startswith(NUMBER)}
    texts = dict.fromkeys(column for name, column in columns.items() if not name.startswith(NUMBER))
    return Fields(ranges[AMOUNT], numbers, tuple(texts), plan.delay_days)


def _kept(slug: str, key: tuple[Hashable, ...], ask: Any) -> Any:
    """What `ask` returns, for the version in use; the latest few are kept in this session."""
    kept: dict[Any, Any] = st.session_state.setdefault(f"{slug}.asked_before", {})
    key = (*key, registry().resolve(slug).sha256)
    if key not in kept:
        wait_until_ready()
        with st.spinner(t("The model looks at the transaction")):
            kept[key] = ask()
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
    return kept[key]
