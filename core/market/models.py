"""Notable AI models one by one: when, by whom, for what, with how much computing."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

import pandas as pd

from core.contracts import N_, Message
from core.errors import AppError
from core.intake.tables import read_table
from core.settings import settings

FILE: Final = "notable_ai_models_2025-02-24.csv"
SHA256: Final = "9db11b16679a9dc76e2e8bf35dae9c06d5256b2da10bfa139e1762bd2fe435d2"
_COLUMNS: Final = {
    "Model": "model",
    "Domain": "domain",
    "Organization": "organization",
    "Country (from Organization)": "country",
    "Publication date": "date",
    "Parameters": "parameters",
    "Training compute (FLOP)": "flop",
    "Training compute cost (2023 USD)": "cost",
    "Confidence": "confidence",
    "Link": "link",
}
_NUMBERS: Final = ("parameters", "flop", "cost")


def notable_models() -> pd.DataFrame:
    """One row per model, the latest first; numbers that Epoch does not know are NaN.

    Returns:
        `model`, `domain`, `organization`, `country` (text, several with commas), `date` (datetime64), `parameters`,
        `flop`, `cost` (US dollars of 2023), `confidence`, `link`. A copy of its own.

    Raises:
        AppError: The file is missing or not the one that was copied.
    """
    return _models(Path(settings().assets)).copy()


@lru_cache(maxsize=1)
def _models(assets: Path) -> pd.DataFrame:
    path = assets / "market" / "series" / FILE
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise AppError(
            "market.altered",
            Message(N_("The market data in {file} are missing or were altered."), {"file": FILE}),
            Message(N_("Install the program's assets again.")),
        )
    table = read_table(data, FILE, header=True).frame[list(_COLUMNS)].rename(columns=_COLUMNS)
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in _NUMBERS}
    table = table.assign(**numbers, date=pd.to_datetime(table["date"], format="ISO8601", errors="coerce"))
    return table.sort_values("date", ascending=False, ignore_index=True)


def first_of(cells: pd.Series[str]) -> pd.Series[str]:
    """Of several values with commas the first one; "Unknown" where there is none."""
    first = cells.astype(str).str.split(",").str[0].str.strip()
    return first.where(first != "", "Unknown")
