"""Where an opportunity may lie: sectors scored by criteria, each score with its evidence or marked as judgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.contracts import N_, Message
from core.market.observations import observations, series

Scores = npt.NDArray[np.float64]

CRITERIA: Final = {
    "growth": N_("Growth: does spending or use rise?"),
    "adoption": N_("Adoption: do enterprises use AI for it already?"),
    "data": N_("Data: can one learn without owning a hospital or a bank?"),
    "compute": N_("Compute: what does a useful model take?"),
    "regulation": N_("Regulation: how little stands in the way?"),
    "competition": N_("Competition: how much room is left?"),
    "maturity": N_("Maturity: does it work well enough today?"),
}
"""Every score runs from 1 to 5, and more is better for somebody who starts: little regulation is a 5."""
LOWEST: Final = 1
HIGHEST: Final = 5
DRAWS: Final = 4000
CONCENTRATION: Final = 30.0
"""How closely drawn weights keep to the chosen ones: with seven equal weights one of them strays by a third or so."""
JUDGEMENT_ERROR: Final = 1
"""A judgement may be wrong by this much either way when it is asked how sure the ranking is."""


@dataclass(frozen=True)
class Reference:
    """What a score rests on, for a reader to look up."""

    title: str
    address: str
    date: str
    """ISO 8601, of publication or of the copy."""


@dataclass(frozen=True)
class Score:
    """One score of one sector, with what speaks for it."""

    value: int
    why: Message
    reference: Reference | None = None
    """None: a judgement of the authors of this page."""

    @property
    def is_judgement(self) -> bool:
        """Whether nothing that can be looked up stands behind it."""
        return self.reference is None


@dataclass(frozen=True)
class Field:
    """A sector of the board: one that this program has a page for, or another."""

    id: str
    title: str
    scores: Mapping[str, Score]
    page: str = ""
    """Slug of its page here; empty when there is none."""


@dataclass(frozen=True)
class Standing:
    """Where a field stands under the chosen weights, and how sure that is."""

    field: Field
    total: float
    """Weighted mean of its scores, 1 to 5."""
    first: float
    """Share of draws in which it stands first, weights and judgements moved."""
    low: int
    high: int
    """Places that it takes in 90 percent of the draws."""


def ranking(fields: Sequence[Field], weights: Mapping[str, float], seed: int = 0) -> tuple[Standing, ...]:
    """The fields by weighted mean, the best first; of equal ones the first named.

    Args:
        fields: What is compared.
        weights: Criterion -> weight, 0 or more; all zero counts as all equal.
        seed: Of the draws.
    """
    scores = np.array([[field.scores[name].value for name in CRITERIA] for field in fields], np.float64)
    free = np.array([[field.scores[name].is_judgement for name in CRITERIA] for field in fields])
    chosen = _shares(weights)
    totals = scores @ chosen
    places = _places(_draws(scores, free, chosen, seed))
    order = np.argsort(-totals, kind="stable")
    return tuple(
        Standing(
            fields[row],
            float(totals[row]),
            float((places[:, row] == 1).mean()),
            int(np.quantile(places[:, row], 0.05, method="nearest")),
            int(np.quantile(places[:, row], 0.95, method="nearest")),
        )
        for row in order
    )


def _shares(weights: Mapping[str, float]) -> Scores:
    given = np.array([max(0.0, float(weights.get(name, 0.0))) for name in CRITERIA])
    return np.asarray(given / given.sum() if given.sum() > 0 else np.full(len(given), 1 / len(given)), np.float64)


def _draws(scores: Scores, free: npt.NDArray[np.bool_], chosen: Scores, seed: int) -> Scores:
    """Totals (DRAWS, F): weights from a Dirichlet around the chosen ones, judgements moved by up to one."""
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.maximum(chosen * CONCENTRATION, 1e-3), size=DRAWS)
    moved = generator.integers(-JUDGEMENT_ERROR, JUDGEMENT_ERROR + 1, size=(DRAWS, *scores.shape)) * free
    return np.asarray(np.einsum("dc,dfc->df", weights, np.clip(scores + moved, LOWEST, HIGHEST)), np.float64)


def _places(totals: Scores) -> npt.NDArray[np.int64]:
    order = np.argsort(-totals, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(1, totals.shape[1] + 1)[None, :], axis=1)
    return places


def share_of(name: str, entity: str, part: str = "") -> tuple[float, Reference]:
    """The latest figure of an entity in a series, and where it can be looked up.

    Raises:
        KeyError: The series has no such entity.
    """
    one, table = series(name), observations(name)
    found = table[(table["entity"] == entity) & (table["part"] == part)]
    if found.empty:
        raise KeyError(f"{name}: {entity}")
    last = found.iloc[-1]
    return float(last["value"]), Reference(one.source.citation, one.source.addresses[0], one.source.retrieved)
