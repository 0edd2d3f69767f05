"""Interactions of users with items, and what a table says of the items: the data of recommenders."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import Message, Refusal
from core.data.histories import Histories, from_pairs

PARTS = ("train", "validation", "test")
"""Parts that a data set may bring, in the order of the numbers in `Interactions.part`."""
NO_PART = -1
SEPARATOR = "|"
"""Between several values of one cell of a catalogue, as in public data sets."""


@dataclass(frozen=True)
class Catalogue:
    """What is known of C items besides who took them."""

    ids: NDArray[np.str_]
    titles: tuple[str, ...]
    """The id itself where a table has no title."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> cell of each item as written, "" where it is empty; several values stand between vertical bars."""

    def __len__(self) -> int:
        return len(self.ids)

    def ids_with(self, column: str, values: Collection[str]) -> frozenset[str]:
        """Ids of the items that have any of the values in a column, for lists of a category or of what is in stock."""
        cells = self.attributes[column]
        return frozenset(
            str(name)
            for name, cell in zip(self.ids.tolist(), cells, strict=True)
            if any(value.strip() in values for value in cell.split(SEPARATOR))
        )

    def take(self, places: NDArray[Any]) -> Catalogue:
        """Some of the items, by their places."""
        return Catalogue(
            self.ids[places],
            tuple(self.titles[place] for place in places),
            {name: tuple(cells[place] for place in places) for name, cells in self.attributes.items()},
        )


@dataclass(frozen=True)
class Interactions:
    """N interactions in order of time, or of the file where there are no times."""

    users: NDArray[np.str_]
    """Distinct ids of users (U,), as written, leading zeros and all."""
    catalogue: Catalogue
    """All I items, also those that nobody took; `item` holds places in it."""
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    rating: NDArray[np.float32] | None = None
    time: NDArray[np.datetime64] | None = None
    part: NDArray[np.int8] | None = None
    """Place in `PARTS` of each row where the data bring a split, `NO_PART` for rows without one."""
    ordered: bool = False
    """Whether the order of a user's rows says in which order he took the items."""
    least_rating: float = 0.0
    """Rows of lower ratings were left out; 0 where none were."""
    name: str = ""
    sha256: str = ""
    """Of users, items, order, ratings, times and parts; see `fingerprint`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role -> column of the table that was read."""
    refused: tuple[Refusal, ...] = ()
    notices: tuple[Message, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """What reading came upon: `rows` of the file, and of them `repeated`, `unusable`, and among these `off_scale` and
    in the `future`."""

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_users(self) -> int:
        """Users, whether or not a part holds any row of them."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Items, whether or not anybody took them."""
        return len(self.catalogue)

    def rows(self, places: NDArray[Any]) -> Interactions:
        """Some of the interactions, by their ascending places; users and items stay the same."""
        columns = {"user": self.user[places], "item": self.item[places]}
        optional = {name: getattr(self, name) for name in ("rating", "time", "part")}
        columns |= {name: None if column is None else column[places] for name, column in optional.items()}
        return replace(self, **columns)

    def with_items(self, order: NDArray[Any]) -> Interactions:
        """The same data with the items in another order, given by their places."""
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return replace(self, catalogue=self.catalogue.take(order), item=place[self.item])

    def histories(self, rows: NDArray[Any] | None = None) -> Histories:
        """What every user took in some of the rows (ascending places), or in all."""
        chosen = slice(None) if rows is None else rows
        return from_pairs(self.user[chosen], self.item[chosen], self.n_users)


def fingerprint(data: Interactions) -> str:
    """sha256 over what a model could learn from, in order; the names of columns and files have no part in it."""
    digest = hashlib.sha256()
    for texts in (data.users, data.catalogue.ids):
        digest.update("\0".join(texts.tolist()).encode("utf-8", "surrogatepass"))
        digest.update(b"\1")
    times = None if data.time is None else data.time.astype("datetime64[s]").astype(np.int64)
    for column in (data.user, data.item, data.rating, times, data.part):
        digest.update(b"\2" if column is None else np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
