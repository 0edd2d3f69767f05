"""Lists of items for a user: what is asked, what is answered, and why each item is in the list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.contracts.messages import Message, Reason

Origin: TypeAlias = Literal["history", "attributes", "popularity"]
"""What an item was chosen by: who took it together with the user's items, what is written about it, or everybody."""


@dataclass(frozen=True)
class UserProfile:
    """A user as a recommender sees him: ids of items, the oldest first."""

    name: str
    liked: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Items that he does not want to see."""
    user_id: str = ""
    """A user of the training data, whose items there come before `liked`; empty for a new one."""
    sha256: str = ""
    notices: tuple[Message, ...] = ()
    removed_tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class RankingOptions:
    """How a list is made of the scores."""

    k: int = 10
    diversity: float = 0.0
    """In [0, 1]: how much likeness to items higher in the list counts against one; 0 ranks by score alone."""
    novelty: float = 0.0
    """In [0, 1]: how much rarely taken items are preferred."""
    allowed: frozenset[str] | None = None
    """Ids that may be listed, such as those of a category or in stock; None for all."""
    keep_seen: bool = False
    """Whether items of the user's may be listed again."""


@dataclass(frozen=True)
class ItemReasons:
    """What every item of a user's adds to the score of one listed item; arrays (H,), the oldest item first."""

    target: str
    """Id of the listed item."""
    item_ids: tuple[str, ...]
    contributions: NDArray[np.float64]
    total: float
    """Score of the listed item; the contributions add up to it where `exact`."""
    method: str
    exact: bool
    common: tuple[tuple[str, ...], ...] = ()
    """For each item of the user's the attributes that it has in common with the listed one, `column: value`; nothing
    for those that hardly carry it."""

    @property
    def kind(self) -> str:
        """Name of this kind of explanation; views are chosen by it."""
        return "items"

    @property
    def shares(self) -> NDArray[np.float64]:
        """Contributions by the sum of those above zero, (H,); items that speak against it are below zero."""
        positive = float(self.contributions[self.contributions > 0].sum())
        return np.asarray(self.contributions / positive if positive > 0 else np.zeros_like(self.contributions))

    @property
    def residual(self) -> float:
        """What the contributions leave unexplained of the score."""
        return self.total - float(self.contributions.sum())


@dataclass(frozen=True)
class RankedItem:
    """An item of a list."""

    item_id: str
    title: str
    score: float
    """Comparable within one list only."""
    origin: Origin
    reasons: ItemReasons | None = None


@dataclass(frozen=True)
class Ranking:
    """Items for one user, best first."""

    items: tuple[RankedItem, ...]
    origin: Origin
    """What the list was made by; anything but `history` has to be said to the visitor."""
    notices: tuple[Message, ...] = ()
    abstained: Reason | None = None
    unknown: tuple[str, ...] = field(default=())
    """Ids of the profile that the model does not know."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """Of the listed items, (K,)."""
        return np.array([item.score for item in self.items], np.float64)

    @property
    def kind(self) -> str:
        """Name of this kind of answer; views are chosen by it."""
        return "ranking"
