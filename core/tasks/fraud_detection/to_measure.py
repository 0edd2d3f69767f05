"""The rows of a table that a trained model is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Evaluation, Message
from core.data.read_transactions import open_transactions
from core.data.time_split import TimeSplit, days_of, group_places, split_by_time
from core.data.transactions import UNKNOWN, Transactions
from core.errors import InputRefused
from core.tasks.fraud_detection.examples import Examples, known_name
from core.tasks.fraud_detection.held_out import held_out
from core.tasks.fraud_detection.predictor import FraudPredictor

WHOLE = "all"
"""Split of data that do not allow one."""
TOO_SHORT = ("data.span", "data.part")
"""Why a split by time may be refused although there is something to measure on."""
_NONE = np.array([], np.int64)


def examples_to_measure(
    predictor: FraudPredictor, data: Path, columns: Mapping[str, str] | None, like: Evaluation | None = None
) -> Examples:
    """Labelled rows to measure a model on, as its test part: by its own split, or all where they do not allow one.

    Args:
        predictor: The model.
        data: A table with labels.
        columns: Its columns by role, where they cannot be guessed.
        like: An evaluation whose very rows are wanted, by id, wherever the model's own split has them.

    Raises:
        InputRefused: It cannot be read, lacks columns that the model reads, or holds none of the rows.
    """
    transactions = open_transactions(data, data.name, columns or None, need_label=True)
    table = predictor.plan.build(transactions)
    if like is None:
        split = _own_split(predictor, transactions)
        measured, notices = held_out(transactions, split, predictor.plan.delay_days)
        name = known_name(data)
    else:
        split = TimeSplit(_NONE, _NONE, _rows_of(like, transactions), like.data.split)
        measured, notices, name = {"test": split.test}, (), like.data.name
    if split.name == WHOLE:
        template = N_("All labelled transactions were measured; where the model learned from some, it looks too good.")
        notices += (Message(template),)
    return Examples(transactions, predictor.plan, table, split, name, measured, notices)


def _own_split(predictor: FraudPredictor, transactions: Transactions) -> TimeSplit:
    try:
        return split_by_time(transactions, predictor.plan.delay_days, *predictor.shares)
    except InputRefused as error:
        if error.code not in TOO_SHORT:
            raise
    label = np.asarray(transactions.label)
    unlabelled = {"test": int((label == UNKNOWN).sum())}
    return TimeSplit(_NONE, _NONE, np.flatnonzero(label != UNKNOWN), WHOLE, unlabelled=unlabelled)


def _rows_of(like: Evaluation, transactions: Transactions) -> NDArray[np.int64]:
    wanted = np.isin(transactions.ids, like.table["id"]) & (np.asarray(transactions.label) != UNKNOWN)
    if not wanted.any():
        template = N_("None of the transactions that were measured before is in {name}.")
        raise InputRefused("data.other_examples", Message(template, {"name": like.data.name}))
    return np.flatnonzero(wanted)


def seen_rows(predictor: FraudPredictor, examples: Examples) -> NDArray[np.bool_]:
    """Which of the measured rows are of the days, or without times of the customers, that the model was made from.

    Only of data of the same name or content that is known; the next table of a bank may have the name of the last.
    """
    trained, rows, transactions = predictor.trained_on, examples.measured["test"], examples.transactions
    seen = np.zeros(len(rows), bool)
    if transactions.sha256 != trained.fingerprint and examples.name != trained.name:
        return seen
    if transactions.time is None:
        return seen if trained.boundaries else group_places(transactions)[rows] >= predictor.shares[1]
    day = days_of(transactions.time)[rows]
    for part in ("train", "validation"):
        if part in trained.boundaries:
            begin, end = (int(one.astype(np.int64)) for one in trained.boundaries[part])
            seen |= (day >= begin) & (day < end)
    return seen
