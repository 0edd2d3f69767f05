"""Files of interactions -> `Interactions`: columns are matched to roles, unusable rows listed, rows sorted by time.

What is read: a table `user_id,item_id[,rating][,timestamp]` with or without a header, lines of a user and his items, a
folder or zip with one of these (or one for each part, `train`, `validation`, `test`) and a table of items beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.columns import named
from core.data.interaction_columns import OF_ITEMS, find_interaction_columns, rival_columns
from core.data.interaction_parts import part_of_file
from core.data.interaction_rows import Rows, rows_of
from core.data.interactions import NO_PART, PARTS, Interactions
from core.data.interactions import fingerprint as fingerprint_of
from core.data.items import catalogue_of, items_of, read_items
from core.errors import InputRefused
from core.intake.id_lists import is_blank_table, is_id_lists, read_id_lists
from core.intake.labels import clean_text, display_label
from core.intake.open_tables import open_table
from core.intake.table_folder import column_names
from core.intake.table_zip import is_table_zip, unpacked_tables
from core.intake.tables import EXTENSIONS, Table

SORTED = 0.95
"""Share of a user's neighbouring rows in the order of the items' ids from which that is their order."""
COMPARED = 10
"""Neighbouring rows without which the order of ids is chance."""
_ITEM_FILES = ("items", "item", "products", "product", "movies", "books", "goods", "catalogue", "catalog", "u.item")
_INTERACTION_FILES = ("ratings", "interactions", "events", "orders", "purchases", "clicks", "u.data", "data")
_NAMED = 5
"""Files of one kind in a message."""
_OTHER_ENDINGS = (".data", ".inter", ".item", ".dat")
TABLE_ENDINGS = (*EXTENSIONS, *_OTHER_ENDINGS, ".gz")
"""Of files that may be tables, in a folder or a zip."""


def read_interactions(path: Path, columns: Mapping[str, str] | None = None, items: Path | None = None) -> Interactions:
    """Read a data set of interactions.

    Args:
        path: A file, folder or zip on this machine.
        columns: Role -> column where they cannot be guessed: `user`, `item`, `rating`, `time`, `part`; `title` of the
            table of items. An empty column means that there is none.
        items: A table of items; when omitted the one that lies in the folder, or beside the file, is read and named.

    Raises:
        InputRefused: With a code, what came, what is allowed and what to do.
    """
    if packed := _zip_of(path):
        with unpacked_tables(packed, TABLE_ENDINGS) as folder:
            return _read(folder, display_label(path.name), dict(columns or {}), items)
    return _read(path, display_label(path.name), dict(columns or {}), items)


def _read(path: Path, label: str, given: dict[str, str], items: Path | None) -> Interactions:
    """A file or folder, called `label`; the tables of a zip lie in a folder whose name nobody knows."""
    if path.is_dir():
        files = interaction_files(path, given)
    else:
        files = FolderTables([("", path)], _item_file(_listed(path.parent), path), [])
    if not files.parts:
        raise no_interactions(label, items or files.items)
    parts = [_read_file(file, part, given) for part, file in files.parts]
    asked = items is not None or path.is_dir() or bool(given.keys() & OF_ITEMS.keys())
    table, said = _items_table(items or files.items, given, asked)
    return _joined(parts, label, table, (*_which_were_read(files), *said))


def _which_were_read(files: FolderTables) -> Iterator[Message]:
    if files.others:
        read = named([display_label(file.name) for _, file in files.parts], _NAMED)
        others = named([display_label(file.name) for file in files.others], _NAMED)
        template = N_("Interactions were read from {files}; left out, although they hold some as well: {others}.")
        yield Message(template, {"files": read, "others": others})


def _items_table(path: Path | None, given: dict[str, str], asked: bool) -> tuple[Table | None, tuple[Message, ...]]:
    """The table of items, if there is one, and which it is; one that nobody asked for may also be unreadable."""
    if path is None:
        return None, ()
    label = display_label(path.name)
    try:
        return read_items(path, given), (Message(N_("The table of items was read from {file}."), {"file": label}),)
    except InputRefused as error:
        if asked:
            raise
        template = N_("The table of items beside the interactions was left out. {reason}")
        return None, (Message(template, {"reason": error.message}),)


def interactions_of(
    table: Table, name: str, columns: Mapping[str, str] | None = None, items: Table | None = None
) -> Interactions:
    """The interactions of a table that was read, such as one that a visitor sent.

    Args:
        table: With a row for each interaction.
        name: Of the data set.
        columns: As for `read_interactions`.
        items: A table of items as it was read; its columns are found as those of a file are.

    Raises:
        InputRefused: As `read_interactions`.
    """
    given = dict(columns or {})
    return _joined([_rows(table, given, NO_PART)], name, None if items is None else items_of(items, given), ())


def _zip_of(path: Path) -> Path | None:
    """The zip that a path is, or the only one in a folder without tables, as a data set lies that was fetched."""
    if not path.is_dir():
        return path if is_table_zip(path) else None
    found = [] if _listed(path) else [file for file in path.glob("*.zip") if is_table_zip(file)]
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class FolderTables:
    """What the files of a folder are."""

    parts: list[tuple[str, Path]]
    """Those whose interactions are read, each with its part or ""."""
    items: Path | None
    """The table of items."""
    others: list[Path]
    """Those that hold interactions as well and are left out."""


def interaction_files(path: Path, given: Mapping[str, str] | None = None) -> FolderTables:
    """Tables of a folder, known by their names and columns, and by those `given` as for `read_interactions`."""
    given = given or {}
    seen = _listed(path)
    items = _item_file(seen) or _item_file_by(seen, given)
    rest = [file for file in seen if file != items]
    parts = [(part, file) for file in rest if (part := part_of_file(file.name)) and _has_interactions(file, given)]
    if {part for part, _ in parts} >= {"train", "test"}:
        return _tables(sorted(parts, key=lambda entry: PARTS.index(entry[0])), items, rest, given)
    chosen = next((file for name in _INTERACTION_FILES for file in rest if _plain(file) == name), None)
    chosen = chosen or next((file for file in rest if _has_interactions(file, given)), None)
    return _tables([("", chosen)] if chosen else [], items, rest, given)


def _tables(
    parts: list[tuple[str, Path]], items: Path | None, rest: list[Path], given: Mapping[str, str]
) -> FolderTables:
    read = [file for _, file in parts]
    return FolderTables(parts, items, [file for file in rest if file not in read and _has_interactions(file, given)])


def _listed(folder: Path) -> list[Path]:
    """Files of a folder that may be tables."""
    try:
        return sorted(file for file in folder.iterdir() if file.is_file() and file.suffix.lower() in TABLE_ENDINGS)
    except OSError:  # a folder that may not be listed holds nothing for us
        return []


def _item_file(seen: list[Path], besides: Path | None = None) -> Path | None:
    return next((file for name in _ITEM_FILES for file in seen if _plain(file) == name and file != besides), None)


def _item_file_by(seen: list[Path], given: Mapping[str, str]) -> Path | None:
    """The table that has the given column of ids of items and no interactions."""
    own = given.get("items_id")
    if not own:
        return None
    return next((file for file in seen if own in column_names(file) and not _has_interactions(file, given)), None)


def _plain(file: Path) -> str:
    name = file.name.lower().removesuffix(".gz")
    return name if name.startswith("u.") else name.rsplit(".", 1)[0]


def _has_interactions(file: Path, given: Mapping[str, str]) -> bool:
    if is_id_lists(file) or is_blank_table(file):
        return True
    names = column_names(file)
    if not names:
        return False
    there = {role: given[role] for role in ("user", "item") if given.get(role) in names}
    try:
        frame = pd.DataFrame({name: pd.Series(["1"], dtype="str") for name in names})
        return {"user", "item"} <= find_interaction_columns(Table(file.name, frame, True, ""), there).keys()
    except (InputRefused, ValueError):
        return False


def _read_file(file: Path, part: str, given: Mapping[str, str]) -> Rows:
    number = PARTS.index(part) if part else NO_PART
    if is_id_lists(file):
        frame = read_id_lists(file)
        said = Message(N_("Each line was read as a user and the items he took, oldest first."))
        table = Table(display_label(file.name), frame, True, "", (said,))
        return rows_of(table, {"user": "user", "item": "item"}, number)
    return _rows(open_table(file), given, number)


def _rows(table: Table, given: Mapping[str, str], part: int) -> Rows:
    chosen = find_interaction_columns(table, given)
    said = (*table.notices, *rival_columns(table, chosen, given))
    return rows_of(replace(table, notices=said), chosen, part)


def _joined(parts: list[Rows], name: str, items: Table | None, notices: tuple[Message, ...]) -> Interactions:
    """All rows as one data set: ids numbered, sorted by time, of a repeated pair the first kept.

    What a user takes again he had taken before: were the latest kept, a repetition in a test would take the pair out of
    the training, and count as something new.
    """
    user_codes, users = _numbered([rows.user for rows in parts])
    taken = pd.concat([rows.item for rows in parts], ignore_index=True)
    catalogue, item_codes, item_notices = catalogue_of(taken, items)
    part = np.concatenate([rows.part for rows in parts])
    rating = _all([rows.rating for rows in parts])
    time = _all([rows.time for rows in parts])
    order = np.arange(len(part)) if time is None else np.argsort(time, kind="stable")
    pairs = pd.DataFrame({"user": user_codes[order], "item": item_codes[order], "part": part[order]})
    # A pair stands in two parts by mistake only; then it is known, and no test of anything.
    earliest = pairs.groupby(["user", "item"])["part"].transform("min") == pairs["part"]
    kept = order[(earliest & ~pairs.duplicated()).to_numpy()]
    data = Interactions(
        users=users,
        catalogue=catalogue,
        user=user_codes[kept].astype(np.int32),
        item=item_codes[kept].astype(np.int32),
        rating=None if rating is None else rating[kept].astype(np.float32),
        time=None if time is None else time[kept],
        part=part[kept].astype(np.int8) if (part != NO_PART).any() else None,
        ordered=time is not None or not _sorted_by_item(user_codes[kept], item_codes[kept], catalogue.ids),
        name=name,
        columns=parts[0].columns,
        refused=tuple(refusal for rows in parts for refusal in rows.refused),
        counts={**sum((Counter(rows.counts) for rows in parts), Counter()), "repeated": len(order) - len(kept)},
    )
    said = [*_distinct(message for rows in parts for message in rows.notices), *_not_everywhere(parts)]
    said += [*(items.notices if items is not None else ()), *notices, *item_notices]
    said += _findings(data)
    return replace(data, sha256=fingerprint_of(data), notices=tuple(said))


def _numbered(columns: list[pd.Series[Any]]) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    codes, ids = pd.factorize(pd.concat(columns, ignore_index=True), sort=True)
    return codes.astype(np.int64), np.asarray(ids.tolist(), dtype=np.str_)


def _all(columns: list[Any]) -> Any:
    return None if any(column is None for column in columns) else np.concatenate(columns)


def _not_everywhere(parts: list[Rows]) -> Iterator[Message]:
    """Columns of one file that are void because another file lacks them."""
    for role in ("rating", "time"):
        columns = [rows.columns[role] for rows in parts if role in rows.columns]
        lacking = [rows.name for rows in parts if role not in rows.columns]
        if columns and lacking:
            template = N_("The column {column} was not used: {files} has none such.")
            yield Message(template, {"column": clean_text(columns[0]), "files": named(lacking, _NAMED)})


def _sorted_by_item(user: NDArray[np.int64], item: NDArray[np.int64], ids: NDArray[np.str_]) -> bool:
    """Whether the rows of nearly every user are in the order of the items' ids, which is no order of events.

    Args:
        user: Of each row, (N,).
        item: The place of each row's item among the ids, (N,).
        ids: Sorted as texts.
    """
    order = np.argsort(user, kind="stable")
    same = np.diff(user[order]) == 0
    by_number = np.empty(len(ids), np.int64)
    by_number[sorted(range(len(ids)), key=[_natural(name) for name in ids.tolist()].__getitem__)] = np.arange(len(ids))
    steps = [np.diff(places[item[order]])[same] for places in (np.arange(len(ids)), by_number)]
    if same.sum() < COMPARED:
        return not same.any()
    return any(bool((sign * one > 0).mean() > SORTED) for one in steps for sign in (1, -1))


def _natural(name: str) -> list[tuple[int, int | str]]:
    """What sorts `item_9` before `item_10`."""
    return [(0, int(piece)) if piece.isdecimal() else (1, piece) for piece in re.split(r"(\d+)", name) if piece]


def _findings(data: Interactions) -> Iterator[Message]:
    """What a reader of any figure on these data has to know."""
    sizes = np.bincount(data.user, minlength=data.n_users)
    taken = np.bincount(data.item, minlength=data.n_items)
    once = N_("Rows that repeat a user and an item, of which the first was kept: {count}.")
    if data.part is not None:
        once = N_("Rows that repeat a user and an item, of which the one of the earliest part was kept: {count}.")
    for count, template in (
        (data.counts["repeated"], once),
        (int((sizes == 1).sum()), N_("Users with one interaction, from whom little can be learned: {count}.")),
        (int((taken == 0).sum()), N_("Items that nobody took, recommended by their attributes alone: {count}.")),
    ):
        if count:
            yield Message(template, {"count": count})
    if not data.ordered:
        yield Message(N_("Neither times nor the order of the rows say what came first."))
    elif data.time is None and data.part is None:
        template = N_(
            "There are no times: the order of the rows is taken for that of the events. Where it is none, choose a "
            "split at random."
        )
        yield Message(template)


def _distinct(messages: Iterator[Message]) -> list[Message]:
    found: list[Message] = []
    for message in messages:
        if message not in found:
            found.append(message)
    return found


def no_interactions(label: str, items: Path | None) -> InputRefused:
    """What is called `label` holds no interactions, and maybe a table of items."""
    hint = Message(N_("Send a table with a column of users and one of items, a row for each interaction."))
    if items is not None:
        template = N_("{name}: there is a table of items and none of interactions; nothing can be learned from it.")
        return InputRefused("interactions.catalogue_alone", Message(template, {"name": label}), hint)
    template = N_("{name}: there is no table of interactions here.")
    return InputRefused("interactions.none", Message(template, {"name": label}), hint)
