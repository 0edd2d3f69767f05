"""A simulated bank: card payments of customers at terminals, with three kinds of fraud that change over time.

Everything is made from `PaymentWorld` and its seed. What is assumed (every figure is a constant below):

* Customers live in towns, terminals stand there; a customer has up to `_LIST` terminals that he goes to, near ones and
  busy ones first, the favourite most; `_AWAY` of his payments are made anywhere.
* How much a customer spends, how dear a terminal is and how single payments vary are three log-normal factors. Genuine
  payments have a long tail: some 0.8 % lie above `OLD_LIMIT`.
* Payments a day are Poisson around the customer's rate, more on Fridays and Saturdays and after payday. Their hours are
  three peaks (morning, noon, evening) that each customer weighs in his own way, later at weekends; a few work at night.
* There are no refunds, no declined payments, no empty cells, and cards are never blocked: the bank of this world does
  not act on its frauds, so that nothing but the fraudsters changes what a fraud looks like.

Frauds, each with its answer key in `Transactions.scenario`:

* `large_amount`: one payment with a stolen card, of more than an old limit of the bank or, once the limit is known to
  the fraudsters, of somewhat less. At first 10 % are so careful, after `DRIFT_DAYS` days 60 %.
* `compromised_terminal`: for some weeks a part of the payments at a terminal are made with copied cards. Their amounts
  are ordinary. At first four weeks and up to 90 % of its payments, later three weeks and up to 60 %.
* `stolen_card`: for two weeks a part of a customer's payments is somebody else's: larger, in bursts, often at night,
  and at terminals that he does not go to. All four fade: the amounts from 6 times the usual to 3.5 times, the share at
  night from 50 % to 30 %, the share elsewhere from 80 % to 50 %, the repetitions from 1.2 to 0.6 a payment.

The shares of the kinds move as well: of 4 frauds at first 1 is a large amount, 1.8 are at compromised terminals and
1.2 with stolen cards, later 0.6, 1.4 and 2. With `drift=0` the frauds stay as they were on the first day for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.transactions import FRAUD, GENUINE, Transactions, fingerprint

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

NAME = "simulated_bank"
SCENARIOS = ("genuine", "large_amount", "compromised_terminal", "stolen_card")
"""Values of `Transactions.scenario`."""
OLD_LIMIT = 250.0
"""Amount above which the bank once looked at every payment; the fraudsters find out."""
DRIFT_DAYS = 180
"""Days after which the fraudsters have changed completely; they stay so."""

_REGION_KM = 100.0
_TOWN_KM = 4.0
"""Standard deviation of homes and terminals around the middle of a town."""
_REACH_KM = 5.0
"""Distance over which a terminal loses a factor e of its pull."""
_LIST = 15
_AWAY = 0.04
_CHUNK = 1000
"""Customers whose distances to all terminals are held at a time."""

_SPEND = (38.0, 0.5)
"""Median of what a customer pays and its spread (standard deviation of the logarithm)."""
_DEAR = 0.4
_VARY = 0.45
_LEAST = 0.5

_RATE = (1.5, 0.7, 8.0)
"""Payments a day of a customer: median, spread (of the logarithm), greatest."""
_WEEK = np.array([0.93, 0.92, 0.95, 0.99, 1.14, 1.22, 0.85])
"""Payments on Monday to Sunday, 1 on average."""
_PAYDAY = (25, 1.1)
"""From this day of the month on, this many times the payments."""
_PEAKS = np.array([[8.5, 1.5], [12.8, 1.6], [18.6, 2.2]])
"""Hour and standard deviation."""
_WEEKEND_LATER = 1.0
_NIGHT_WORKERS = (0.03, 10.0)
"""Share of customers, and by how many hours later they live."""

_MIX = np.array([[0.25, 0.45, 0.30], [0.15, 0.35, 0.50]])
"""Shares of the kinds of fraud at first and at last, in the order of `SCENARIOS`."""
_CAREFUL = (0.1, 0.6)
_TERMINAL_DAYS = (28.0, 21.0)
_TERMINAL_SHARE = (0.9, 0.6)
_TERMINAL_DAILY = 8.0
"""Copied cards that are used at one terminal a day at most, on average."""
_CARD_DAYS = 14.0
_CARD_SHARE = (0.45, 0.35)
_CARD_TIMES = (6.0, 3.5)
_CARD_NIGHT = (0.5, 0.3)
_CARD_ELSEWHERE = (0.8, 0.5)
_CARD_REPEATS = (1.2, 0.6)


@dataclass(frozen=True)
class PaymentWorld:
    """What is to be simulated; the same world gives the same payments."""

    customers: int = 1000
    terminals: int = 400
    days: int = 90
    seed: int = 0
    fraud_share: float = 0.008
    """Of all payments, about; three kinds together."""
    drift: float = 1.0
    """How far the fraudsters change within `DRIFT_DAYS`: 1 as described above, 0 not at all."""
    start: str = "2025-01-06"
    """First day, ISO 8601."""

    def __post_init__(self) -> None:
        if min(self.customers, self.terminals, self.days) < 1:
            raise ValueError("a world has at least one customer, one terminal and one day")
        if not (0 <= self.fraud_share <= 0.2 and 0 <= self.drift <= 1):
            raise ValueError("fraud_share must be in [0, 0.2] and drift in [0, 1]")

    @cached_property
    def dates(self) -> NDArray[np.datetime64]:
        """The days, (days,) datetime64[D]."""
        return np.datetime64(self.start, "D") + np.arange(self.days)

    def at(self, day: NDArray[Any] | int, span: tuple[float, float]) -> Floats:
        """A quantity that moves from the first to the second value of `span`, on the given days."""
        progress = self.drift * np.clip(np.asarray(day) / DRIFT_DAYS, 0, 1)
        return np.asarray(span[0] + (span[1] - span[0]) * progress)


@dataclass(frozen=True)
class _Town:
    """Who lives where and goes where; C customers, T terminals."""

    spend: Floats
    rate: Floats
    later: Floats
    peaks: Floats
    """Cumulative weights of the peaks of the day (C, 3)."""
    visits: Places
    """Terminals that a customer goes to, favourite first (C, L)."""
    dear: Floats
    busy: Floats
    """Cumulative shares of the terminals (T,)."""


@dataclass
class _Rows:
    """Payments while they are made; all arrays (N,)."""

    customer: Places
    terminal: Places
    day: Places
    second: Places
    """Within the day."""
    amount: Floats
    kind: NDArray[np.int8]
    """Place in `SCENARIOS`."""


def simulate(world: PaymentWorld) -> Transactions:
    """All payments of a world in order of time, with labels and the answer key."""
    rng = np.random.default_rng(world.seed)
    town = _settle(world, rng)
    rows = _pay(world, town, rng)
    targets = _targets(world, len(rows.day))
    _compromise_terminals(world, rows, targets[:, 1], rng)
    rows = _steal_cards(world, town, rows, targets[:, 2], rng)
    _raise_amounts(world, rows, targets[:, 0], rng)
    return _columns(world, rows)


def _settle(world: PaymentWorld, rng: np.random.Generator) -> _Town:
    towns = rng.uniform(0, _REGION_KM, (max(1, world.customers // 250), 2))
    size = rng.dirichlet(np.full(len(towns), 2.0))
    home, place = (
        towns[rng.choice(len(towns), count, p=size)] + rng.normal(0, _TOWN_KM, (count, 2))
        for count in (world.customers, world.terminals)
    )
    popular = rng.lognormal(0, 0.7, world.terminals)
    night, hours = _NIGHT_WORKERS
    median, spread, most = _RATE
    return _Town(
        spend=_SPEND[0] * rng.lognormal(0, _SPEND[1], world.customers),
        rate=np.minimum(median * rng.lognormal(0, spread, world.customers), most),
        later=rng.normal(0, 0.8, world.customers) + hours * (rng.random(world.customers) < night),
        peaks=np.cumsum(rng.dirichlet((2.0, 3.0, 4.0), world.customers), axis=1),
        visits=_choose_terminals(home, place, popular, rng),
        dear=rng.lognormal(0, _DEAR, world.terminals),
        busy=np.cumsum(popular / popular.sum()),
    )


def _choose_terminals(home: Floats, place: Floats, popular: Floats, rng: np.random.Generator) -> Places:
    """Draws without replacement, near and popular terminals first: (C, up to _LIST)."""
    count = min(_LIST, len(place))
    chosen = []
    for begin in range(0, len(home), _CHUNK):
        away = np.linalg.norm(home[begin : begin + _CHUNK, None] - place[None], axis=2)
        pull = np.log(popular) - away / _REACH_KM + rng.gumbel(size=away.shape)
        chosen.append(np.argsort(-pull, axis=1)[:, :count])
    return np.concatenate(chosen)


def _pay(world: PaymentWorld, town: _Town, rng: np.random.Generator) -> _Rows:
    """The genuine payments."""
    weekday = (world.dates.astype("int64") + 3) % 7
    of_month = (world.dates - world.dates.astype("datetime64[M]")).astype("int64") + 1
    busy = _WEEK[weekday] * np.where(of_month >= _PAYDAY[0], _PAYDAY[1], 1.0)
    counts = rng.poisson(town.rate[:, None] * busy)
    customer, day = divmod(np.repeat(np.arange(counts.size), counts.ravel()), world.days)
    n = len(customer)
    favour = np.cumsum(1 / np.arange(1, town.visits.shape[1] + 1))
    place = np.searchsorted(favour / favour[-1], rng.random(n)).clip(max=len(favour) - 1)
    terminal = np.where(rng.random(n) < _AWAY, _anywhere(town, n, rng), town.visits[customer, place])
    peak = (rng.random(n)[:, None] > town.peaks[customer]).sum(axis=1).clip(max=2)
    hour = rng.normal(_PEAKS[peak, 0], _PEAKS[peak, 1]) + town.later[customer]
    hour = (hour + _WEEKEND_LATER * (weekday[day] >= 5)) % 24
    amount = town.spend[customer] * town.dear[terminal] * rng.lognormal(0, _VARY, n)
    second = (hour * 3600).astype(np.int64).clip(0, 86_399)
    return _Rows(customer, terminal, day, second, amount, np.zeros(n, np.int8))


def _anywhere(town: _Town, n: int, rng: np.random.Generator) -> Places:
    return np.searchsorted(town.busy, rng.random(n)).clip(max=len(town.busy) - 1)


def _targets(world: PaymentWorld, payments: int) -> Floats:
    """Frauds wanted of each kind on each day, (days, 3)."""
    moved = world.at(np.arange(world.days)[:, None], (0.0, 1.0))
    shares: Floats = _MIX[0] + (_MIX[1] - _MIX[0]) * moved
    return shares * world.fraud_share * payments / world.days


def _compromise_terminals(world: PaymentWorld, rows: _Rows, target: Floats, rng: np.random.Generator) -> None:
    traffic = np.bincount(rows.terminal, minlength=world.terminals) / world.days
    first = -int(_TERMINAL_DAYS[0])
    days = np.arange(first, world.days)
    lasts = world.at(days, _TERMINAL_DAYS)
    daily = np.minimum(world.at(days, _TERMINAL_SHARE)[:, None] * traffic, _TERMINAL_DAILY)
    begins = rng.poisson(target[days.clip(0)] / np.maximum(lasts * daily.mean(axis=1), 1e-9))
    share = np.zeros((world.terminals, world.days))
    for place in np.repeat(np.arange(len(days)), begins):
        terminal = rng.integers(world.terminals)
        begin, end = max(days[place], 0), max(days[place] + int(lasts[place]), 0)
        share[terminal, begin:end] = daily[place, terminal] / max(traffic[terminal], 1e-9)
    rows.kind[rng.random(len(rows.day)) < share[rows.terminal, rows.day]] = 2


def _steal_cards(world: PaymentWorld, town: _Town, rows: _Rows, target: Floats, rng: np.random.Generator) -> _Rows:
    """Turns a part of the payments of some customers into frauds, and adds the repetitions."""
    lasts = int(_CARD_DAYS)
    days = np.arange(-lasts, world.days)
    each = lasts * town.rate.mean() * world.at(days, _CARD_SHARE) * (1 + world.at(days, _CARD_REPEATS))
    begins = np.repeat(days, rng.poisson(target[days.clip(0)] / each))
    share = np.zeros((world.customers, world.days))
    for begin in begins:
        share[rng.integers(world.customers), max(begin, 0) : max(begin + lasts, 0)] = world.at(int(begin), _CARD_SHARE)
    stolen = (rng.random(len(rows.day)) < share[rows.customer, rows.day]) & (rows.kind == 0)
    places = np.flatnonzero(stolen)
    day, n = rows.day[places], len(places)
    elsewhere = rng.random(n) < world.at(day, _CARD_ELSEWHERE)
    at_night = rng.random(n) < world.at(day, _CARD_NIGHT)
    rows.terminal[places] = np.where(elsewhere, _anywhere(town, n, rng), rows.terminal[places])
    rows.second[places] = np.where(at_night, rng.integers(0, 6 * 3600, n), rows.second[places])
    rows.amount[places] *= world.at(day, _CARD_TIMES) * rng.lognormal(0, 0.3, n)
    rows.kind[places] = 3
    again = np.repeat(places, rng.poisson(world.at(day, _CARD_REPEATS)))
    later = (rows.second[again] + rng.integers(60, 7200, len(again))).clip(max=86_399)
    return _Rows(
        customer=np.append(rows.customer, rows.customer[again]),
        terminal=np.append(rows.terminal, rows.terminal[again]),
        day=np.append(rows.day, rows.day[again]),
        second=np.append(rows.second, later),
        amount=np.append(rows.amount, rows.amount[again] * rng.lognormal(0, 0.3, len(again))),
        kind=np.append(rows.kind, rows.kind[again]),
    )


def _raise_amounts(world: PaymentWorld, rows: _Rows, target: Floats, rng: np.random.Generator) -> None:
    a_day = np.bincount(rows.day, minlength=world.days)
    share = (target / np.maximum(a_day, 1))[rows.day]
    places = np.flatnonzero((rng.random(len(rows.day)) < share) & (rows.kind == 0))
    careful = rng.random(len(places)) < world.at(rows.day[places], _CAREFUL)
    times = np.where(careful, rng.uniform(0.5, 0.98, len(places)), 1 + rng.exponential(0.6, len(places)))
    rows.amount[places] = OLD_LIMIT * times
    rows.kind[places] = 1


def _columns(world: PaymentWorld, rows: _Rows) -> Transactions:
    time = world.dates[rows.day].astype("datetime64[s]") + rows.second.astype("timedelta64[s]")
    order = np.argsort(time, kind="stable")
    kind = rows.kind[order]
    made = Transactions(
        ids=np.arange(1, len(order) + 1).astype(f"<U{len(str(len(order)))}"),
        amount=np.maximum(np.round(rows.amount[order], 2), _LEAST),
        time=time[order],
        customer=rows.customer[order].astype(np.int32),
        customers=_names("C", world.customers),
        terminal=rows.terminal[order].astype(np.int32),
        terminals=_names("T", world.terminals),
        label=np.where(kind > 0, FRAUD, GENUINE).astype(np.int8),
        scenario=np.array(SCENARIOS)[kind],
        columns={role: role for role in ("id", "time", "customer", "terminal", "amount", "label", "scenario")},
        name=NAME,
    )
    return replace(made, sha256=fingerprint(made))


def _names(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number:0{len(str(count))}d}" for number in range(1, count + 1))
