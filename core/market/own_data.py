"""A visitor's own market table in the shape of the series, so that the same charts and forecasts serve it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.tables import Table
from core.market.countries import alpha_3_of
from core.market.series import Frequency, Series, Source

ROLES: Final = {"date": N_("Date"), "value": N_("Figure"), "entity": N_("Of whom or what")}
REQUIRED: Final = ("date", "value")
_NAMES: Final = {
    "date": re.compile(r"date|year|month|quarter|period|time|day|年|年份|月|日期|时间|季度", re.I),
    "value": re.compile(
        r"value|amount|figure|revenue|size|spend(ing)?|sales|usd|eur|share|count|值|数值|金额|收入", re.I
    ),
    "entity": re.compile(
        r"entity|country|region|company|name|segment|sector|category|geo|code|国家|地区|公司|名称|行业", re.I
    ),
}
_YEAR: Final = re.compile(r"(1[89]|20)\d\d")
_QUARTER: Final = re.compile(r"(?:(\d{4})[ -]?Q([1-4])|Q([1-4])[ /-]?(\d{4}))", re.I)
_GAPS: Final[tuple[tuple[float, float, Frequency], ...]] = ((27, 32, "month"), (88, 93, "quarter"), (364, 367, "year"))
_LEAST_SHARE: Final = 0.9
WIDE: Final = "wide"
"""Role of a table with a column per year; its value names the column of the entities, empty when there is none."""


@dataclass(frozen=True)
class OwnData:
    """A table of a visitor's own."""

    series: Series
    """What the charts need to know; its source is the visitor."""
    table: pd.DataFrame
    """Columns as of `observations`."""
    left_out: int
    """Rows without a date or a figure."""


def guess(table: Table) -> dict[str, str]:
    """Role -> column as far as names and cells tell; {`WIDE`: entity column} for a table with a column per year."""
    frame = table.frame
    names = [str(name) for name in frame.columns]
    years = [name for name in names if _YEAR.fullmatch(name.strip())]
    if len(years) >= 3:
        others = [name for name in names if name not in years]
        return {WIDE: others[0] if others else ""}
    found: dict[str, str] = {}
    for role, fits in (("date", _are_dates), ("value", _are_numbers), ("entity", _are_names)):
        free = [name for name in names if name not in found.values()]
        named = [name for name in free if _NAMES[role].search(name) and fits(frame[name])]
        found[role] = next(iter(named or [name for name in free if fits(frame[name])]), "")
    return found


def own_data(table: Table, columns: Mapping[str, str]) -> OwnData:
    """The rows of a table by their roles.

    Raises:
        InputRefused: A role is missing, or too few cells are dates or figures.
    """
    long = _long(table.frame, columns)
    dates, values = parsed_dates(long["date"]), parsed_numbers(long["value"])
    for role, parsed, cells in (("date", dates, long["date"]), ("value", values, long["value"])):
        filled = cells.astype(str).str.strip() != ""
        if filled.any() and float(parsed[filled].notna().mean()) < _LEAST_SHARE:
            odd = str(cells[filled & parsed.isna()].iloc[0])[:60]
            template = N_("Too few cells of the column “{column}” are {what}; for example: {found}.")
            what = Message(N_("dates") if role == "date" else N_("figures"))
            said = {"column": columns.get(role, role)[:60], "what": what, "found": odd}
            raise InputRefused("market.cells", Message(template, said), Message(N_("Choose another column.")))
    made = pd.DataFrame({"entity": long["entity"].astype(str), "part": "", "date": dates, "value": values})
    kept = made[made["date"].notna() & made["value"].notna()]
    if kept.empty:
        raise InputRefused("market.cells", Message(N_("No row has a date and a figure.")))
    kept = kept.groupby(["entity", "part", "date"], as_index=False)["value"].agg(["last", "size"])
    if (kept["size"] > 1).any():
        row = kept[kept["size"] > 1].iloc[0]
        template = N_(
            "{entity} has {count} figures for {day}; one is needed. Is a column missing that tells them apart?"
        )
        said = {"entity": str(row["entity"])[:60] or "–", "count": int(row["size"]), "day": f"{row['date']:%Y-%m-%d}"}
        raise InputRefused("market.twice", Message(template, said))
    figures = kept.rename(columns={"last": "value"}).assign(code=kept["entity"].map(alpha_3_of))
    figures = figures[["entity", "code", "part", "date", "value"]].sort_values(["entity", "date"], ignore_index=True)
    return OwnData(_described(table.name, figures), figures, len(long) - len(kept))


def _long(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    if WIDE in columns:
        years = [name for name in frame.columns if _YEAR.fullmatch(str(name).strip())]
        entity = columns[WIDE]
        melted = frame.melt(id_vars=[entity] if entity else [], value_vars=years, var_name="date", value_name="value")
        return melted.assign(entity=melted[entity] if entity else "")
    for role in REQUIRED:
        if not columns.get(role):
            raise InputRefused("market.roles", Message(N_("Say which column is the date and which the figure.")))
    entity = columns.get("entity", "")
    return pd.DataFrame(
        {
            "date": frame[columns["date"]],
            "value": frame[columns["value"]],
            "entity": frame[entity] if entity else "",
        }
    )


def parsed_dates(cells: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Years, quarters (2024 Q2, Q2/2024), months and days; NaT for anything else."""
    text = cells.astype(str).str.strip().str.replace(r"年$", "", regex=True)
    quarters = text.str.extract(_QUARTER)
    year, number = quarters[0].fillna(quarters[3]), quarters[1].fillna(quarters[2])
    text = text.where(year.isna(), year.str.cat(number.map({"1": "-01", "2": "-04", "3": "-07", "4": "-10"})))
    text = text.str.replace(r"^(\d{4})[./年](\d{1,2})月?$", r"\1-\2", regex=True)
    return pd.to_datetime(text, format="mixed", errors="coerce")


def parsed_numbers(cells: pd.Series[str]) -> pd.Series[float]:
    """Figures with thousands separators, a currency sign or a percent sign; NaN for anything else."""
    text = cells.astype(str).str.strip().str.replace(r"[\s$€£¥%,\u00a0\u202f']", "", regex=True)
    return pd.to_numeric(text, errors="coerce").replace([np.inf, -np.inf], np.nan)


def frequency_of(table: pd.DataFrame) -> Frequency:
    """The rhythm of a table's dates: by their usual distance; `event` when there is none."""
    gaps = table.sort_values("date").groupby("entity")["date"].diff().dt.days.dropna()
    if gaps.empty:
        return "once"
    usual = float(gaps.median())
    return next((name for low, high, name in _GAPS if low <= usual <= high), "event")


def _described(name: str, table: pd.DataFrame) -> Series:
    source = Source(name, name, "", (), "", "", "", name)
    return Series(
        id="own",
        title=name,
        unit="count",
        definition="",
        frequency=frequency_of(table),
        entities=ROLES["entity"],
        source=source,
        layouts=(),
        caveats=(),
    )


def _are_dates(cells: pd.Series[str]) -> bool:
    filled = _filled(cells)
    return bool(len(filled)) and float(parsed_dates(filled).notna().mean()) >= _LEAST_SHARE


def _are_numbers(cells: pd.Series[str]) -> bool:
    filled = _filled(cells)
    return bool(len(filled)) and float(parsed_numbers(filled).notna().mean()) >= _LEAST_SHARE


def _are_names(cells: pd.Series[str]) -> bool:
    return not _are_numbers(cells) and not _are_dates(cells)


def _filled(cells: pd.Series[str]) -> pd.Series[str]:
    return cells[cells.astype(str).str.strip() != ""]
