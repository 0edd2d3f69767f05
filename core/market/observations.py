"""The figures of a series as one table, read from the copy that ships with the program or from a fresher one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import pandas as pd

from core.contracts import N_, Message
from core.errors import AppError
from core.intake.tables import read_table
from core.market.catalog import SERIES
from core.market.countries import alpha_3_of, name_of
from core.market.series import Layout, Series
from core.settings import settings

COLUMNS = ("entity", "code", "part", "date", "value")


def series(name: str) -> Series:
    """The series with this id; raises `AppError` when there is none."""
    for one in SERIES:
        if one.id == name:
            return one
    raise AppError(
        "market.unknown_series",
        Message(N_("There is no series called {found}."), {"found": name[:60]}),
        Message(N_("Known are: {names}."), {"names": ", ".join(one.id for one in SERIES)}),
    )


def observations(name: str) -> pd.DataFrame:
    """The figures of a series, one row each, unchanged.

    Returns:
        `entity` (text), `code` (ISO 3166-1 alpha-3, empty for what is no country), `part` (text, empty where the
        series has no parts), `date` (datetime64; the first day of a year or month, else the day stated), `value`
        (float64, in the series' unit); sorted by entity, part and date, none of them twice. A copy of its own.

    Raises:
        AppError: There is no such series, or its file is missing or not the one that was copied.
    """
    return _observations(series(name), Path(settings().assets)).copy()


@lru_cache(maxsize=64)
def _observations(one: Series, assets: Path) -> pd.DataFrame:
    folder = assets / "market" / "series"
    table = pd.concat([_read(folder / layout.file, layout) for layout in one.layouts], ignore_index=True)
    return table.sort_values(["entity", "part", "date"], ignore_index=True)[list(COLUMNS)]


def _read(path: Path, layout: Layout) -> pd.DataFrame:
    frame = pd.DataFrame(read_table(_verified(path, layout), path.name, header=True).frame)
    if layout.parts:
        kept = [name for name in (layout.entity, layout.code, layout.date) if name]
        frame = frame.melt(id_vars=kept, value_vars=list(layout.parts), var_name="part", value_name="value")
    codes = frame[layout.code] if layout.code else pd.Series("", index=frame.index)
    names = frame[layout.entity] if layout.entity else pd.Series(layout.the, index=frame.index)
    if layout.code == layout.entity and layout.code:
        names = names.map(name_of)
    part = frame["part"] if layout.parts else frame[layout.part] if layout.part else ""
    table = pd.DataFrame(
        {
            "entity": names.astype(str),
            "code": [alpha_3_of(code) or alpha_3_of(name) for code, name in zip(codes, names, strict=True)],
            "part": part,
            "date": pd.to_datetime(frame[layout.date].astype(str), format="ISO8601"),
            "value": pd.to_numeric(frame["value" if layout.parts else layout.value], errors="coerce"),
        }
    )
    return table[table["value"].notna()]


def _verified(path: Path, layout: Layout) -> bytes:
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != layout.sha256:
        raise AppError(
            "market.altered",
            Message(N_("The market data in {file} are missing or were altered."), {"file": layout.file}),
            Message(N_("Install the program's assets again.")),
        )
    return data
