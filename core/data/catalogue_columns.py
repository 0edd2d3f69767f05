"""Which columns of a catalogue say what: its kinds of items, prices, what is in stock, and names in other languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.data.columns import plain_name
from core.data.interactions import SEPARATOR, Catalogue

CATEGORIES = ("category", "categories", "genre", "genres", "department", "kind", "type", "topic", "section")
PRICES = ("price", "unit_price", "list_price")
STOCKS = ("in_stock", "stock", "available", "availability")
IN_STOCK = frozenset({"yes", "true", "y", "in stock", "in_stock", "available", "1", "1.0"})
MOST_CATEGORIES = 60
"""A column with more different values than that is no choice for a visitor."""


def category_column(catalogue: Catalogue) -> str | None:
    """The column of kinds of items, None without one that has a few."""
    found = _column(catalogue, CATEGORIES)
    return found if found is not None and 1 < len(values_of(catalogue, found)) <= MOST_CATEGORIES else None


def price_column(catalogue: Catalogue) -> str | None:
    """The column of prices."""
    return _column(catalogue, PRICES)


def stock_column(catalogue: Catalogue) -> str | None:
    """The column that says what can be had."""
    return _column(catalogue, STOCKS)


def values_of(catalogue: Catalogue, column: str) -> dict[str, int]:
    """Value of a column -> items that have it, the most frequent first and equal ones by name."""
    counts: Counter[str] = Counter()
    for cell in catalogue.attributes[column]:
        counts.update({value.strip() for value in cell.split(SEPARATOR)} - {""})
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def in_stock(catalogue: Catalogue, column: str) -> frozenset[str]:
    """Ids of the items that can be had; a number counts as how many there are, an empty cell as none."""
    return frozenset(
        str(name)
        for name, cell in zip(catalogue.ids.tolist(), catalogue.attributes[column], strict=True)
        if _there(cell.strip().casefold())
    )


def translated(catalogue: Catalogue, column: str, language: str) -> str:
    """The column that holds the same in a language, such as `title_zh` for `title`; the column itself without one."""
    other = f"{column}_{language}"
    return other if other in catalogue.attributes else column


def _column(catalogue: Catalogue, names: Sequence[str]) -> str | None:
    by_name = {plain_name(column): column for column in catalogue.attributes}
    return next((by_name[name] for name in names if name in by_name), None)


def _there(cell: str) -> bool:
    try:
        return float(cell) > 0
    except ValueError:
        return cell in IN_STOCK
