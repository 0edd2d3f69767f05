"""The features of payments: the same numbers in a training table, in a batch and for one payment with its history."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.transactions import Transactions
from core.errors import InputRefused, ModelRefused
from core.tasks.fraud_detection.building import FeatureTable, build_features
from core.tasks.fraud_detection.columns import missing_columns, possible_features, present_roles
from core.tasks.fraud_detection.definitions import Definition, definition_of

__all__ = ["Feature", "FeaturePlan", "FeatureTable"]

SCHEMA = 1
QUANTILES = (0.01, 0.5, 0.99)
DELAY_DAYS_MAX = 365
REACH = 10.0
"""A standardised value counts as at most this many deviations from the mean."""
FEATURES_MAX = 6_100
"""More than a table of 2,000 columns can bring."""


@dataclass(frozen=True)
class Feature:
    """One column of a feature table and how it was distributed over the training rows, where it was known."""

    name: str
    quantiles: tuple[float, float, float]
    """At 1, 50 and 99 %."""
    mean: float
    std: float
    """Standard deviation, never 0: 1 for a feature that did not vary."""

    @property
    def definition(self) -> Definition:
        """Its title, its unit and what it is computed from."""
        found = definition_of(self.name)
        assert found is not None, self.name  # noqa: S101  (names are checked when a plan is made)
        return found

    @property
    def title(self) -> Message:
        """What it is called on a page."""
        return self.definition.title

    @property
    def unit(self) -> str:
        """A template to be translated; empty for plain numbers."""
        return self.definition.unit


@dataclass(frozen=True)
class FeaturePlan:
    """Which features a model reads, in order, and what is known of them from training."""

    features: tuple[Feature, ...]
    delay_days: int
    """Labels count this many days after their row."""
    notices: tuple[Message, ...] = field(default=(), compare=False)
    """What `fit` left out and why; not stored."""

    @classmethod
    def fit(cls, transactions: Transactions, rows: NDArray[Any], delay_days: int) -> FeaturePlan:
        """The plan alone of `fit_and_build`."""
        return cls.fit_and_build(transactions, rows, delay_days)[0]

    @classmethod
    def fit_and_build(
        cls, transactions: Transactions, rows: NDArray[Any], delay_days: int
    ) -> tuple[FeaturePlan, FeatureTable]:
        """Decide which features the table allows and measure them on the training rows.

        Args:
            transactions: All rows, of which those before the training rows are history.
            rows: Places of the training rows, or a mask (N,).
            delay_days: Days after which the label of a row is known.

        Returns:
            The plan, and the features of all rows, history included.

        Raises:
            InputRefused: There are no rows to learn from, or the delay is out of range.
        """
        if not 0 <= delay_days <= DELAY_DAYS_MAX:
            template = N_("A label delay of {days} days; 0 to {most} are possible.")
            raise InputRefused("fraud.delay", Message(template, {"days": delay_days, "most": DELAY_DAYS_MAX}))
        whole = replace(transactions, context=0)
        rows = np.arange(len(whole))[rows]
        if not len(rows):
            raise InputRefused("fraud.no_rows", N_("There are no payments to learn from."))
        names, notices = possible_features(whole, rows)
        table = build_features(whole, names, delay_days)
        return cls.of_values(names, table.values[rows], delay_days, notices), table

    @classmethod
    def of_values(
        cls, names: tuple[str, ...], values: NDArray[np.float32], delay_days: int, notices: tuple[Message, ...] = ()
    ) -> FeaturePlan:
        """The plan of features that are computed already: `values` (N, F) of the training rows."""
        return cls(tuple(map(_measured, names, values.T)), delay_days, notices)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features, in the order of the columns of a table."""
        return tuple(feature.name for feature in self.features)

    def build(self, transactions: Transactions) -> FeatureTable:
        """The features of the rows after `transactions.context`.

        Raises:
            InputRefused: Columns are missing that the model needs.
        """
        if missing := missing_columns(iter(self.names), transactions):
            found = [*present_roles(transactions), *transactions.numbers, *transactions.categories]
            template = N_("The model needs columns that were not found: {missing}. Found: {found}.")
            said = {"missing": ", ".join(missing), "found": ", ".join(["amount", *found])}
            raise InputRefused(
                "fraud.columns",
                Message(template, said),
                N_("Say which column is which, or train a model on data like these."),
            )
        return build_features(transactions, self.names, self.delay_days)

    def standardised(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values (N, F) less their means in training, over their deviations there, within `REACH`; 0 where unknown."""
        means = np.array([feature.mean for feature in self.features], np.float32)
        stds = np.array([feature.std for feature in self.features], np.float32)
        moved = np.asarray(values - means, np.float32)
        moved /= stds
        return np.nan_to_num(np.clip(moved, -REACH, REACH, out=moved), copy=False, nan=0.0)

    def to_json(self) -> str:
        """The plan as text, for `from_json`."""
        features = [
            {"name": one.name, "quantiles": one.quantiles, "mean": one.mean, "std": one.std} for one in self.features
        ]
        return json.dumps({"schema": SCHEMA, "delay_days": self.delay_days, "features": features}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> FeaturePlan:
        """The plan that `to_json` wrote.

        Raises:
            ModelRefused: The text is not such a plan in every detail.
        """
        try:
            raw = json.loads(text, parse_constant=_no_number)
            if raw.keys() != {"schema", "delay_days", "features"} or raw["schema"] != SCHEMA:
                raise ValueError("keys")
            features = tuple(_read_feature(one) for one in raw["features"])
            names, delay = [one.name for one in features], raw["delay_days"]
            if type(delay) is not int or not 0 <= delay <= DELAY_DAYS_MAX:
                raise ValueError("delay")
            if not 0 < len(set(names)) == len(names) <= FEATURES_MAX:
                raise ValueError("names")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelRefused(
                "model.features",
                N_("The list of the model's features cannot be read."),
                N_("Roll back to another version, or train again."),
            ) from error
        return cls(features, delay)


def _no_number(_: str) -> float:
    raise ValueError("not finite")


def _read_feature(raw: Any) -> Feature:
    name, quantiles, numbers = raw["name"], raw["quantiles"], [*raw["quantiles"], raw["mean"], raw["std"]]
    if raw.keys() != {"name", "quantiles", "mean", "std"} or not isinstance(name, str) or not definition_of(name):
        raise ValueError("feature")
    if len(quantiles) != len(QUANTILES) or quantiles != sorted(quantiles) or raw["std"] <= 0:
        raise ValueError("order")
    if not all(type(number) in (int, float) and np.isfinite(number) for number in numbers):
        raise ValueError("number")
    low, middle, high = map(float, quantiles)
    return Feature(name, (low, middle, high), float(raw["mean"]), float(raw["std"]))


def _measured(name: str, values: NDArray[np.float32]) -> Feature:
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return Feature(name, (0.0, 0.0, 0.0), 0.0, 1.0)
    low, middle, high = (float(value) for value in np.quantile(known, QUANTILES))
    std = float(known.std())
    return Feature(name, (low, middle, high), float(known.mean()), std if std > 0 else 1.0)
