"""What more variety or rarer items cost: lists of test users re-ranked with several strengths, measured each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Metric
from core.data.histories import Histories
from core.store.sealed import name_file, unreadable
from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.measure import HEADLINE, Held
from core.tasks.recommendation.model import Recommender
from core.tasks.recommendation.rerank import POOL, reranked
from core.tasks.recommendation.scoring import users_at_once
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import Floats, Lists, accuracy_columns, coverage, list_columns

STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8)
USERS = 1_000
"""Users that are re-ranked at most, evenly spread."""
FILE = "tradeoff.json"
"""Beside the checkpoint."""


@dataclass(frozen=True)
class TradeOff:
    """What lists of ten are like with one setting."""

    diversity: float
    novelty: float
    """The setting."""
    metrics: dict[str, Metric]
    """`ndcg_at_10`, `hr_at_10`, `diversity`, `novelty`, `long_tail`, with intervals over users, and `coverage`."""
    cost: Metric
    """`ndcg_at_10` minus that of the first setting on the same users."""


def trade_offs(
    model: Recommender, held: Held, settings: Sequence[tuple[float, float]] | None = None, k: int = 10
) -> list[TradeOff]:
    """Measure several settings on the same users.

    Args:
        model: Whose lists are re-ranked.
        held: The users, see `measure.held_of`.
        settings: Strengths of diversity and novelty, what the others are compared with first; all pairs of
            `STRENGTHS` when omitted.
        k: Length of the lists.
    """
    wanted = settings or tuple(product(STRENGTHS, STRENGTHS))
    users = np.arange(len(held.users))[:: -(-len(held.users) // USERS)]
    known, truth = held.known.take(users), held.truth.take(users)
    pools, scores = _pools(model, known)
    surprise = -np.log2((model.taken + 1) / (len(model.users) + 1))
    found: list[TradeOff] = []
    plain: Floats | None = None
    for weights in wanted:
        lists = np.full((len(users), k), -1, np.int32)
        for row, pool in enumerate(pools):
            places = pool[pool >= 0]
            order = reranked(scores[row, : len(places)], model.vectors[places], surprise[places], k, weights)
            lists[row, : len(order)] = places[order]
        columns = accuracy_columns(lists, truth, held.n_items)
        columns |= list_columns(lists, model.taken, model.vectors, len(model.users))
        plain = columns[HEADLINE] if plain is None else plain
        cost = bootstrap(mean_of((columns[HEADLINE] - plain).astype(np.float64)), len(lists))
        found.append(TradeOff(*weights, _metrics(columns, lists, len(model.catalogue)), cost))
    return found


def write_trade_offs(folder: Path, found: Sequence[TradeOff]) -> None:
    """Store what was measured beside a checkpoint, and name it in the manifest, so that loading covers it."""
    rows = [
        {
            "diversity": one.diversity,
            "novelty": one.novelty,
            "metrics": {name: metric.as_dict() for name, metric in one.metrics.items()},
            "cost": one.cost.as_dict(),
        }
        for one in found
    ]
    (folder / FILE).write_text(json.dumps(rows) + "\n", encoding="utf-8")
    name_file(folder, FILE)


def read_trade_offs(folder: Path) -> dict[tuple[float, float], TradeOff]:
    """Strengths of diversity and novelty -> what was measured; empty where nothing is stored.

    Raises:
        ModelRefused: What is stored is not what `write_trade_offs` wrote.
    """
    try:
        rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found = [_read(row) for row in rows]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(error) from error
    return {(one.diversity, one.novelty): one for one in found}


def _read(row: dict[str, Any]) -> TradeOff:
    metrics = {str(name): Metric(**metric) for name, metric in row["metrics"].items()}
    return TradeOff(float(row["diversity"]), float(row["novelty"]), metrics, Metric(**row["cost"]))


def _pools(model: Recommender, known: Histories) -> tuple[Lists, Floats]:
    """The items among which each list is put together, and their scores, (U, POOL) both."""
    pools = ranked(model.scorer, known, np.arange(len(known)), POOL, model.cold)
    scores, step = np.zeros(pools.shape, np.float32), users_at_once(model.scorer.n_items)
    for begin in range(0, len(known), step):
        part = pools[begin : begin + step]
        whole = model.scorer.scores(known.rows(begin, begin + len(part)))
        scores[begin : begin + step] = np.take_along_axis(whole, np.maximum(part, 0), axis=1)
    return pools, scores


def _metrics(columns: dict[str, Floats], lists: Lists, n_items: int) -> dict[str, Metric]:
    names = ("ndcg_at_10", "hr_at_10", "diversity", "novelty", "long_tail")
    found = {name: bootstrap(mean_of(columns[name].astype(np.float64)), len(lists)) for name in names}
    return found | {"coverage": coverage(lists, n_items)}
