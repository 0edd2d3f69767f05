"""Corrections of visitors join the training rows of a run, and nothing else of it.

A case was judged with the features that it had then. It joins only where the run computes the same ones in the same
way, never where its transaction is measured, and it takes the place of its transaction among the training rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext, TransactionCase
from core.data.transactions import LABELS
from core.store.cases import parse
from core.tasks.fraud_detection.examples import Examples
from core.tasks.fraud_detection.features import FeaturePlan
from core.training.run import CORRECTIONS

Places = NDArray[np.int64]
TIME = "time"
"""Entry of a correction beside its features, where the transaction had one."""


@dataclass(frozen=True)
class Joined:
    """How many corrections a run learned from, and why others were left out."""

    used: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number: `measured` as a validation or test row, `label` unknown, `features` other than the run's or
    computed with another label delay."""


def join_corrections(examples: Examples, run: RunContext) -> tuple[Examples, Joined | None]:
    """The examples with the run's corrections among the training rows; the examples and None without any.

    What may be a validation or test row is left out: the figures would be too good. The row of the data that a
    correction is of is no training row any more, because its label was wrong.
    """
    folder = run.directory / CORRECTIONS
    if not folder.is_dir():
        return examples, None
    split, plan = examples.split, examples.plan
    held = np.concatenate([split.validation, split.test])
    left_out: Counter[str] = Counter()
    values, targets, replaced = [], [], []
    for label, case in _stored(folder):
        if label not in LABELS:
            left_out["label"] += 1
        elif not _fits(case, plan):
            left_out["features"] += 1
        elif np.isin(_alike(examples, case), held).any():
            left_out["measured"] += 1
        else:
            values.append(_row(case))
            targets.append(LABELS.index(label))
            replaced += _same(examples, case)
    told = Joined(len(values), dict(left_out))
    if not values:
        return examples, told
    kept = replace(split, train=np.setdiff1d(split.train, replaced))
    return replace(examples, split=kept, extra=(np.stack(values), np.array(targets, np.int64))), told


def _stored(folder: Path) -> Iterator[tuple[str, TransactionCase]]:
    """Label and case of every correction, in an order that does not depend on the disk."""
    for path in sorted(folder.glob("*/*.json")):
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # somebody takes the correction back just now
            continue
        yield path.parent.name.strip().casefold(), parse(data, path.name)


def _fits(case: TransactionCase, plan: FeaturePlan) -> bool:
    """Whether a correction was made on these features; those that were unknown then are not in its values."""
    features = {name: value for name, value in case.values.items() if name != TIME}
    numbers = not any(isinstance(value, str) for value in features.values())
    same = (case.features, case.delay_days) == (plan.names, plan.delay_days)
    return same and numbers and "amount" in features and features.keys() <= set(plan.names)


def _row(case: TransactionCase) -> NDArray[np.float32]:
    return np.array([float(case.values.get(name, "nan")) for name in case.features], np.float32)


def _alike(examples: Examples, case: TransactionCase) -> Places:
    """Every row that the case may be of: of its amount and time, or of its features where there are no times."""
    transactions = examples.transactions
    rows = np.flatnonzero(transactions.amount == float(case.values["amount"]))
    if transactions.time is None or TIME not in case.values:
        return rows[_equal(examples, rows, case)]
    times = transactions.time[rows].astype("datetime64[s]").astype(str)
    return rows[np.flatnonzero(times == str(case.values[TIME]))]


def _equal(examples: Examples, rows: Places, case: TransactionCase) -> NDArray[np.bool_]:
    """Which of the rows have the features of the case, all of them."""
    found, wanted = examples.table.values[rows], _row(case)
    return np.asarray(((found == wanted) | (np.isnan(found) & np.isnan(wanted))).all(axis=1))


def _same(examples: Examples, case: TransactionCase) -> list[int]:
    """The one row that the case is of: among those alike the first with all of its features, or else the only one.

    With another past in the file a transaction has other features; among several of one amount and time, none of
    which has the features of the case, nothing tells which it is.
    """
    alike = _alike(examples, case)
    exact = alike[_equal(examples, alike, case)]
    if not len(exact) and len(alike) > 1:
        return []
    return [int(place) for place in (*exact, *alike)[:1]]
