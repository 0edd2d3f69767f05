"""Corrections of visitors join the training rows of a run, and nothing else of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import RunContext
from core.data.transactions import LABELS
from core.store.cases import parse
from core.tasks.fraud_detection.examples import Examples
from core.training.run import CORRECTIONS

TIME = "time"
"""Entry of a correction beside its features, where the transaction had one."""


@dataclass(frozen=True)
class Joined:
    """How many corrections a run learned from, and why others were left out."""

    used: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number: `measured` as a validation or test row, `label` unknown, `features` other than the run's."""


def join_corrections(examples: Examples, run: RunContext) -> tuple[Examples, Joined | None]:
    """The examples with the run's corrections among the training rows; the examples and None without any.

    A transaction of the same amount and time as a validation or test row is left out: the figures would be too good.
    """
    folder = run.directory / CORRECTIONS
    if not folder.is_dir():
        return examples, None
    names, held = examples.plan.names, _held_out(examples)
    left_out: Counter[str] = Counter()
    values, targets = [], []
    for label, stored in _stored(folder):
        if label not in LABELS:
            left_out["label"] += 1
        elif not _fits(stored, names):
            left_out["features"] += 1
        elif _key(stored, names) in held:
            left_out["measured"] += 1
        else:
            values.append([float(stored.get(name, "nan")) for name in names])
            targets.append(LABELS.index(label))
    told = Joined(len(values), dict(left_out))
    if not values:
        return examples, told
    return replace(examples, extra=(np.array(values, np.float32), np.array(targets, np.int64))), told


def _stored(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Label and values of every correction, in an order that does not depend on the disk."""
    for path in sorted(folder.glob("*/*.json")):
        try:
            data = path.read_bytes()
        except FileNotFoundError:  # somebody takes the correction back just now
            continue
        yield path.parent.name.strip().casefold(), parse(data, path.name).values


def _fits(stored: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """Whether a correction was made on these features; those that were unknown then are not in it."""
    features = {name: value for name, value in stored.items() if name != TIME}
    numbers = not any(isinstance(value, str) for value in features.values())
    return numbers and "amount" in features and features.keys() <= set(names)


def _key(stored: Mapping[str, Any], names: tuple[str, ...]) -> tuple[object, ...]:
    """What makes a transaction the same one: amount and time, or all of its features where there are no times."""
    if TIME in stored:
        return float(stored["amount"]), str(stored[TIME])
    return _known([np.float32(stored.get(name, np.nan)) for name in names])


def _known(values: Iterable[Any]) -> tuple[object, ...]:
    """Values that equal themselves: None stands for what is unknown."""
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _held_out(examples: Examples) -> set[tuple[object, ...]]:
    rows = np.concatenate([examples.split.validation, examples.split.test])
    transactions = examples.transactions
    if transactions.time is not None:
        times = transactions.time[rows].astype("datetime64[s]").astype(str)
        return {(float(amount), str(time)) for amount, time in zip(transactions.amount[rows], times, strict=True)}
    return {tuple(float(value) if np.isfinite(value) else None for value in row) for row in examples.table.values[rows]}
