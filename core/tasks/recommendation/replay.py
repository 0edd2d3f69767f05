"""Offline A/B: what two versions would have listed before each thing that users then took by themselves.

The events of the test part are replayed in order: before each, both versions see what the user had taken by then. A hit
is an event that stood in the list. It is no uplift: users took these things without seeing either list, so that a list
that would have changed their minds gets nothing for it. Only a trial with users can show that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, DataInfo
from core.data.histories import Histories, from_lists
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.errors import InputRefused
from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.measure import Held, held_of
from core.tasks.recommendation.model import Recommender
from core.tasks.recommendation.scoring import Popularity, Scorer
from core.tasks.recommendation.sliced import activity_names, activity_of
from core.training.list_replay import Part, Replay, hits_per_event

EVENTS = 20
"""First events of each user that are replayed."""
MOST_EVENTS = 15_000
"""With more of them in the test, users are left out, evenly spread: every event is a list that has to be made."""


@dataclass(frozen=True)
class _Side:
    """What one version did with the events of U users."""

    hits: NDArray[np.float64]
    """Whether each event was in its list, (U, EVENTS); NaN where a user has no such event."""
    learned: int
    """Events that the version had learned from."""
    known: NDArray[np.int64]
    """Items known of each user, (U,)."""


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
    held = [held_of(model, data, split, "test") for model in (first, second)]
    users = np.intersect1d(held[0].users, held[1].users)
    if not len(users):
        raise InputRefused("recommend.replay", N_("No user of the test has items that both versions know."))
    about = DataInfo(data.name, split.name, len(users), data.sha256)
    users = _spread(users, held[0])
    sides = [_side(model, one, users, k) for model, one in zip((first, second), held, strict=True)]
    return _counted(sides[0], sides[1], about, k)


def replay_rivals(
    model: Recommender, others: Mapping[str, Scorer], data: Interactions, split: RankingSplit
) -> dict[str, Replay]:
    """Kind of another model of the same items -> the replay of a version against it; popularity is always one."""
    rivals: dict[str, Scorer] = {"popularity": Popularity(model.taken), **others}
    return {
        kind: replay(replace(model, scorer=scorer), model, data, split)
        for kind, scorer in rivals.items()
        if kind != model.scorer.kind
    }


def _spread(users: NDArray[np.str_], held: Held) -> NDArray[np.str_]:
    """So many of the users that there are no more than about `MOST_EVENTS`."""
    sizes = np.minimum(held.truth.sizes[np.isin(held.users, users)], EVENTS)
    return users[:: max(1, -(-int(sizes.sum()) // MOST_EVENTS))]


def _side(model: Recommender, held: Held, users: NDArray[np.str_], k: int) -> _Side:
    places = np.flatnonzero(np.isin(held.users, users))
    order = places[np.argsort(held.users[places], kind="stable")]
    known, truth = held.known.take(order), held.truth.take(order)
    return _Side(_hits(model, known, truth, k), _learned(model, held.users[order], truth), known.sizes)


def _counted(first: _Side, second: _Side, data: DataInfo, k: int) -> Replay:
    events = np.isfinite(first.hits).sum(axis=1)
    counts = [np.nansum(side.hits, axis=1) for side in (first, second)]
    gain = counts[1] - counts[0]
    return Replay(
        users=len(events),
        events=int(events.sum()),
        k=k,
        first=hits_per_event(counts[0], events),
        second=hits_per_event(counts[1], events),
        difference=hits_per_event(gain, events),
        fixed=int((second.hits > first.hits).sum()),
        broke=int((second.hits < first.hits).sum()),
        learned=(first.learned, second.learned),
        data=data,
        parts=tuple(_parts(activity_of(second.known), gain, events)),
    )


def _parts(activity: NDArray[np.str_], gain: NDArray[np.float64], events: NDArray[np.int64]) -> Iterator[Part]:
    for name in activity_names(activity):
        own = activity == name
        yield Part(name, int(events[own].sum()), hits_per_event(gain[own], events[own]))


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


def _learned(model: Recommender, users: NDArray[np.str_], truth: Histories) -> int:
    """How many of the replayed events stand in the histories that a version learned from."""
    count, own = 0, model.user_places
    for row, name in enumerate(users.tolist()):
        if name in own:
            count += int(np.isin(truth.of(row)[:EVENTS], model.histories.of(own[name])).sum())
    return count
