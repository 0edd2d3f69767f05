"""What would have to change about a transaction for another decision: other amounts, hours and terminals, tried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.data.new_transaction import NewTransaction, earlier_of_customer, earlier_rows, on_history
from core.data.transactions import Transactions

What = Literal["amount", "hour", "terminal"]
Score = Callable[[Sequence[Transactions]], NDArray[np.float64]]
"""Scores (T,) of the last rows of T tables."""

AMOUNTS = 24
"""Amounts tried between the lowest and the highest."""
CLOSER = 6
"""Amounts tried between the nearest that changes the decision and its neighbour that does not."""


@dataclass(frozen=True)
class Change:
    """The smallest change of one thing, of those tried, that brings another decision; None where none does."""

    what: What
    to: float | str | None
    score: float
    tried: int


def with_hour(new: NewTransaction, hour: int) -> NewTransaction:
    """The same on the same day at another hour; unchanged where there is no time."""
    if new.time is None:
        return new
    day = new.time.astype("datetime64[D]").astype("datetime64[s]")
    within = (new.time.astype("datetime64[s]") - day) % np.timedelta64(3600, "s")
    return replace(new, time=day + np.timedelta64(hour, "h") + within)


def hour_of(new: NewTransaction) -> int:
    """Hour of the day, 0 to 23; 0 where there is no time."""
    if new.time is None:
        return 0
    return int((new.time - new.time.astype("datetime64[D]")) // np.timedelta64(1, "h"))


def other_amount(
    bank: Transactions, new: NewTransaction, score: Score, threshold: float, low_high: tuple[float, float]
) -> Change:
    """The nearest amount within `low_high` that brings another decision, everything else being equal."""
    amounts = np.unique(np.append(np.geomspace(max(low_high[0], 0.01), low_high[1], AMOUNTS).round(2), new.amount))
    scores = _scores(bank, [replace(new, amount=float(value)) for value in amounts], score)
    here = int(np.searchsorted(amounts, new.amount))
    flipped = np.flatnonzero((scores >= threshold) != (scores[here] >= threshold))
    if not len(flipped):
        return Change("amount", None, float("nan"), len(amounts))
    nearest = int(flipped[np.argmin(np.abs(np.log((amounts[flipped] + 1) / (max(new.amount, 0) + 1))))])
    inner = nearest + (1 if nearest < here else -1)
    closer = np.linspace(amounts[nearest], amounts[inner], CLOSER + 2)[:-1].round(2)
    near = _scores(bank, [replace(new, amount=float(value)) for value in closer], score)
    # From the outside in: the last one that still differs.
    place = int(np.flatnonzero((near >= threshold) != (scores[here] >= threshold))[-1])
    return Change("amount", float(closer[place]), float(near[place]), len(amounts) + len(closer))


def other_hour(bank: Transactions, new: NewTransaction, score: Score, threshold: float) -> Change:
    """The nearest hour of the same day that brings another decision."""
    hours = np.arange(24)
    scores = _scores(bank, [with_hour(new, int(hour)) for hour in hours], score)
    here = hour_of(new)
    flipped = np.flatnonzero((scores >= threshold) != (scores[here] >= threshold))
    if not len(flipped):
        return Change("hour", None, float("nan"), len(hours))
    nearest = int(flipped[np.argmin(np.abs(flipped - here))])
    return Change("hour", float(nearest), float(scores[nearest]), len(hours))


def other_terminal(
    bank: Transactions, new: NewTransaction, score: Score, threshold: float, terminals: Sequence[str]
) -> Change:
    """The first of `terminals` at which the decision is another one."""
    scores = _scores(bank, [replace(new, terminal=name) for name in (new.terminal, *terminals)], score)
    flipped = np.flatnonzero((scores >= threshold) != (scores[0] >= threshold))
    if not len(flipped):
        return Change("terminal", None, float("nan"), len(terminals))
    return Change("terminal", terminals[flipped[0] - 1], float(scores[flipped[0]]), len(terminals))


def usual_terminals(bank: Transactions, new: NewTransaction, limit: int = 12) -> tuple[str, ...]:
    """Terminals where its customer paid before, the most frequent first; where everybody did if he never did."""
    if bank.terminal is None:
        return ()
    own = earlier_of_customer(bank, new)
    places = bank.terminal[own if own.any() else earlier_rows(bank, new)]
    counts = np.bincount(places[places >= 0], minlength=len(bank.terminals))
    order = np.argsort(-counts, kind="stable")[:limit]
    return tuple(bank.terminals[place] for place in order if counts[place])


def _scores(bank: Transactions, tried: Sequence[NewTransaction], score: Score) -> NDArray[np.float64]:
    return score([on_history(bank, new) for new in tried])
