"""A first look at interactions and their catalogue: some rows as they were read, and which column would be what."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.contracts import Message
from core.data.interaction_columns import find_item_columns, guess_interaction_columns
from core.data.items import MOVIELENS_FILE, read_items
from core.data.read_interactions import TABLE_ENDINGS, interaction_files, no_interactions
from core.intake.colon_tables import is_colon_table
from core.intake.id_lists import is_id_lists
from core.intake.labels import display_label
from core.intake.open_tables import open_table
from core.intake.packed import head_of
from core.intake.sniff import kind_of
from core.intake.table_zip import is_table_zip, unpacked_tables
from core.intake.tables import Table

SHOWN = 5
HEAD_BYTES = 2 * 2**20
"""Of a longer text this much is looked at; enough to tell what a column is, and quick."""


@dataclass(frozen=True)
class FirstRows:
    """The beginning of one table."""

    rows: pd.DataFrame
    """Cells as text."""
    guess: Mapping[str, str]
    """Role -> column, as far as it can be told."""
    notices: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Glance:
    """What came."""

    interactions: FirstRows
    items: FirstRows | None
    """None where nothing is said of the items."""


def glance(path: Path) -> Glance:
    """Look at a file, folder or zip as `read_interactions` would read it.

    Raises:
        InputRefused: There is no table of interactions, or one that cannot be read.
    """
    if is_table_zip(path):
        with unpacked_tables(path, TABLE_ENDINGS) as folder:
            return _of_files(folder, display_label(path.name))
    return _of_files(path, display_label(path.name))


def _of_files(path: Path, label: str) -> Glance:
    if not path.is_dir():
        return Glance(_interactions(path), None)
    files = interaction_files(path)
    if not files.parts:
        raise no_interactions(label, files.items)
    return Glance(_interactions(files.parts[0][1]), None if files.items is None else _items(files.items))


def _interactions(file: Path) -> FirstRows:
    if is_id_lists(file):
        lines = head_of(file, HEAD_BYTES).decode("utf-8", "replace").splitlines()[:SHOWN]
        pairs = [(line.split()[0], item) for line in lines if line.strip() for item in line.split()[1:3]]
        return FirstRows(pd.DataFrame(pairs[:SHOWN], columns=["user", "item"]), {"user": "user", "item": "item"})
    with _beginning(file) as beginning:
        table = open_table(beginning)
    return FirstRows(_texts(table), guess_interaction_columns(table), table.notices)


def _items(file: Path) -> FirstRows:
    with _beginning(file) as beginning:
        # Of a layout that the reader knows, its names are what can be chosen.
        known = file.name.lower().removesuffix(".gz") == MOVIELENS_FILE or is_colon_table(file)
        table = read_items(beginning, {}) if known else open_table(beginning)
    guess = find_item_columns(table, {})
    return FirstRows(_texts(table), {"items_id": guess["item"], **{k: v for k, v in guess.items() if k == "title"}})


def _texts(table: Table) -> pd.DataFrame:
    return table.frame.head(SHOWN).astype("str")


@contextmanager
def _beginning(file: Path) -> Iterator[Path]:
    """The first lines of a long text as a file of the same name; any other file itself."""
    head = head_of(file, HEAD_BYTES)
    if len(head) < HEAD_BYTES or kind_of(head) not in ("text", "unknown") or b"\0" in head:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="vitrine-glance-") as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(head[: head.rfind(b"\n") + 1])
        yield copy
