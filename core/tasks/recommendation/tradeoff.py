"""What more variety or rarer items cost: lists of test users re-ranked with several strengths, measured each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import Metric
from core.data.histories import Histories
from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.measure import Held
from core.tasks.recommendation.model import Recommender
from core.tasks.recommendation.rerank import POOL, reranked
from core.tasks.recommendation.scoring import users_at_once
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import Floats, Lists, accuracy_columns, coverage, list_columns

STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8)
USERS = 1_000
"""Users that are re-ranked at most, evenly spread."""


@dataclass(frozen=True)
class TradeOff:
    """What lists of ten are like with one setting."""

    diversity: float
    novelty: float
    """The setting."""
    metrics: dict[str, Metric]
    """`ndcg_at_10`, `hr_at_10`, `diversity`, `novelty`, `long_tail`, with intervals over users, and `coverage`."""


def trade_offs(
    model: Recommender, held: Held, settings: Sequence[tuple[float, float]] | None = None, k: int = 10
) -> list[TradeOff]:
    """Measure several settings on the same users.

    Args:
        model: Whose lists are re-ranked.
        held: The users, see `measure.held_of`.
        settings: Strengths of diversity and novelty; each alone in five steps when omitted.
        k: Length of the lists.
    """
    wanted = settings or ([(d, 0.0) for d in STRENGTHS] + [(0.0, n) for n in STRENGTHS[1:]])
    users = np.arange(len(held.users))[:: -(-len(held.users) // USERS)]
    known, truth = held.known.take(users), held.truth.take(users)
    pools, scores = _pools(model, known)
    surprise = -np.log2((model.taken + 1) / (len(model.users) + 1))
    found = []
    for weights in wanted:
        lists = np.full((len(users), k), -1, np.int32)
        for row, pool in enumerate(pools):
            places = pool[pool >= 0]
            order = reranked(scores[row, : len(places)], model.vectors[places], surprise[places], k, weights)
            lists[row, : len(order)] = places[order]
        columns = accuracy_columns(lists, truth, held.n_items)
        columns |= list_columns(lists, model.taken, model.vectors, len(model.users))
        found.append(TradeOff(*weights, _metrics(columns, lists, len(model.catalogue))))
    return found


def _pools(model: Recommender, known: Histories) -> tuple[Lists, Floats]:
    """The items among which each list is put together, and their scores, (U, POOL) both."""
    pools = ranked(model.scorer, known, np.arange(len(known)), POOL)
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
