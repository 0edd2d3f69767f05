"""What figures, dates, units and names of the market page read like in the visitor's language."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

import pandas as pd
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_decimal, format_decimal

from core.contracts import N_
from core.market.countries import countries
from core.market.series import Frequency, Series
from core.ui.i18n import Language, language, t

UNITS: Final = {
    "usd_2021": N_("US dollars of 2021"),
    "usd": N_("US dollars"),
    "percent": N_("percent"),
    "count": N_("number"),
    "flop": N_("floating-point operations"),
}
SHAPES: Final = {
    "as_published": N_("As published"),
    "index": N_("Index: first year shown = 100"),
    "per_million": N_("Per million inhabitants"),
    "change": N_("Change on the year before, %"),
}
_SHAPED_UNITS: Final = {
    "index": N_("index, first figure shown = 100"),
    "per_million": N_("per million inhabitants (2019)"),
    "change": N_("percent against the year before"),
}
_NAMES: Final = {
    "World": N_("World"),
    "Europe": N_("Europe"),
    "European Union": N_("European Union"),
    "Rest of world": N_("Rest of the world"),
    "Others": N_("Others"),
    "Unknown": N_("Unknown"),
    "Multinational": N_("Multinational"),
    "Merger/Acquisition": N_("Mergers and acquisitions"),
    "Minority Stake": N_("Minority stakes"),
    "Private Investment": N_("Private investment"),
    "Public Offering": N_("Public offerings"),
    "Total": N_("Total"),
    "Small (10-49)": N_("Small (10-49)"),
    "Medium (50-249)": N_("Medium (50-249)"),
    "Large (250+)": N_("Large (250 and more)"),
    "All (10+)": N_("All (10 and more)"),
    "Design": N_("Design"),
    "Fabrication": N_("Fabrication"),
    "Assembly, testing and packaging": N_("Assembly, testing and packaging"),
    "Information and Communication": N_("Information and communication"),
    "Professional, Scientific and Technical Activities": N_("Professional, scientific and technical activities"),
    "Real Estate Activities": N_("Real estate activities"),
    "Construction": N_("Construction"),
    "Manufacturing": N_("Manufacturing"),
    "Wholesale and Retail Trade": N_("Wholesale and retail trade"),
    "Accommodation and Food Service": N_("Accommodation and food service"),
    "Administrative and Support Service": N_("Administrative and support service"),
    "Marketing or Sales": N_("Marketing or sales"),
    "Production Processes": N_("Production processes"),
    "Business Administration or Management": N_("Business administration or management"),
    "Logistics": N_("Logistics"),
    "ICT Security": N_("ICT security"),
    "Accounting, Controlling or Finance": N_("Accounting, controlling or finance"),
    "R&D or Innovation": N_("Research, development or innovation"),
}
"""What publishers write that is neither a country's nor a company's name -> how it reads here."""
_LOCALES: Final[dict[Language, str]] = {"en": "en", "zh": "zh_Hans"}
_SMALL: Final = 10_000


def locale() -> Locale:
    """Babel's locale of the visitor's language."""
    return _locale(language())


@lru_cache(maxsize=2)
def _locale(which: Language) -> Locale:
    return Locale.parse(_LOCALES[which])


def entity_name(name: str, code: str = "") -> str:
    """The name of a country, of a group or of a company, as a visitor reads it; unknown names stay as they are."""
    if code:
        return str(locale().territories.get(countries()[code].alpha_2, name))
    return t(_NAMES[name]) if name in _NAMES else name


def number_text(value: float, unit: str = "count") -> str:
    """A figure with as many digits as it deserves: 130.3B, 34.5 %, 4.6e+26."""
    if unit == "flop":
        return f"{value:.1e}"
    if unit in ("percent", "change"):
        return f"{format_decimal(round(value, 1), locale=locale())} %"
    if abs(value) >= _SMALL:
        return str(format_compact_decimal(value, locale=locale(), fraction_digits=1))
    return str(format_decimal(round(value, 2), locale=locale()))


def unit_text(one: Series, shape: str) -> str:
    """The unit that stands on an axis."""
    return t(_SHAPED_UNITS[shape]) if shape in _SHAPED_UNITS else t(UNITS[one.unit])


def date_text(day: date, frequency: Frequency) -> str:
    """A date as exact as its series: 2024, 2026 Q2, Jun 2026, 16 Jun 2026."""
    if frequency in ("once", "year"):
        return str(day.year)
    if frequency == "quarter":
        return f"{day.year} Q{(day.month + 2) // 3}"
    if frequency == "month":
        return str(format_skeleton("yMMM", day, locale=locale()))
    return str(format_date(day, "medium", locale=locale()))


def hover_of(one: Series, shape: str, rows: pd.DataFrame) -> list[str]:
    """What stands beside the pointer for each row: its date and its figure."""
    unit = "percent" if shape == "change" else "index" if shape != "as_published" else one.unit
    return [
        f"{date_text(day.date(), one.frequency)}: {number_text(value, unit)}"
        for day, value in zip(rows["date"], rows["value"], strict=True)
    ]
