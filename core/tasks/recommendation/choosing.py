"""Strengths of a closed-form model, chosen on a validation part of the training alone, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.histories import Histories
from core.errors import RunCancelled
from core.tasks.recommendation.item_weights import ItemWeights
from core.tasks.recommendation.scoring import Scorer, users_at_once
from core.training.ranking import Lists, accuracy_columns, best

METRIC = "ndcg_at_20"
"""What settings are chosen by."""
HALF_LIVES = (0.0, 100.0, 30.0, 10.0, 5.0, 2.0, 1.0)
GRIDS: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "ease": (
        ("regularisation", (500.0, 5.0, 20.0, 50.0, 100.0, 200.0, 1000.0, 2000.0)),
        ("user_power", (0.0, 0.5, 0.75, 1.0)),
        ("item_power", (0.0, 0.25, 0.5, 0.75)),
        ("regularisation", (500.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 700.0, 1000.0, 2000.0)),
        ("half_life", HALF_LIVES),
    ),
    "item_knn": (("half_life", HALF_LIVES),),
    "als": (("penalty", (0.01, 0.003, 0.03, 0.1)),),
}
"""Strengths in the order in which they are chosen, each with the values that are tried, the plain one first."""
STARTS = {
    "ease": {"regularisation": 500.0, "user_power": 0.0, "item_power": 0.0, "half_life": 0.0},
    "item_knn": {"half_life": 0.0},
    "als": {"penalty": 0.01},
}
USERS = 10_000
"""Users that a setting is tried on at most."""
ITEMS = 4_000
"""Items that settings are tried with at most, the most taken ones; the model is then fitted to all."""


@dataclass(frozen=True)
class Chosen:
    """The best setting and all that were tried."""

    strengths: dict[str, float]
    tried: tuple[dict[str, float], ...]
    """Each with `ndcg_at_20` on validation."""


def ranked(
    scorer: Scorer, known: Histories, users: NDArray[np.int64], k: int, cold: NDArray[np.bool_] | None = None
) -> Lists:
    """Lists of the best k items that each of the users has not taken, (len(users), k).

    Items that are `cold`, (I,), are not listed: nobody took them, so that a score of zero says nothing of them.
    """
    step, found = users_at_once(scorer.n_items), [np.zeros((0, k), np.int32)]
    for begin in range(0, len(users), step):
        histories = known.take(users[begin : begin + step])
        scores = scorer.scores(histories)
        scores[histories.users, histories.items] = -np.inf
        if cold is not None:
            scores[:, cold] = -np.inf
        found.append(best(scores, k))
    return np.concatenate(found)


def reached(scorer: Scorer, known: Histories, truth: Histories, k: int = 20) -> dict[str, float]:
    """Mean metrics over the users of whom something is known and something is to be found."""
    users = np.flatnonzero((known.sizes > 0) & (truth.sizes > 0))
    if len(users) > USERS:
        users = users[:: -(-len(users) // USERS)]
    if not len(users):
        return {METRIC: 0.0}
    columns = accuracy_columns(ranked(scorer, known, users, k), truth.take(users), scorer.n_items)
    return {name: float(values.mean()) for name, values in columns.items()}


def choose(
    kind: str,
    fit: Callable[[dict[str, float]], Scorer],
    known: Histories,
    truth: Histories,
    run: RunContext,
) -> Chosen:
    """Try the values of each strength in turn, each time keeping the best.

    Args:
        kind: Of the model, a key of `GRIDS`.
        fit: Fits it with some strengths to the training without its validation part.
        known: What was learned from.
        truth: The validation part.
        run: Told about progress; asked before every fit whether to stop.

    Raises:
        RunCancelled: Somebody asked for it to stop.
    """
    seen: dict[tuple[tuple[str, float], ...], float] = {}
    strengths, total = dict(STARTS[kind]), sum(len(values) for _, values in GRIDS[kind])

    def value_of(setting: dict[str, float]) -> float:
        key = tuple(sorted(setting.items()))
        if key not in seen:
            if run.should_stop():
                raise RunCancelled
            seen[key] = reached(fit(setting), known, truth)[METRIC]
            run.report(len(seen), total, **setting, **{METRIC: seen[key]})
        return seen[key]

    for name, values in GRIDS[kind]:
        options = [strengths | {name: value} for value in values]
        # Of equal settings the earlier one, which is the plainer.
        strengths = max(options, key=lambda option: (value_of(option), -options.index(option)))
    return Chosen(strengths, tuple(dict(key) | {METRIC: value} for key, value in seen.items()))


def remembered(fit: Callable[[dict[str, float]], ItemWeights]) -> Callable[[dict[str, float]], Scorer]:
    """The same fit, which is not repeated where only the half-life differs: that is applied to what was fitted."""
    last: list[tuple[dict[str, float], ItemWeights]] = []

    def fitted(strengths: dict[str, float]) -> Scorer:
        plain = strengths | {"half_life": 0.0}
        if not last or last[0][0] != plain:
            last[:] = [(plain, fit(plain))]
        return replace(last[0][1], half_life=strengths["half_life"])

    return fitted
