"""Where two editions or two ways of counting disagree: both figures and their difference, never a mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.contracts import N_
from core.market.observations import observations
from core.market.series import Source, Unit
from core.market.sources import QUID_2023, QUID_2025


@dataclass(frozen=True)
class Figure:
    """One figure as somebody published it."""

    value: float
    unit: Unit
    source: Source
    said: str
    """What exactly is counted, in words."""


@dataclass(frozen=True)
class Conflict:
    """Two figures that a reader may take for the same thing."""

    title: str
    entity: str
    year: int
    first: Figure
    second: Figure
    why: str
    """Why they differ, as far as the publishers say."""

    @property
    def difference(self) -> float:
        """The second figure minus the first, where both have the same unit; NaN where they have not."""
        return self.second.value - self.first.value if self.first.unit == self.second.unit else float("nan")

    @property
    def ratio(self) -> float:
        """The second figure divided by the first."""
        return self.second.value / self.first.value


ROUNDING: Final = 0.005
"""Figures nearer to each other than this share are told apart by rounding alone."""

_EDITIONS = N_("The later edition knows more deals and counts them anew; both are in US dollars of 2021.")
_PRICES = N_(
    "The same edition of the same report, once in dollars of the year and once in dollars of 2021 as Our World in Data "
    "gives them."
)
_CURRENT: Final = {"World": 150.8e9, "United States": 109.1e9, "China": 9.3e9}
"""Private investment in 2024 in current US dollars, AI Index Report 2025, as quoted beside the series."""


def conflicts() -> tuple[Conflict, ...]:
    """All disagreements that are known among the series, the widest first."""
    found = [one for one in (*_between_editions(), *_between_prices()) if abs(one.ratio - 1) > ROUNDING]
    return tuple(sorted(found, key=lambda one: -abs(one.ratio - 1)))


def _between_editions() -> list[Conflict]:
    """Private investment of the world, year by year, in the editions of 2023 and 2025."""
    new = observations("ai_private_investment").query("entity == 'World'").set_index("date")["value"]
    old = observations("ai_corporate_investment").query("entity == 'Private Investment'").set_index("date")["value"]
    said = N_("Private investment, world")
    return [
        Conflict(
            title=N_("Private investment in two editions of the AI Index"),
            entity="World",
            year=day.year,
            first=Figure(float(old[day]), "usd_2021", QUID_2023, said),
            second=Figure(float(new[day]), "usd_2021", QUID_2025, said),
            why=_EDITIONS,
        )
        for day in old.index.intersection(new.index)
    ]


def _between_prices() -> list[Conflict]:
    table = observations("ai_private_investment")
    last = table[table["date"].dt.year == 2024].set_index("entity")["value"]
    return [
        Conflict(
            title=N_("Private investment in dollars of 2021 and in current dollars"),
            entity=entity,
            year=2024,
            first=Figure(float(last[entity]), "usd_2021", QUID_2025, N_("Private investment, dollars of 2021")),
            second=Figure(current, "usd", QUID_2025, N_("Private investment, dollars of the year")),
            why=_PRICES,
        )
        for entity, current in _CURRENT.items()
    ]
