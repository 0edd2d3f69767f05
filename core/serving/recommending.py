"""Lists for a user: by the version in use, by several models side by side, and items like one of the catalogue's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core import access
from core.contracts import N_, Message, ModelRef, Ranking, RankingOptions, UserProfile
from core.data.catalog import DATA_SETS
from core.data.catalogue_columns import category_column, in_stock, price_column, stock_column, values_of
from core.data.histories import Histories
from core.data.interactions import SEPARATOR, Catalogue
from core.errors import AppError, InputRefused, StoreError
from core.intake.exports import csv_bytes
from core.serving import service
from core.serving.service import Answer
from core.store import audit
from core.store.registry import CHAMPION, Version, registry
from core.store.versions import find_sector
from core.tasks import load_task

SIMILAR = 8
"""Items that are named as like another one."""
NEW = 4
"""Items that nobody took yet and that are offered beside a list."""
EVERYONE = 10
"""Items for each user in the file for all of them."""
_SHELVES = 4


@dataclass(frozen=True)
class Shelf:
    """What a version knows of I items and U users besides its scores; the most taken item comes first."""

    model: ModelRef
    catalogue: Catalogue = field(repr=False)
    taken: NDArray[np.int64] = field(repr=False)
    """Users of the training who took each item, (I,)."""
    layout: NDArray[np.float32] = field(repr=False)
    """Places on the map, (I, 2); NaN for items without one."""
    users: NDArray[np.str_] = field(repr=False)
    histories: Histories = field(repr=False)
    """What each of them took, in places of the catalogue."""
    rivals: tuple[str, ...]
    """Simpler models that can stand beside this one, popularity first."""
    data_name: str
    fingerprint: str
    """Of the data that the version learned from."""
    of_the_catalogue: bool
    """Whether its users are those of a simulated or published data set, which everybody may look at."""
    notices: tuple[Message, ...] = ()
    """Why it is another version than the one in use, if so."""

    def __len__(self) -> int:
        return len(self.catalogue)

    @cached_property
    def places(self) -> dict[str, int]:
        """Id -> place of every item."""
        return {name: place for place, name in enumerate(self.catalogue.ids.tolist())}

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Items that each user took, (U,)."""
        return self.histories.sizes

    @cached_property
    def user_places(self) -> dict[str, int]:
        """Id -> place of every user."""
        return {name: place for place, name in enumerate(self.users.tolist())}

    @cached_property
    def category(self) -> str | None:
        """The column of kinds of items, if there is one to choose from."""
        return category_column(self.catalogue)

    @cached_property
    def categories(self) -> dict[str, int]:
        """Kind of items -> how many are of it."""
        return values_of(self.catalogue, self.category) if self.category else {}

    @cached_property
    def price(self) -> str | None:
        """The column of prices."""
        return price_column(self.catalogue)

    @cached_property
    def stock(self) -> str | None:
        """The column that says what can be had."""
        return stock_column(self.catalogue)

    @cached_property
    def stocked(self) -> frozenset[str]:
        """Ids of the items that can be had; all of them where nothing is said of it."""
        return in_stock(self.catalogue, self.stock) if self.stock else frozenset(self.catalogue.ids.tolist())

    @cached_property
    def searchable(self) -> tuple[str, ...]:
        """What a search looks through, of each item: its title in any language and its attributes, in small letters."""
        columns = (self.catalogue.titles, *self.catalogue.attributes.values())
        return tuple(" ".join(cells).casefold() for cells in zip(*columns, strict=True))

    def favourites(self, user_id: str, count: int = 2) -> list[str]:
        """Kinds of items that a user of the training took most, of those that are known; empty without kinds."""
        column, place = self.category, self.user_places.get(user_id)
        if column is None or place is None:
            return []
        cells = self.catalogue.attributes[column]
        kinds = Counter(cells[item].split(SEPARATOR)[0].strip() for item in self.histories.of(place).tolist())
        return [kind for kind, _ in kinds.most_common(count) if kind]

    def is_new(self, item_id: str) -> bool:
        """Whether nobody took an item yet."""
        return bool(self.taken[self.places[item_id]] == 0)


@dataclass(frozen=True)
class Listed:
    """A list for one user and what belongs to it."""

    answer: Answer
    history: tuple[str, ...]
    """Items of the user's that the model knows, oldest first."""
    new: Ranking
    """Items that nobody took, by their attributes alone; not measured."""

    @property
    def ranking(self) -> Ranking:
        """The list itself."""
        return cast(Ranking, self.answer.prediction)


@dataclass(frozen=True)
class Side:
    """The list of one of several models."""

    name: str
    """A version's reference, or the kind of a model that stands beside the version in use."""
    architecture: str
    ranking: Ranking
    same: frozenset[str] | None = None
    """Ids that mean the same item as in the version in use; None: all of them."""


def shelf(slug: str) -> Shelf:
    """Items and users of the version in use; the last few are kept.

    Raises:
        StoreError, ModelRefused: As `service.choose`.
    """
    chosen = service.choose(slug)
    found = _shelf(chosen.version)
    return replace(found, notices=chosen.notices) if chosen.notices else found


@lru_cache(maxsize=_SHELVES)
def _shelf(version: Version) -> Shelf:
    from core.tasks.recommendation.rivals import rivals_of

    with _leased(version) as predictor:
        model = predictor.model
        return Shelf(
            model=service.model_ref(version),
            catalogue=model.catalogue,
            taken=model.taken,
            layout=model.layout,
            users=model.users,
            histories=model.histories,
            rivals=rivals_of(version.manifest),
            data_name=_data_name(version),
            fingerprint=_fingerprint(version),
            of_the_catalogue=_published(version),
        )


def recommend(slug: str, profile: UserProfile, options: RankingOptions, ref: str = CHAMPION) -> Listed:
    """What a version lists for a user, with reasons.

    Raises:
        AccessRefused: The profile names a user of data that somebody sent, and the one who asks may not train.
        StoreError, ModelRefused: As `service.predict`.
    """
    (answer,) = recommend_to(slug, [profile], options, ref)
    with _leased(service.choose(slug, answer.model.version).version) as predictor:
        known = predictor.known(profile)
        history = tuple(predictor.model.catalogue.ids[known.history].tolist())
        return Listed(answer, history, predictor.new_items(profile, NEW))


def recommend_to(
    slug: str, profiles: Sequence[UserProfile], options: RankingOptions, ref: str = CHAMPION
) -> list[Answer]:
    """What a version lists for several users, with reasons.

    Raises:
        AccessRefused: A profile names a user of data that somebody sent, and the one who asks may not train.
        StoreError, ModelRefused: As `service.predict`.
    """
    chosen = service.choose(slug, ref)
    _check_open(slug, chosen.version)
    if any(profile.user_id for profile in profiles) and not _published(chosen.version):
        access.require("presenter")
    return service.predict(slug, profiles, chosen, options=options)


def similar(slug: str, item_id: str, ref: str, k: int = SIMILAR) -> Ranking:
    """The items that are most like one, for a version that `ref` names.

    Raises:
        InputRefused: The version does not know the item.
        StoreError, ModelRefused: As `service.predict`.
    """
    with _on_record(slug, item_id, {"asked": "similar"}) as facts:
        version = service.choose(slug, ref).version
        facts.update({"version": version.ref, "sha256": version.sha256})
        _check_open(slug, version)
        with _leased(version) as predictor:
            if item_id not in predictor.model.item_places:
                raise InputRefused(
                    "recommend.unknown_item",
                    N_("The version in use does not know this item any more."),
                    N_("Choose another one."),
                )
            return cast(Ranking, predictor.similar_items(item_id, k))


def side_by_side(slug: str, profile: UserProfile, options: RankingOptions, others: Sequence[str]) -> list[Side]:
    """Lists of the version in use and of others for the same user, one row in the audit log for all.

    Args:
        slug: Sector.
        profile: The user.
        options: How all of the lists are made.
        others: References of versions, and names of `Shelf.rivals`.

    Raises:
        AccessRefused: As `recommend`.
        StoreError, ModelRefused: As `service.predict`.
    """
    with _on_record(slug, profile.sha256, {"beside": list(others)}) as facts:
        version = service.choose(slug).version
        facts.update({"version": version.ref, "sha256": version.sha256})
        if profile.user_id and not _published(version):
            access.require("presenter")
        known = _shelf(version).rivals
        sides = [_side(version, version.ref, profile, options)]
        for name in others:
            if name in known:
                sides.append(_side(version, name, profile, options))
                continue
            other = registry().resolve(slug, name)
            _check_open(slug, other)
            same = _same_items(version, other)
            asked = profile if same is None else _without_a_name(profile, version, same)
            sides.append(replace(_side(other, name, asked, options), same=same))
        return sides


def _same_items(version: Version, other: Version) -> frozenset[str] | None:
    """Ids of items that both versions know and call the same; None where both learned from the same data."""
    from core.tasks.recommendation.same_items import same_items

    if _fingerprint(version) == _fingerprint(other):
        return None
    with _leased(version) as predictor:
        first = predictor.model.catalogue
    with _leased(other) as predictor:
        return same_items(first, predictor.model.catalogue)


def _without_a_name(profile: UserProfile, version: Version, same: frozenset[str]) -> UserProfile:
    """What is known of a user of one version, for one of other data, where an id means another person or item."""
    with _leased(version) as predictor:
        history = predictor.model.catalogue.ids[predictor.known(profile).history].tolist()
    removed = tuple(item for item in profile.removed if item in same)
    return replace(profile, user_id="", liked=tuple(item for item in history if item in same), removed=removed)


def open_to_all(slug: str, version: Version) -> bool:
    """Whether everybody may ask a version: it is in use, or what it learned from is simulated or published."""
    return _published(version) or registry().resolve(slug).sha256 == version.sha256


def _check_open(slug: str, version: Version) -> None:
    """Items of data that somebody sent are for those alone who may train, until a version of them is in use."""
    if not open_to_all(slug, version):
        access.require("presenter")


def everyones_lists(slug: str, k: int = EVERYONE, ref: str = CHAMPION) -> bytes:
    """The best k items of every user of the training as CSV: `user_id`, `rank`, `item_id`, `title`, `version`.

    Raises:
        AccessRefused: They are users of data that somebody sent, and the one who asks may not train.
        StoreError, ModelRefused: As `service.choose`.
    """
    from core.tasks.recommendation.everyone import recommend_to_everyone

    with _on_record(slug, "", {"asked": "everyone"}) as facts:
        version = service.choose(slug, ref).version
        if not _published(version):
            access.require("presenter")
        with _leased(version) as predictor:
            found = recommend_to_everyone(predictor, k)
            facts |= {"version": version.ref, "sha256": version.sha256, "n_items": len(predictor.model.users)}
    rows = ([*row, version.ref] for row in found.itertuples(index=False))
    return csv_bytes([[*found.columns, "version"], *rows])


def _fingerprint(version: Version) -> str:
    return str(version.manifest.get("data", {}).get("fingerprint", ""))


def _data_name(version: Version) -> str:
    return str(version.manifest.get("data", {}).get("name", ""))


def _published(version: Version) -> bool:
    return _data_name(version) in {entry.name for entry in DATA_SETS}


def _side(version: Version, name: str, profile: UserProfile, options: RankingOptions) -> Side:
    with _leased(version) as predictor:
        asked = predictor if name == version.ref else _rival(version, name)
        (ranking,) = asked.predict([profile], options, explained=False)
        return Side(name, asked.architecture, ranking)


@lru_cache(maxsize=8)
def _rival(version: Version, kind: str) -> Any:
    from core.tasks.recommendation.rivals import rival

    with _leased(version) as predictor:
        return rival(predictor, kind, version.manifest)


@contextmanager
def _leased(version: Version) -> Iterator[Any]:
    """The loaded model of a version, whose turn it is."""
    with service.leased(load_task(find_sector(version.sector).task), version) as loaded, loaded.turn:
        yield loaded.predictor


@contextmanager
def _on_record(slug: str, content: str, details: dict[str, object]) -> Iterator[audit.Facts]:
    """One row in the audit log about a question that is none of `service.predict`."""
    facts: audit.Facts = {"sector": slug, "n_items": 1, "details": details}
    with suppress(StoreError):  # without its key the log cannot be written either; looking goes on
        facts["input_hmac"] = audit.input_hmac(content)
    try:
        yield facts
    except AppError as error:
        facts["code"] = error.code
        raise
    except Exception:
        facts["code"] = "unexpected"
        raise
    finally:
        audit.record("predict", **facts)
