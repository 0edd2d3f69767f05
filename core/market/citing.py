"""How a figure is cited, on the page and in what is downloaded."""

from __future__ import annotations

import pandas as pd

from core.market.series import Series

NO_MARKET_SIZE = "There is no open, citable series of AI market size."


def citation(one: Series) -> str:
    """One line: who published the series, where, in which edition, when it was copied, under which licence."""
    source = one.source
    return f"{source.citation}. {source.addresses[0]}. Retrieved {source.retrieved}. Licence: {source.licence}."


def cited_csv(table: pd.DataFrame, one: Series, shape: str, link: str) -> str:
    """The figures as CSV with their citation, definition and caveats in comment lines above.

    Args:
        table: Columns entity, code, part, date, value.
        one: Whose figures they are.
        shape: As of `core.market.shaping.SHAPES`.
        link: Query that draws the same chart again, without the address of this server.
    """
    said = [
        one.title,
        one.definition,
        f"Unit: {one.unit}; shape: {shape}",
        citation(one),
        *one.caveats,
        f"Link: {link}",
    ]
    head = "".join(f"# {' '.join(line.split())}\n" for line in said)
    return head + table.assign(date=table["date"].dt.date).to_csv(index=False, lineterminator="\n")
