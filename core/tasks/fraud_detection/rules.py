"""Two or three plain rules whose limits are quantiles of the training rows: what a bank has before it has a model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.store.sealed import refused

QUANTILES = {"amount": 0.995, "terminal_risk_7d": 0.98, "amount_ratio": 0.995}
"""Feature -> share of the training rows that lie at or below its limit."""
SENTENCES = {
    "amount": N_("the amount is above {limit:.2f}"),
    "terminal_risk_7d": N_("more than {limit:.1%} of the payments at the terminal were known frauds within 7 days"),
    "amount_ratio": N_("the amount is above {limit:.1f} times the customer's mean"),
}


@dataclass(frozen=True)
class Rule:
    """A feature above a limit; `weight` is what a hit adds to the log odds."""

    feature: str
    limit: float
    weight: float

    @property
    def sentence(self) -> Message:
        """The rule in words."""
        return Message(SENTENCES[self.feature], {"limit": self.limit})


@dataclass(frozen=True)
class Rules:
    """Plain rules and the log odds of a row that none of them hits."""

    kind: ClassVar[str] = "rules"
    names: tuple[str, ...]
    rules: tuple[Rule, ...]
    base: float

    def hits(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which rules hit which rows: (N, F) -> (N, R). An unknown value hits nothing."""
        columns = [self.names.index(rule.feature) for rule in self.rules]
        return np.asarray(values[:, columns] > np.array([rule.limit for rule in self.rules], np.float32))

    def score(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds, (N,)."""
        return np.asarray(self.base + self.hits(values) @ np.array([rule.weight for rule in self.rules]))

    def contributions(self, values: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
        """The log odds without hits, and what each feature adds, (N, F)."""
        added = np.zeros(values.shape)
        hits = self.hits(values)
        for place, rule in enumerate(self.rules):
            added[:, self.names.index(rule.feature)] += hits[:, place] * rule.weight
        return self.base, added

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"base": self.base, "rules": [asdict(rule) for rule in self.rules]}


def fit_rules(values: NDArray[np.float32], targets: NDArray[np.int64], names: Sequence[str]) -> Rules:
    """Limits from quantiles of the training rows (N, F), weights from what the hits of each rule were.

    A weight is the log odds of fraud among the hits over those among all rows, with half a row of each kind added, and
    never below zero: a rule only speaks for fraud.
    """
    base = _log_odds(float(targets.sum()), len(targets))
    found = []
    for feature in (name for name in QUANTILES if name in names):
        column = values[:, list(names).index(feature)]
        known = column[np.isfinite(column)]
        if not len(known):
            continue
        limit = float(np.quantile(known, QUANTILES[feature]))
        hit = column > np.float32(limit)
        weight = _log_odds(float(targets[hit].sum()), int(hit.sum())) - base
        found.append(Rule(feature, limit, max(weight, 0.0)))
    return Rules(tuple(names), tuple(found), base)


def read_rules(stored: Mapping[str, Any], names: Sequence[str]) -> Rules:
    """What `Rules.as_dict` gave; raises `ModelRefused` for anything else."""
    try:
        rules = tuple(
            Rule(str(rule["feature"]), float(rule["limit"]), float(rule["weight"])) for rule in stored["rules"]
        )
        base = float(stored["base"])
    except (KeyError, TypeError, ValueError) as error:
        raise refused("model.rules", N_("The rules of the checkpoint cannot be read.")) from error
    known = all(rule.feature in names and rule.feature in SENTENCES for rule in rules)
    if not known or not all(math.isfinite(number) for rule in rules for number in (base, rule.limit, rule.weight)):
        raise refused("model.rules", N_("The rules of the checkpoint cannot be read."))
    return Rules(tuple(names), rules, base)


def _log_odds(positive: float, n: int) -> float:
    return math.log((positive + 0.5) / (n - positive + 0.5))
