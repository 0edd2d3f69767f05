"""Offline A/B: what two versions would have listed before each thing that users then took by themselves.

The events of the test part are replayed in order: before each, both versions see what the user had taken by then. A hit
is an event that stood in the list. It is no uplift: users took these things without seeing either list, so that a list
that would have changed their minds gets nothing for it. Only a trial with users can show that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Metric
from core.data.histories import Histories, from_lists
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.errors import InputRefused
from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.measure import held_of
from core.tasks.recommendation.model import Recommender
from core.training.metrics import Statistic, bootstrap, resamples_for

EVENTS = 20
"""First events of each user that are replayed."""


@dataclass(frozen=True)
class Replay:
    """Hits per event of two versions on the same events, with intervals over users."""

    users: int
    events: int
    k: int
    first: Metric
    second: Metric
    difference: Metric
    """Second minus first."""
    fixed: int
    """Events that only the second version had in its list."""
    broke: int


def replay(first: Recommender, second: Recommender, data: Interactions, split: RankingSplit, k: int = 10) -> Replay:
    """Replay the test part of `data` with both versions.

    Args:
        first: The version in use.
        second: The one to compare it with.
        data: In order of time.
        split: Its parts; what comes before the test is known at the beginning.
        k: Length of the lists.

    Raises:
        InputRefused: No user is known to both.
    """
    sides = [held_of(model, data, split, "test") for model in (first, second)]
    users = np.intersect1d(sides[0].users, sides[1].users)
    if not len(users):
        raise InputRefused("recommend.replay", N_("No user of the test has items that both versions know."))
    hits = []
    for model, held in zip((first, second), sides, strict=True):
        places = np.flatnonzero(np.isin(held.users, users))
        order = places[np.argsort(held.users[places], kind="stable")]
        hits.append(_hits(model, held.known.take(order), held.truth.take(order), k))
    events = np.isfinite(hits[0]).sum(axis=1)
    counts = [np.nansum(one, axis=1) for one in hits]
    rates = [_rate(count, events) for count in (*counts, counts[1] - counts[0])]
    found = [bootstrap(rate, len(users), 0, resamples_for(len(users))) for rate in rates]
    return Replay(
        users=len(users),
        events=int(events.sum()),
        k=k,
        first=found[0],
        second=found[1],
        difference=found[2],
        fixed=int((hits[1] > hits[0]).sum()),
        broke=int((hits[1] < hits[0]).sum()),
    )


def _hits(model: Recommender, known: Histories, truth: Histories, k: int) -> NDArray[np.float64]:
    """Whether each event (U, EVENTS) was in the list before it; NaN where a user has no such event."""
    n_items, found = len(model.catalogue), np.full((len(truth), EVENTS), np.nan)
    for step in range(min(EVENTS, int(truth.sizes.max(initial=0)))):
        users = np.flatnonzero(truth.sizes > step)
        before = [np.concatenate([known.of(user), truth.of(user)[:step]]) for user in users.tolist()]
        # What the model does not know it cannot have looked at.
        histories = from_lists([items[items < n_items] for items in before])
        lists = ranked(model.scorer, histories, np.arange(len(users)), k)
        wanted = np.array([truth.of(user)[step] for user in users.tolist()])
        found[users, step] = (lists == wanted[:, None]).any(axis=1)
    return found


def _rate(count: NDArray[np.float64], events: NDArray[np.int64]) -> Statistic:
    return lambda weights: weights @ count / (weights @ events)
