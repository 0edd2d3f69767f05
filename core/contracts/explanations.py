"""Kinds of reasons for an answer, each of which names itself by `kind`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.contracts.messages import Message
from core.contracts.rankings import ItemReasons


@dataclass(frozen=True)
class Faithfulness:
    """Does the map point at what the model uses? Areas under the score curve, all in [0, 1].

    Deletion removes the most important pixels first (lower is better), insertion brings them first (higher is
    better); the `random_` fields are the same with pixels in random order, mean over `n_random` orders.
    Source: Petsiuk et al., RISE, BMVC 2018, arXiv:1806.07421.
    """

    deletion: float
    insertion: float
    random_deletion: float
    random_insertion: float
    n_random: int

    @property
    def gain(self) -> float:
        """(insertion - deletion) minus the same for random order; above 0 the map beats chance."""
        return (self.insertion - self.deletion) - (self.random_insertion - self.random_deletion)


@dataclass(frozen=True)
class Heatmap:
    """Importance of every pixel for one label; `values` has shape (H, W), float32 in [0, 1]."""

    values: NDArray[np.float32]
    method: str
    target: str
    faithfulness: Faithfulness | None = None

    @property
    def kind(self) -> str:
        """Name of this kind of explanation; views are chosen by it."""
        return "heatmap"


@dataclass(frozen=True)
class FeatureAttribution:
    """What every feature adds to the raw score (log odds, before calibration) of one row; all arrays (F,)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    """Of the features, in their own units; NaN where the feature is unknown."""
    contributions: NDArray[np.float64]
    base: float
    """Raw score of the reference that the contributions start from."""
    total: float
    """Raw score of the row; `base` and the contributions add up to it, see `residual`."""
    method: str
    reasons: tuple[Message, ...] = ()
    """A sentence for each feature in the order of `names`."""

    @property
    def kind(self) -> str:
        """Name of this kind of explanation; views are chosen by it."""
        return "features"

    @property
    def residual(self) -> float:
        """What the contributions leave unexplained of the raw score."""
        return self.total - self.base - float(self.contributions.sum())


@dataclass(frozen=True)
class TokenAttribution:
    """What every token of one text adds to the calibrated log odds of one label; all arrays (T,), in reading order."""

    text: str
    starts: NDArray[np.int64]
    """Offset of the first character of each token in the text."""
    ends: NDArray[np.int64]
    """Offset behind its last character."""
    contributions: NDArray[np.float64]
    base: float
    """Log odds of a text without tokens."""
    total: float
    """Log odds of the text; `base` and the contributions add up to it, see `residual`."""
    method: str
    target: str
    faithfulness: Faithfulness | None = None

    @property
    def kind(self) -> str:
        """Name of this kind of explanation; views are chosen by it."""
        return "tokens"

    @property
    def residual(self) -> float:
        """What the contributions leave unexplained of the log odds."""
        return self.total - self.base - float(self.contributions.sum())


Explanation: TypeAlias = Heatmap | FeatureAttribution | TokenAttribution | ItemReasons
"""Union of the kinds of explanation; a new kind of task adds its own member."""
