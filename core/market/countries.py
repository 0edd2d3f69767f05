"""Names, codes and populations of countries; every source writes them in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.intake.tables import read_table
from core.settings import settings

POPULATION_SOURCE = (
    "World Bank, SP.POP.TOTL (figures of 2019, read 2020-07-01), https://data.worldbank.org/indicator/SP.POP.TOTL, "
    "CC BY 4.0, through the package pypopulation 2020.3"
)
"""Citation of every population."""

_OTHER_NAMES = {
    "united states of america": "USA",
    "united kingdom of great britain and northern ireland": "GBR",
    "korea (republic of)": "KOR",
    "el": "GRC",
    "uk": "GBR",
    "czechia": "CZE",
    "czech republic": "CZE",
    "türkiye": "TUR",
    "turkey": "TUR",
    "russia": "RUS",
    "russian federation": "RUS",
    "viet nam": "VNM",
    "hong kong": "HKG",
    "taiwan": "TWN",
    "iran (islamic republic of)": "IRN",
}
"""What sources write, in small letters -> ISO 3166-1 alpha-3. Eurostat's codes of Greece are its own."""


@dataclass(frozen=True)
class Country:
    """One country or territory with a code of its own."""

    alpha_2: str
    alpha_3: str
    name: str
    population: int | None
    """In 2019, or None where the source has none."""


@lru_cache(maxsize=1)
def countries() -> dict[str, Country]:
    """ISO 3166-1 alpha-3 -> country."""
    path = Path(settings().assets) / "market" / "countries.csv"
    rows = read_table(path, path.name, header=True).frame
    return {
        str(row.alpha_3): Country(
            str(row.alpha_2), str(row.alpha_3), str(row.name_en), int(str(row.population)) if row.population else None
        )
        for row in rows.itertuples(index=False)
    }


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    known = dict(_OTHER_NAMES)
    for country in countries().values():
        for said in (country.alpha_2, country.alpha_3, country.name):
            known.setdefault(said.lower(), country.alpha_3)
    return known


def alpha_3_of(said: str) -> str:
    """ISO 3166-1 alpha-3 of a country by its code or name, empty for anything else."""
    return _known().get(str(said).strip().lower(), "")


def name_of(code: str) -> str:
    """English name of a country by any code; the code itself where it is no country's."""
    country = countries().get(alpha_3_of(code))
    return country.name if country else code
