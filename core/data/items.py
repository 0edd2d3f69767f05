"""Tables of items: ids, titles and whatever else they say; MovieLens' own `u.item` and `movies.dat` among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.cells import as_text, is_missing
from core.data.interaction_columns import find_item_columns
from core.data.interactions import SEPARATOR, Catalogue
from core.intake.labels import clean_text
from core.intake.open_tables import open_table
from core.intake.packed import unpacked
from core.intake.profiles import ID_LENGTH
from core.intake.tables import Table, read_table
from core.settings import settings

MOVIELENS_FILE, MOVIELENS_COLONS = "u.item", "movies.dat"
MOVIELENS_GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
_COLON_COLUMNS = ["item", "title", "genres"]
_MOVIELENS_BEFORE = 5
"""Columns of `u.item` before its flags of genres: id, title, release date, video date, address."""


def read_items(path: Path, given: dict[str, str]) -> Table:
    """A table of items with the columns `item` and, where there is one, `title`; the others keep their names.

    Args:
        path: A file on this machine.
        given: `item` and `title` -> column, where they cannot be guessed.

    Raises:
        InputRefused: The table cannot be read.
    """
    name = path.name.lower().removesuffix(".gz")
    if name == MOVIELENS_FILE and (table := _movielens(path)) is not None:
        return table
    table = open_table(path)
    if name == MOVIELENS_COLONS and not table.header and len(table.frame.columns) == len(_COLON_COLUMNS):
        table = replace(table, frame=table.frame.set_axis(_COLON_COLUMNS, axis=1), header=True)
    return items_of(table, given)


def items_of(table: Table, given: dict[str, str]) -> Table:
    """The same table with the columns `item` and `title` called so; see `read_items`."""
    chosen = find_item_columns(table, given)
    frame = table.frame.rename(columns={column: role for role, column in chosen.items()})
    return Table(table.name, frame, table.header, table.sha256, table.notices)


def _movielens(path: Path) -> Table | None:
    """`u.item` of MovieLens 100K: latin-1, no header, a flag for each genre; None where it is another table."""
    data = unpacked(path, settings().limits.table_bytes)
    table = read_table(data.decode("latin-1").encode("utf-8"), path.name, header=False)
    cells = table.frame.to_numpy(object)
    if cells.shape[1] != _MOVIELENS_BEFORE + len(MOVIELENS_GENRES):
        return None
    flags = cells[:, _MOVIELENS_BEFORE : _MOVIELENS_BEFORE + len(MOVIELENS_GENRES)] == "1"
    genres = [SEPARATOR.join(np.array(MOVIELENS_GENRES)[row]) for row in flags]
    years = [str(date)[-4:] for date in cells[:, 2]]
    columns = {"item": cells[:, 0].tolist(), "title": cells[:, 1].tolist(), "genres": genres, "year": years}
    frame = pd.DataFrame({name: pd.Series(column, dtype="str") for name, column in columns.items()})
    return Table(table.name, frame, True, table.sha256)


def catalogue_of(
    taken: pd.Series[Any], table: Table | None
) -> tuple[Catalogue, NDArray[np.int64], tuple[Message, ...]]:
    """All items, those that were taken and those of a table, in the order of their ids.

    Args:
        taken: Ids of the items of N interactions.
        table: As `read_items` returns it.

    Returns:
        The catalogue, the place of each interaction's item in it (N,), and what is odd about the two.
    """
    listed = as_text(table.frame["item"]).to_pandas() if table is not None else pd.Series([], dtype="str")
    # All ids take as much memory as the longest, and nobody could ask for such a one; an array drops a NUL at the end.
    usable = (listed != "") & (listed.str.len() <= ID_LENGTH) & ~listed.str.contains("\0", regex=False)
    known = listed[usable & ~listed.duplicated()]
    codes, ids = pd.factorize(pd.concat([taken, known], ignore_index=True), sort=True)
    names = np.asarray(ids.tolist(), dtype=np.str_)
    codes = codes[: len(taken)].astype(np.int64)
    if table is None:
        return Catalogue(names, tuple(names.tolist())), codes, ()
    rows = pd.Series(known.index, index=known.to_numpy()).reindex(names)
    columns = {str(name): _cells(table.frame[name], rows) for name in table.frame.columns if name != "item"}
    columns = {name: cells for name, cells in columns.items() if any(cells)}
    titles = columns.pop("title", names.tolist())
    shown = tuple(clean_text(title) or name for title, name in zip(titles, names.tolist(), strict=True))
    return (
        Catalogue(names, shown, {name: tuple(cells) for name, cells in columns.items()}),
        codes,
        _said(len(listed) - len(known), len(names) - len(known)),
    )


def _cells(column: pd.Series[Any], rows: pd.Series[Any]) -> list[str]:
    """Cells of a column in the order of the catalogue, "" where the table lacks an item or the cell says nothing."""
    text = as_text(column)
    cells = np.array(text.to_pylist(), object)
    cells[is_missing(text)] = ""
    places = rows.to_numpy(np.float64)
    return [str(cells[int(place)]) if np.isfinite(place) else "" for place in places]


def _said(repeated: int, absent: int) -> tuple[Message, ...]:
    found = []
    if repeated:
        template = N_("Rows of the table of items without a usable id or with that of another row, left out: {count}.")
        found.append(Message(template, {"count": repeated}))
    if absent:
        template = N_("Items that were taken and are not in the table of items: {count}.")
        found.append(Message(template, {"count": absent}))
    return tuple(found)
