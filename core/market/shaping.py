"""What may be drawn of a series: a choice of entities and years, an index, figures per head, shares of a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.contracts import N_, Message
from core.errors import InputRefused
from core.market.countries import countries
from core.market.observations import COLUMNS, observations, series
from core.market.series import Series

SHAPES = ("as_published", "index", "per_million", "change")
"""As published; the first shown date = 100; per million inhabitants; change on the year before, in percent."""


@dataclass(frozen=True)
class Choice:
    """What is asked of a series; everything that a link has to carry to draw the same chart again."""

    series: str
    entities: tuple[str, ...] = ()
    """Empty: all of them."""
    part: str = ""
    """Empty: all of them."""
    first: int | None = None
    """First year that is shown."""
    last: int | None = None
    shape: str = "as_published"


def shapes_of(one: Series) -> tuple[str, ...]:
    """The shapes that a series can take, by its licence and by what it counts."""
    if not one.source.alterable:
        return ("as_published",)
    dated = one.frequency not in ("once", "event")
    table = observations(one.id)
    found = ["as_published"]
    if dated:
        found.append("index")
    if one.unit == "count" and (table["code"] != "").any():
        found.append("per_million")
    if dated and one.unit != "percent":
        found.append("change")
    return tuple(found)


def shaped(choice: Choice) -> pd.DataFrame:
    """The figures of a choice: columns as of `observations`, `value` in the unit of its shape.

    Rows for which a shape has no value (no population, no year before, a first figure of zero) are left out.

    Raises:
        AppError: There is no such series.
        InputRefused: The licence or the kind of series does not allow the shape.
    """
    one = series(choice.series)
    _check(one, choice.shape)
    table = observations(one.id)
    if choice.shape == "change":
        table = _change(table, one)
    table = _chosen(table, choice)
    if choice.shape == "index":
        table = _index(table)
    if choice.shape == "per_million":
        table = _per_million(table)
    return table[table["value"].notna()].reset_index(drop=True)


def _check(one: Series, shape: str) -> None:
    if shape in shapes_of(one):
        return
    if not one.source.alterable:
        template = N_("The licence of this series ({licence}) lets its figures be quoted unchanged only.")
        raise InputRefused("market.unaltered", Message(template, {"licence": one.source.licence}))
    template = N_("This series cannot be shown as {shape}; it can be shown as: {shapes}.")
    said = {"shape": shape[:40], "shapes": ", ".join(shapes_of(one))}
    raise InputRefused("market.shape", Message(template, said))


def _chosen(table: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    keep = pd.Series(True, index=table.index)
    if choice.entities:
        keep &= table["entity"].isin(choice.entities)
    if choice.part:
        keep &= table["part"] == choice.part
    if choice.first is not None:
        keep &= table["date"].dt.year >= choice.first
    if choice.last is not None:
        keep &= table["date"].dt.year <= choice.last
    return table[keep]


def _index(table: pd.DataFrame) -> pd.DataFrame:
    """Each line divided by its own first shown figure, times 100."""
    first = table.groupby(["entity", "part"])["value"].transform("first")
    return table.assign(value=(100 * table["value"] / first).where(first > 0))


def _per_million(table: pd.DataFrame) -> pd.DataFrame:
    known = countries()
    people = table["code"].map(lambda code: known[code].population if code in known else None).astype(float)
    return table.assign(value=table["value"] / people * 1e6)


def _change(table: pd.DataFrame, one: Series) -> pd.DataFrame:
    """Percent against the same time of the year before; missing where that is not in the series."""
    steps: Sequence[str] = ["entity", "part"]
    past = table.assign(date=table["date"] + pd.DateOffset(years=1))
    if one.frequency == "quarter":  # days of quarters move by a few from year to year
        past, table = (frame.assign(period=frame["date"].dt.to_period("Q")) for frame in (past, table))
        both = table.merge(
            past[[*steps, "period", "value"]], on=[*steps, "period"], how="left", suffixes=("", "_before")
        )
        both = both.drop_duplicates([*steps, "date"])
    else:
        both = table.merge(past[[*steps, "date", "value"]], on=[*steps, "date"], how="left", suffixes=("", "_before"))
    grown = 100 * (both["value"] / both["value_before"] - 1)
    return both.assign(value=grown.where(both["value_before"] > 0))[list(COLUMNS)]


def years_of(name: str) -> tuple[int, int]:
    """First and last year of a series."""
    dates = observations(name)["date"]
    return int(dates.dt.year.min()), int(dates.dt.year.max())
