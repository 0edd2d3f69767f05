"""What every user took, in order: the one form in which interactions reach a recommender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Places = NDArray[np.int32]


@dataclass(frozen=True)
class Histories:
    """Items of U users, one user after the other, each oldest first."""

    items: Places
    """Places of the items, (N,)."""
    starts: NDArray[np.int64]
    """Where each user begins in `items`, and where the last one ends, (U + 1,)."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def of(self, user: int) -> Places:
        """The items of one user, oldest first."""
        return self.items[self.starts[user] : self.starts[user + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many items each user took, (U,)."""
        return np.diff(self.starts)

    @property
    def users(self) -> Places:
        """The user of each entry of `items`, (N,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.sizes)

    @property
    def ages(self) -> NDArray[np.int64]:
        """How many items the user took after each one, (N,); 0 for the latest."""
        return np.repeat(self.starts[1:], self.sizes) - 1 - np.arange(len(self.items))

    def rows(self, begin: int, end: int) -> Histories:
        """Some users that follow each other."""
        starts = self.starts[begin : end + 1]
        return Histories(self.items[starts[0] : starts[-1]], starts - starts[0])

    def take(self, users: NDArray[Any]) -> Histories:
        """Some users, in the order of their places."""
        return from_lists([self.of(int(user)) for user in users])

    def latest(self, count: int) -> Histories:
        """The last `count` items of each user."""
        kept = self.ages < count
        return from_pairs(self.users[kept], self.items[kept], len(self))

    def matrix(self, n_items: int, weights: NDArray[Any] | None = None) -> csr_array:
        """Users by items (U, n_items) float32: 1 or the given weight (N,) where a user took an item, else 0."""
        from scipy.sparse import csr_array  # pages import this module, and scipy takes a part of a second

        values = np.ones(len(self.items), np.float32) if weights is None else weights.astype(np.float32)
        return csr_array((values, self.items, self.starts), shape=(len(self), n_items))


def from_lists(lists: Sequence[Sequence[int] | NDArray[Any]]) -> Histories:
    """Histories of so many users, each oldest first."""
    starts = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
    items = np.concatenate([np.asarray(one, np.int32) for one in lists]) if lists else np.zeros(0, np.int32)
    return Histories(items.astype(np.int32), starts)


def from_pairs(user: NDArray[Any], item: NDArray[Any], n_users: int) -> Histories:
    """Histories from rows (N,) that are in order of time; users of whom there is no row have an empty one."""
    order = np.argsort(user, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=n_users))]).astype(np.int64)
    return Histories(np.asarray(item)[order].astype(np.int32), starts)
