"""A loaded recommender: a list for any profile, at once, like items, and what it says when it knows nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.contracts import (
    N_,
    ItemReasons,
    Message,
    Origin,
    RankedItem,
    Ranking,
    RankingOptions,
    UserProfile,
)
from core.data.histories import from_lists
from core.intake.labels import clean_text
from core.store.sealed import unreadable
from core.tasks.recommendation.checkpoint import read_checkpoint
from core.tasks.recommendation.explain import reasons
from core.tasks.recommendation.rerank import POOL, reranked
from core.training.ranking import best

FILTERS = 16
"""Sets of items, as a category or what is in stock, whose places are kept."""
PLAIN = RankingOptions()
_ORIGINS: Mapping[Origin, str] = {
    "history": "",
    "attributes": N_("Nobody has taken the items of this user yet: the list is made from their attributes alone."),
    "popularity": N_("Nothing is known of this user: the list holds what most users took."),
}
"""What a list was made by -> what has to be said about it."""

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """A profile as places of items."""

    history: Places
    """Oldest first."""
    removed: Places
    unknown: tuple[str, ...]
    notices: tuple[Message, ...]


class RecommenderPredictor:
    """Answers profiles, any number at once: nothing that was loaded is changed but what was looked up before."""

    thread_safe: ClassVar[Literal[True]] = True

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        manifest, self.model = read_checkpoint(folder, device)
        self.device = device
        try:
            self.architecture = str(manifest["architecture"])
            self.trained_on = str(manifest["data"]["fingerprint"])
            self.split = str(manifest["split"]["kind"])
            self.seed = int(manifest["seed"])
            config = manifest["config"]
            self.shares = {part: float(config[f"{part}_share"]) for part in ("validation", "test")}
            self.least_rating = float(config["least_rating"])
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(error) from error
        held: list[NDArray[Any]] = [
            self.model.vectors,
            self.model.taken,
            self.model.histories.items,
            *self.model.scorer.tensors().values(),
        ]
        self.size_bytes = sum(array.nbytes for array in held)
        users = max(len(self.model.users), 1)
        self._surprise = -np.log2((self.model.taken + 1) / (users + 1))
        self._filters: dict[frozenset[str], NDArray[np.bool_]] = {}
        self._lock = threading.Lock()
        # Attributes are needed for reasons; made here, the first visitor does not wait for them.
        self._attributes = self.model.attributes

    def predict(
        self, inputs: Sequence[UserProfile], options: RankingOptions = PLAIN, *, explained: bool = True
    ) -> list[Ranking]:
        """A list for each profile.

        Args:
            inputs: What is known of each user; unknown ids are named in the answer and otherwise left out.
            options: How lists are made of the scores.
            explained: Whether to say why each item is listed.
        """
        return [self._rank(self.known(profile), options, explained) for profile in inputs]

    def known(self, profile: UserProfile) -> Known:
        """What the model knows of a profile: his items of the training, then those he likes now, each once."""
        places, notices, history = self.model.item_places, list(profile.notices), np.zeros(0, np.int64)
        if profile.user_id:
            user = self.model.user_places.get(profile.user_id)
            if user is None:
                template = N_("The user {user} is not in the training data.")
                notices.append(Message(template, {"user": clean_text(profile.user_id[:60])}))
            else:
                history = self.model.histories.of(user).astype(np.int64)
        unknown = tuple(name for name in (*profile.liked, *profile.removed) if name not in places)
        if unknown:
            found = {"count": len(unknown), "items": ", ".join(clean_text(name[:40]) for name in unknown[:5])}
            notices.append(Message(N_("Items that the model does not know: {count} ({items})."), found))
        liked = np.array([places[name] for name in profile.liked if name in places], np.int64)
        removed = np.array([places[name] for name in profile.removed if name in places], np.int64)
        # Of an item that stands twice the later place counts, as the latest interest.
        whole = np.concatenate([history[~np.isin(history, liked)], _last_once(liked)])
        return Known(whole[~np.isin(whole, removed)], removed, unknown, tuple(notices))

    def _rank(self, known: Known, options: RankingOptions, explained: bool) -> Ranking:
        cold = self.model.cold
        warm = known.history[~cold[known.history]]
        origin: Origin = "history" if len(warm) else "attributes" if len(known.history) else "popularity"
        if origin == "attributes" and not self.model.attributes.likeness(known.history).any():
            origin = "popularity"
        history = {"history": warm, "attributes": known.history, "popularity": known.history[:0]}[origin]
        scores = self._scores(history, origin)
        scores[~self._allowed(known, options)] = -np.inf
        if origin != "attributes":  # nobody took them: a score of zero, or the greatest surprise, says nothing of them
            scores[cold] = -np.inf
        chosen = self._listed(scores, options)
        why: Sequence[ItemReasons | None] = [None] * len(chosen)
        if explained and origin != "popularity" and self.architecture != "popularity":
            why = reasons(self.model, history, chosen, origin == "attributes")
        catalogue = self.model.catalogue
        items = tuple(
            RankedItem(str(catalogue.ids[item]), catalogue.titles[item], float(scores[item]), origin, reason)
            for item, reason in zip(chosen, why, strict=True)
        )
        said = (_ORIGINS[origin], "" if items else N_("No item is left that could be listed."))
        notices = (*known.notices, *(Message(template) for template in said if template))
        if origin == "history" and len(warm) < len(known.history):
            template = N_("Items of this user that nobody else took and that did not count: {count}.")
            notices += (Message(template, {"count": len(known.history) - len(warm)}),)
        return Ranking(items, origin, notices, unknown=known.unknown)

    def _scores(self, history: Places, origin: Origin) -> NDArray[np.float32]:
        if origin == "history":
            return np.asarray(self.model.scorer.scores(from_lists([history]))[0])
        if origin == "attributes":
            return self.model.attributes.likeness(history)
        return self.model.taken.astype(np.float32)

    def _allowed(self, known: Known, options: RankingOptions) -> NDArray[np.bool_]:
        allowed = np.ones(len(self.model.catalogue), bool)
        if options.allowed is not None:
            allowed &= self._among(options.allowed)
        if not options.keep_seen:
            allowed[known.history] = False
        allowed[known.removed] = False
        return allowed

    def _among(self, names: frozenset[str]) -> NDArray[np.bool_]:
        """Which items have one of the ids; kept for the filters asked last, for a filter leaves thousands of items."""
        with self._lock:
            found = self._filters.pop(names, None)
            if found is None:
                found = np.zeros(len(self.model.catalogue), bool)
                known = self.model.item_places
                found[[known[name] for name in names if name in known]] = True
            self._filters[names] = found
            while len(self._filters) > FILTERS:
                del self._filters[next(iter(self._filters))]
        return found

    def _listed(self, scores: NDArray[np.float32], options: RankingOptions) -> Places:
        plain = not (options.diversity or options.novelty)
        pool = best(scores[None], options.k if plain else max(POOL, options.k))[0]
        pool = np.asarray(pool[pool >= 0], np.int64)
        if plain or not len(pool):
            return pool
        weights = (options.diversity, options.novelty)
        order = reranked(scores[pool], self.model.vectors[pool], self._surprise[pool], options.k, weights)
        return np.asarray(pool[order])

    def similar_items(self, item_id: str, k: int = 10) -> Ranking:
        """The items that are most like one: by who took them, or by their attributes where nobody took it.

        Raises:
            KeyError: The model does not know the item.
        """
        place, model = self.model.item_places[item_id], self.model
        cold = bool(model.cold[place])
        origin: Origin = "attributes" if cold else "history"
        likeness = model.attributes.likeness([place]) if cold else model.vectors @ model.vectors[place]
        likeness = np.where(likeness > 0, likeness, -np.inf)
        likeness[place] = -np.inf
        chosen = best(likeness[None], k)[0]
        items = tuple(
            RankedItem(str(model.catalogue.ids[item]), model.catalogue.titles[item], float(likeness[item]), origin)
            for item in chosen[chosen >= 0]
        )
        template = N_("Nobody has taken this item yet: the items are like it by their attributes.")
        return Ranking(items, origin, (Message(template),) if cold else ())

    def new_items(self, profile: UserProfile, k: int = 10) -> Ranking:
        """Items that nobody took yet and that are like those of a user by their attributes."""
        known, model = self.known(profile), self.model
        likeness = model.attributes.likeness(known.history) if len(known.history) else np.zeros(len(model.catalogue))
        scores = np.where(model.cold & (likeness > 0), likeness, -np.inf)
        scores[np.concatenate([known.history, known.removed])] = -np.inf
        chosen = best(scores[None], k)[0]
        chosen = chosen[chosen >= 0].astype(np.int64)
        why = reasons(model, known.history, chosen, content=True)
        items = tuple(
            RankedItem(
                str(model.catalogue.ids[item]), model.catalogue.titles[item], float(scores[item]), "attributes", r
            )
            for item, r in zip(chosen, why, strict=True)
        )
        return Ranking(items, "attributes", known.notices, unknown=known.unknown)

    def attributes_of(self, item_id: str) -> dict[str, str]:
        """Column -> cell of an item; raises `KeyError` for one that the model does not know."""
        place = self.model.item_places[item_id]
        return {name: cells[place] for name, cells in self.model.catalogue.attributes.items()}


def _last_once(places: Places) -> Places:
    """Each place once, where it stands last."""
    reverse = places[::-1]
    _, first = np.unique(reverse, return_index=True)
    return np.asarray(reverse[np.sort(first)][::-1])
