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
MOST_EVENTS, MOST_SCORES = 15_000, 60_000_000
"""With more events in the test, or more scores of items for them, users are left out, evenly spread: every event is a
list that has to be made."""


@dataclass(frozen=True)
class _Side:
    """What one version did with the events of U users."""

    hits: NDArray[np.float64]
    """Whether each event was in its list, (U, EVENTS); NaN where a user has no such event."""
    learned: NDArray[np.bool_]
    """Which events the version had learned from, (U, EVENTS)."""
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
        InputRefused: No user is known to both, or one of them had learned from everything that could be replayed.
    """
    return _replays({"": first}, second, data, split, k)[""]


def replay_rivals(
    model: Recommender, others: Mapping[str, Scorer], data: Interactions, split: RankingSplit
) -> dict[str, Replay]:
    """Kind of another model of the same items -> the replay of a version against it; popularity is always one."""
    scorers: dict[str, Scorer] = {"popularity": Popularity(model.taken), **others}
    rivals = {kind: replace(model, scorer=scorer) for kind, scorer in scorers.items() if kind != model.scorer.kind}
    return _replays(rivals, model, data, split) if rivals else {}


def _replays(
    firsts: Mapping[str, Recommender], second: Recommender, data: Interactions, split: RankingSplit, k: int = 10
) -> dict[str, Replay]:
    """One version against several others of the same items, on the same events."""
    any_first = next(iter(firsts.values()))
    held, own = (held_of(model, data, split, "test") for model in (any_first, second))
    users = np.intersect1d(held.users, own.users)
    if not len(users):
        raise InputRefused("recommend.replay", N_("No user of the test has items that both versions know."))
    about = DataInfo(data.name, split.name, len(users), data.sha256)
    users = _spread(users, own)
    side = _side(second, own, users, k)
    return {
        name: _counted(_side(first, held, users, k), side, about, data.ordered, k) for name, first in firsts.items()
    }


def _spread(users: NDArray[np.str_], held: Held) -> NDArray[np.str_]:
    """So many of the users that there are about as many events as may be at most."""
    most = max(1, min(MOST_EVENTS, MOST_SCORES // held.n_items))
    sizes = np.minimum(held.truth.sizes[np.isin(held.users, users)], EVENTS)
    return users[:: max(1, -(-int(sizes.sum()) // most))]


def _side(model: Recommender, held: Held, users: NDArray[np.str_], k: int) -> _Side:
    places = np.flatnonzero(np.isin(held.users, users))
    order = places[np.argsort(held.users[places], kind="stable")]
    known, truth = held.known.take(order), held.truth.take(order)
    return _Side(_hits(model, known, truth, k), _learned(model, held.users[order], truth), known.sizes)


def _counted(first: _Side, second: _Side, data: DataInfo, ordered: bool, k: int) -> Replay:
    there = np.isfinite(first.hits)
    fair = there & ~first.learned & ~second.learned
    users = fair.any(axis=1)
    if not users.any():
        template = N_("One of the two versions had learned from everything that could be replayed.")
        raise InputRefused("recommend.replay_learned", template)
    old, new = (np.where(fair, side.hits, 0.0)[users] for side in (first, second))
    events, gain = fair[users].sum(axis=1), (new - old).sum(axis=1)
    return Replay(
        users=int(users.sum()),
        events=int(events.sum()),
        k=k,
        first=hits_per_event(old.sum(axis=1), events),
        second=hits_per_event(new.sum(axis=1), events),
        difference=hits_per_event(gain, events),
        fixed=int((new > old).sum()),
        broke=int((new < old).sum()),
        learned=(int((there & first.learned).sum()), int((there & second.learned).sum())),
        data=data,
        ordered=ordered,
        parts=tuple(_parts(activity_of(second.known[users]), gain, events)),
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
        lists = ranked(model.scorer, histories, np.arange(len(users)), k, model.cold)
        wanted = np.array([truth.of(user)[step] for user in users.tolist()])
        found[users, step] = (lists == wanted[:, None]).any(axis=1)
    return found


def _learned(model: Recommender, users: NDArray[np.str_], truth: Histories) -> NDArray[np.bool_]:
    """Which of the events (U, EVENTS) stand in the histories that a version learned from: it would know the answer."""
    found, own = np.zeros((len(truth), EVENTS), bool), model.user_places
    for row, name in enumerate(users.tolist()):
        if name in own:
            events = truth.of(row)[:EVENTS]
            found[row, : len(events)] = np.isin(events, model.histories.of(own[name]))
    return found
