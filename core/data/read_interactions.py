"""Files of interactions -> `Interactions`: columns are matched to roles, unusable rows listed, rows sorted by time.

What is read: a table `user_id,item_id[,rating][,timestamp]` with or without a header, lines of a user and his items, a
folder or zip with one of these (or one for each part, `train`, `validation`, `test`) and a table of items beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message, Refusal
from core.data.cells import as_text, read_numbers
from core.data.interaction_columns import find_interaction_columns, unread_columns
from core.data.interactions import NO_PART, PARTS, Interactions
from core.data.interactions import fingerprint as fingerprint_of
from core.data.items import catalogue_of, items_of, read_items
from core.data.times import read_times
from core.errors import InputRefused
from core.intake.colon_tables import is_colon_table, read_colon_table
from core.intake.id_lists import GZIP, is_id_lists, read_id_lists, unpacked
from core.intake.labels import clean_text, display_label
from core.intake.profiles import ID_LENGTH
from core.intake.table_folder import column_names
from core.intake.table_refusals import ROWS_KEPT, RefusedRows, unreadable_file
from core.intake.table_zip import is_table_zip, unpacked_tables
from core.intake.tables import EXTENSIONS, Table, read_table
from core.settings import settings

SCALES = (1.0, 5.0, 10.0)
"""Highest ratings of the usual scales."""
SORTED = 0.95
"""Share of a user's neighbouring rows with ascending ids from which their order is that of the ids."""
ON_SCALE = 0.98
"""Share of the ratings that must lie on a scale for the others to be mistakes."""
_BEGINNINGS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
_PART_NAMES = {**_BEGINNINGS, "0": "train", "1": "test", "训练": "train", "验证": "validation", "测试": "test"}
_ITEM_FILES = ("items", "item", "products", "product", "movies", "books", "goods", "catalogue", "catalog", "u.item")
_OTHER_ENDINGS = (".data", ".inter", ".item", ".dat")
TABLE_ENDINGS = (*EXTENSIONS, *_OTHER_ENDINGS)
"""Of tables that are read from a zip."""
_ID_HINT = N_("Write the ids of a user and of an item into every row.")
_RATING_HINT = N_("Write ratings as numbers on one scale.")
_TIME_HINT = N_("Write the time as 2024-05-31 14:05:09, or in seconds since 1970.")
_UNREADABLE = N_("Row {row}: {column} cannot be used: {found}.")
_LONG = N_("Row {row}: {column} is longer than the {limit} characters that an id may have: {found}…")
_OFF_SCALE = N_("Row {row}: {column} lies outside the scale of the other rows: {found}.")
_FUTURE = N_("Row {row}: {column} lies in the future: {found}.")


@dataclass(frozen=True)
class _Rows:
    """Usable rows of one file, as they come; arrays (N,)."""

    user: pd.Series[Any]
    item: pd.Series[Any]
    rating: NDArray[np.float64] | None
    time: NDArray[np.datetime64] | None
    part: NDArray[np.int8]
    columns: Mapping[str, str]
    notices: tuple[Message, ...]
    refused: tuple[Refusal, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """As those of `Interactions`, without `repeated`."""


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
            return replace(read_interactions(folder, columns, items), name=display_label(path.name))
    given = dict(columns or {})
    files, beside = interaction_files(path) if path.is_dir() else ([("", path)], _item_file(_listed(path.parent), path))
    items = items or beside
    if not files:
        raise no_interactions(display_label(path.name), items)
    parts = [_read_file(file, part, given) for part, file in files]
    if items is None:
        return _joined(parts, display_label(path.name), None)
    table = read_items(items, given)
    said = Message(N_("The table of items was read from {file}."), {"file": display_label(items.name)})
    return _joined(parts, display_label(path.name), replace(table, notices=(*table.notices, said)))


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
    rows = _rows_of(table, find_interaction_columns(table, given), NO_PART)
    return _joined([rows], name, None if items is None else items_of(items, given))


def _zip_of(path: Path) -> Path | None:
    """The zip that a path is, or the only one in a folder without tables, as a data set lies that was fetched."""
    if not path.is_dir():
        return path if is_table_zip(path) else None
    found = [] if _listed(path) else [file for file in path.glob("*.zip") if is_table_zip(file)]
    return found[0] if len(found) == 1 else None


def interaction_files(path: Path) -> tuple[list[tuple[str, Path]], Path | None]:
    """Files of a folder with interactions, each with its part or "", and its table of items."""
    seen = _listed(path)
    items = _item_file(seen)
    rest = [file for file in seen if file != items]
    parts = [(part, file) for file in rest if (part := _part_of(file)) and _has_interactions(file)]
    if {part for part, _ in parts} >= {"train", "test"}:
        return sorted(parts, key=lambda entry: PARTS.index(entry[0])), items
    named = ("ratings", "interactions", "events", "orders", "purchases", "clicks", "u.data", "data")
    chosen = next((file for name in named for file in rest if _plain(file) == name), None)
    chosen = chosen or next((file for file in rest if _has_interactions(file)), None)
    return ([("", chosen)] if chosen else []), items


def _listed(folder: Path) -> list[Path]:
    """Files of a folder that may be tables."""
    endings = (*TABLE_ENDINGS, ".gz")
    try:
        return sorted(file for file in folder.iterdir() if file.is_file() and file.suffix.lower() in endings)
    except OSError:  # a folder that may not be listed holds nothing for us
        return []


def _item_file(seen: list[Path], besides: Path | None = None) -> Path | None:
    return next((file for name in _ITEM_FILES for file in seen if _plain(file) == name and file != besides), None)


def _plain(file: Path) -> str:
    name = file.name.lower().removesuffix(".gz")
    return name if name.startswith("u.") else name.rsplit(".", 1)[0]


def _part_of(file: Path) -> str:
    return next((part for start, part in _BEGINNINGS.items() if file.name.lower().startswith(start)), "")


def _has_interactions(file: Path) -> bool:
    if is_id_lists(file):
        return True
    names = column_names(file)
    if not names:
        return False
    try:
        frame = pd.DataFrame({name: pd.Series(["1"], dtype="str") for name in names})
        return {"user", "item"} <= find_interaction_columns(Table(file.name, frame, True, ""), {}).keys()
    except (InputRefused, ValueError):
        return False


def _read_file(file: Path, part: str, given: Mapping[str, str]) -> _Rows:
    number = PARTS.index(part) if part else NO_PART
    if is_id_lists(file):
        frame = read_id_lists(file)
        table = Table(display_label(file.name), frame, True, "")
        return _rows_of(table, {"user": "user", "item": "item"}, number)
    table = open_table(file)
    chosen = find_interaction_columns(table, given)
    return _rows_of(table, chosen, number)


def open_table(file: Path) -> Table:
    """A table on this machine, packed with gzip or not, of any form that is read.

    Raises:
        InputRefused: It cannot be read.
    """
    try:
        with file.open("rb") as opened:
            packed = opened.read(len(GZIP)) == GZIP
    except OSError:
        raise unreadable_file(display_label(file.name)) from None
    if is_colon_table(file):
        return read_colon_table(file)
    data = unpacked(file, settings().limits.table_bytes) if packed else file
    return read_table(data, file.name)


def _rows_of(table: Table, chosen: Mapping[str, str], part: int) -> _Rows:
    """The rows that name a user and an item, with readable ratings and times; the others are listed."""
    frame, n = table.frame, len(table.frame)
    refused = RefusedRows(table.name, table.refused, table.refused_count)
    ids = {
        role: as_text(frame[chosen[role]]).to_pandas().set_axis(frame.index).rename(chosen[role])
        for role in ("user", "item")
    }
    usable, notices = np.ones(n, bool), [*table.notices, *unread_columns(table, chosen)]
    counts = {"rows": n + table.refused_count}
    for cells in ids.values():
        # All ids of a column take as much memory as the longest.
        long = (cells.str.len() > ID_LENGTH).to_numpy(bool)
        _refuse(refused, cells, usable & (cells == "").to_numpy(), _UNREADABLE, _ID_HINT)
        _refuse(refused, cells, usable & long, _LONG, _ID_HINT)
        usable &= (cells != "").to_numpy() & ~long
    rating = time = None
    if "rating" in chosen:
        rating, good, counts["off_scale"] = _ratings(refused, frame[chosen["rating"]], usable, notices)
        usable &= good
    if "time" in chosen:
        time, good, counts["future"] = _times(refused, frame[chosen["time"]], usable, notices)
        usable &= good
    refused.check(int(usable.sum()))
    parts = _given_parts(frame[chosen["part"]]) if "part" in chosen else np.full(n, part, np.int8)
    return _Rows(
        ids["user"][usable],
        ids["item"][usable],
        None if rating is None else rating[usable],
        None if time is None else time[usable],
        parts[usable],
        chosen,
        (*notices, *refused.notices()),
        tuple(refused.listed),
        {**counts, "unusable": counts["rows"] - int(usable.sum())},
    )


def _ratings(
    refused: RefusedRows, column: pd.Series[Any], usable: NDArray[np.bool_], notices: list[Message]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
    """Ratings (N,), NaN where there is none, which rows may be used, and how many of the usable lie off the scale."""
    read = read_numbers(column)
    notices += read.notices
    outside = _off_scale(read.values) & ~read.missing & ~read.bad
    _refuse(refused, column, usable & read.bad, _UNREADABLE, _RATING_HINT)
    _refuse(refused, column, usable & outside, _OFF_SCALE, _RATING_HINT)
    return read.values, ~(read.bad | outside), int((usable & outside).sum())


def _times(
    refused: RefusedRows, column: pd.Series[Any], usable: NDArray[np.bool_], notices: list[Message]
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_], int]:
    """Times (N,), which rows may be used, and how many of the usable lie in the future."""
    read = read_times(column)
    notices += read.notices
    absent = read.bad | read.missing
    future = (read.values > np.datetime64("now", "s") + np.timedelta64(1, "D")) & ~absent
    _refuse(refused, column, usable & absent, _UNREADABLE, _TIME_HINT)
    _refuse(refused, column, usable & future, _FUTURE, _TIME_HINT)
    return read.values, ~(absent | future), int((usable & future).sum())


def _off_scale(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which ratings lie outside the scale that nearly all others are on; a scale may reach as far below zero."""
    known = values[np.isfinite(values)]
    both_ways = bool(len(known)) and float((known < 0).mean()) > 1 - ON_SCALE
    size = np.abs(known) if both_ways else np.where(known < 0, np.inf, known)
    top = next((top for top in SCALES if len(known) and (size <= top).mean() >= ON_SCALE), np.inf)
    with np.errstate(invalid="ignore"):
        return np.asarray((values < (-top if both_ways else 0)) | (values > top))


def _refuse(refused: RefusedRows, cells: pd.Series[Any], rows: NDArray[np.bool_], template: str, hint: str) -> None:
    places = np.flatnonzero(rows)
    for place in places[:ROWS_KEPT]:
        row, cell = int(cells.index[place]), clean_text(str(cells.iloc[place])[: 2 * ID_LENGTH])[:40]
        found = {"row": row, "column": cells.name, "found": cell, "limit": ID_LENGTH}
        message = Message(template if cell else N_("Row {row}: {column} is empty."), found)
        refused.add(row, "interactions.unusable_row", message, Message(hint))
    refused.more(max(0, len(places) - ROWS_KEPT))


def _given_parts(column: pd.Series[Any]) -> NDArray[np.int8]:
    names = as_text(column).to_pandas().str.casefold()
    parts = {name: PARTS.index(part) for name, part in _PART_NAMES.items()}
    return np.asarray(names.map(parts).fillna(NO_PART).to_numpy(), np.int8)


def _joined(parts: list[_Rows], name: str, items: Table | None) -> Interactions:
    """All rows as one data set: ids numbered, sorted by time, of a repeated pair the latest kept."""
    user_codes, users = _numbered([rows.user for rows in parts])
    taken = pd.concat([rows.item for rows in parts], ignore_index=True)
    catalogue, item_codes, item_notices = catalogue_of(taken, items)
    part = np.concatenate([rows.part for rows in parts])
    rating = _all([rows.rating for rows in parts])
    time = _all([rows.time for rows in parts])
    order = np.arange(len(part)) if time is None else np.argsort(time, kind="stable")
    pairs = pd.DataFrame({"user": user_codes[order], "item": item_codes[order]})
    given = bool((part != NO_PART).any())
    if given:  # a pair stands in two parts by mistake only; then it is known, and no test of anything
        first = pairs.assign(part=part[order]).groupby(["user", "item"])["part"].transform("min").to_numpy()
        kept = order[(part[order] == first) & ~pairs.assign(part=part[order]).duplicated().to_numpy()]
    else:
        kept = order[~pairs.duplicated(keep="last").to_numpy()]
    data = Interactions(
        users=users,
        catalogue=catalogue,
        user=user_codes[kept].astype(np.int32),
        item=item_codes[kept].astype(np.int32),
        rating=None if rating is None else rating[kept].astype(np.float32),
        time=None if time is None else time[kept],
        part=part[kept].astype(np.int8) if given else None,
        ordered=time is not None or not _sorted_by_item(user_codes[kept], catalogue.ids[item_codes[kept]]),
        name=name,
        columns=parts[0].columns,
        refused=tuple(refusal for rows in parts for refusal in rows.refused),
        counts={**sum((Counter(rows.counts) for rows in parts), Counter()), "repeated": len(order) - len(kept)},
    )
    said = [*_distinct(message for rows in parts for message in rows.notices)]
    said += [*(items.notices if items is not None else ()), *item_notices]
    said += _findings(data)
    return replace(data, sha256=fingerprint_of(data), notices=tuple(said))


def _numbered(columns: list[pd.Series[Any]]) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    codes, ids = pd.factorize(pd.concat(columns, ignore_index=True), sort=True)
    return codes.astype(np.int64), np.asarray(ids.tolist(), dtype=np.str_)


def _all(columns: list[Any]) -> Any:
    return None if any(column is None for column in columns) else np.concatenate(columns)


def _sorted_by_item(user: NDArray[np.int64], item: NDArray[np.str_]) -> bool:
    """Whether the rows of nearly every user are in the order of the items' ids, which is no order of events."""
    order = np.argsort(user, kind="stable")
    same = np.diff(user[order]) == 0
    texts = item[order]
    ascending = [texts[1:] > texts[:-1]]
    if bool(np.strings.isdecimal(texts).all()) and int(np.strings.str_len(texts).max()) < 19:
        ascending.append(np.diff(texts.astype(np.int64)) > 0)
    return not same.any() or any(bool(one[same].mean() > SORTED) for one in ascending)


def _findings(data: Interactions) -> Iterator[Message]:
    """What a reader of any figure on these data has to know."""
    sizes = np.bincount(data.user, minlength=data.n_users)
    taken = np.bincount(data.item, minlength=data.n_items)
    once = N_("Rows that repeat a user and an item, of which the latest was kept: {count}.")
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
