"""How far a table lies from the training rows: single rows out of range, and whole columns that have moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.store.sealed import refused
from core.tasks.fraud_detection.features import FeaturePlan

RANGE = (0.001, 0.999)
"""Quantiles of the training rows between which a value is ordinary."""
DECILES = np.linspace(0.1, 0.9, 9)
INDEX_LIMIT = 0.25
"""Population stability index above which a column counts as another one; the customary line for a large shift."""
ROWS_MIN = 200
"""With fewer rows the index says nothing."""
ROWS_MAX = 20_000
"""Of longer tables every so-manieth row is looked at."""
OUTSIDE_SHARE = 0.05
"""Of the rows; ordinarily one in 500 lies out of range."""
TOLD = 3
"""Notices at most."""
NOT_TOLD = ("log_amount", "night", "weekend", "hour_sin", "hour_cos")
"""Features of which nothing is said: one moves with the amount, and the days of a short table are not all days."""


@dataclass(frozen=True)
class Domain:
    """What each of F features was like in training."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Ends of the ordinary range, both (F,)."""
    deciles: NDArray[np.float64]
    """(F, 9)."""
    shares: NDArray[np.float64]
    """Of the training rows up to each decile and beyond, (F, 10); not all a tenth where values repeat."""

    def outside(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Share of the features of each row, (N,), that lie out of their ordinary range."""
        odd = (values < self.low.astype(np.float32)) | (values > self.high.astype(np.float32))
        return np.asarray(odd.mean(axis=1), np.float32)

    def notices(self, plan: FeaturePlan, values: NDArray[np.float32], *, windows: bool = True) -> tuple[Message, ...]:
        """How a table (N, F) differs from the training rows: rare values first, then moved columns, each in order.

        Without `windows` nothing is said of features that look back, which a table without a past cannot fill.
        """
        if not len(values):
            return ()
        some = values[:: max(1, len(values) // ROWS_MAX)]
        told_of = {one.name for one in plan.features if windows or not one.definition.days} - {*NOT_TOLD}
        places = [place for place, name in enumerate(plan.names) if name in told_of]
        found = [self._about(plan, place, some[:, place]) for place in places]
        told = sorted((entry for entry in found if entry is not None), key=lambda entry: entry[0])
        return tuple(message for _, message in told[:TOLD])

    def tensors(self) -> dict[str, NDArray[np.float64]]:
        """What a file keeps."""
        return {"low": self.low, "high": self.high, "deciles": self.deciles, "shares": self.shares}

    def _about(self, plan: FeaturePlan, place: int, column: NDArray[np.float32]) -> tuple[int, Message] | None:
        column = column[np.isfinite(column)]
        if not len(column):
            return None
        title = plan.features[place].title
        outside = np.mean((column < np.float32(self.low[place])) | (column > np.float32(self.high[place])))
        if outside > OUTSIDE_SHARE:
            said = {"feature": title, "low": self.low[place], "high": self.high[place]}
            if len(column) == 1:
                template = N_(
                    "“{feature}” is {value:.4g}, rare in the training data: outside of {low:.4g} to {high:.4g}."
                )
                return 0, Message(template, said | {"value": float(column[0])})
            template = N_(
                "{share:.0%} of the rows have a value of “{feature}” that is rare in the training data: outside of "
                "{low:.4g} to {high:.4g}."
            )
            return 0, Message(template, said | {"share": float(outside)})
        index = stability_index(column, self.deciles[place], self.shares[place])
        if len(column) < ROWS_MIN or index <= INDEX_LIMIT:
            return None
        said = {"feature": title, "index": index, "limit": INDEX_LIMIT}
        said |= {"now": float(column.mean()), "then": plan.features[place].mean}
        template = N_(
            "“{feature}” is spread otherwise than in the training data: mean {now:.4g} instead of {then:.4g} "
            "(stability index {index:.2f}; above {limit:.2f} is a large shift)."
        )
        return 1, Message(template, said)


def stability_index(column: NDArray[np.float32], deciles: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    """Population stability index of a column (N,) against the training rows; 0 when both are spread alike."""
    now = np.bincount(np.searchsorted(deciles, column, side="left"), minlength=len(shares)) / len(column)
    now, then = np.maximum(now, 1e-4), np.maximum(shares, 1e-4)
    return float(((now - then) * np.log(now / then)).sum())


def fit_domain(values: NDArray[np.float32]) -> Domain:
    """From the training rows (N, F)."""
    n_features = values.shape[1]
    low, high = np.zeros(n_features), np.zeros(n_features)
    deciles, shares = np.zeros((n_features, len(DECILES))), np.full((n_features, len(DECILES) + 1), 0.1)
    for place in range(n_features):
        column = values[:, place][np.isfinite(values[:, place])].astype(np.float64)
        if not len(column):
            continue
        low[place], high[place] = np.quantile(column, RANGE)
        deciles[place] = np.quantile(column, DECILES)
        shares[place] = np.bincount(np.searchsorted(deciles[place], column, side="left"), minlength=10) / len(column)
    return Domain(low, high, deciles, shares)


def read_domain(tensors: Mapping[str, NDArray[Any]], n_features: int) -> Domain:
    """What `Domain.tensors` gave; raises `ModelRefused` for other shapes."""
    wanted = {
        "low": (n_features,),
        "high": (n_features,),
        "deciles": (n_features, len(DECILES)),
        "shares": (n_features, len(DECILES) + 1),
    }
    if {name: array.shape for name, array in tensors.items()} != wanted:
        raise refused("model.domain", N_("What the checkpoint says of its training rows does not fit the features."))
    return Domain(**{name: array.astype(np.float64) for name, array in tensors.items()})
