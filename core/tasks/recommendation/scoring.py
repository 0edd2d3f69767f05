"""What every model of this task offers: a score for each item from what a user took; and the simplest of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.data.histories import Histories

Floats = NDArray[np.float32]
AT_ONCE = 32_000_000
"""Scores held at one time; bounds the memory of a large evaluation."""


class Scorer(Protocol):
    """A fitted model of I items. Scores of different users are not comparable."""

    @property
    def kind(self) -> str:
        """Key of `config.MODELS`."""
        ...

    @property
    def n_items(self) -> int:
        """Items of the catalogue."""
        ...

    @property
    def reach(self) -> int | None:
        """Latest items of a user that change his scores, older ones do not; None where all of them do."""
        ...

    def scores(self, histories: Histories) -> Floats:
        """Score of every item for each of B users, (B, I); higher is better."""
        ...

    def shares(self, history: NDArray[Any], items: NDArray[Any]) -> Floats | None:
        """What each of H items of a user adds to the scores of K items, (H, K); None where a score is no such sum."""
        ...

    def tensors(self) -> dict[str, NDArray[Any]]:
        """What a file keeps."""
        ...


@dataclass(frozen=True)
class Popularity:
    """Everybody is shown what most users took."""

    taken: NDArray[np.int64] = field(compare=False)
    """Users who took each item, (I,)."""

    @property
    def kind(self) -> str:
        """Key of `config.MODELS`."""
        return "popularity"

    @property
    def n_items(self) -> int:
        """Items of the catalogue."""
        return len(self.taken)

    @property
    def reach(self) -> int | None:
        """None of them."""
        return 0

    def scores(self, histories: Histories) -> Floats:
        """The same for every user, (B, I)."""
        return np.tile(self.taken.astype(np.float32), (len(histories), 1))

    def shares(self, history: NDArray[Any], items: NDArray[Any]) -> Floats | None:
        """Nothing: no item of the user's has to do with it."""
        return None

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Nothing: a checkpoint holds the counts in any case."""
        return {}


def users_at_once(n_items: int) -> int:
    """Users whose scores are held at one time."""
    return max(1, min(2048, AT_ONCE // max(n_items, 1)))
