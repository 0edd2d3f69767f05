"""The public data sets that Vitrine knows: where they come from, under which licence, and where they lie here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from core.contracts import N_, Message
from core.data.data_sets import DATA_SETS, DataFile, DataSet
from core.errors import AppError
from core.settings import Limits, settings

__all__ = [
    "DATA_SETS",
    "FETCHED_LIMITS",
    "LICENCE_OF_UPLOAD",
    "DataFile",
    "DataSet",
    "called_like",
    "data_set",
    "is_public",
    "licence_of",
    "limits_for",
    "local_path",
    "name_of",
    "shares_source",
]

FETCHED_LIMITS = Limits(
    archive_bytes=4 * 2**30,
    archive_entries=200_000,
    archive_unpacked_bytes=8 * 2**30,
    archive_ratio=1000.0,
)
"""For data that an administrator fetched or laid down; what a visitor sends meets the ordinary limits."""


LICENCE_OF_UPLOAD = "as the training data allow"
"""Said of weights that were trained on data that are not in the catalogue."""


def data_set(name: str) -> DataSet:
    """The data set with this name; raises `KeyError` when there is none."""
    for entry in DATA_SETS:
        if entry.name == name:
            return entry
    raise KeyError(name)


def licence_of(name: str) -> str:
    """The licence of a data set, and so of weights that were trained on it."""
    return next((entry.licence for entry in DATA_SETS if entry.name == name), LICENCE_OF_UPLOAD)


def local_path(name: str) -> Path | None:
    """Folder in which a data set lies on this machine (for a table its file), or None.

    A set that is made here is made by the first call.

    Raises:
        KeyError: When the catalogue has no such data set.
        AppError: `data.not_written` when a set that is made here cannot be written.
    """
    entry = data_set(name)
    return _here(entry) or (_made(entry, entry.made_by) if entry.made_by else None)


def _laid_down_at(entry: DataSet) -> Path | None:
    """Where somebody may lay down a data set (for a table its file); None without `VITRINE_DATA`."""
    data = settings().data
    return None if data is None else data / entry.kind / entry.name / entry.table


def _here(entry: DataSet) -> Path | None:
    fetched, laid_down = settings().home / "data" / entry.name, _laid_down_at(entry)
    wanted = [file.name for file in entry.files] or ([entry.table] if entry.made_by else [])
    if wanted and all((fetched / name).exists() for name in wanted):
        return fetched / entry.table
    if laid_down is not None and (laid_down.is_file() if entry.table else laid_down.is_dir()):
        return laid_down
    return None


def _made(entry: DataSet, make: Callable[[Path], None]) -> Path:
    """Make a data set; of several processes that want it, one makes it and the others wait."""
    target = settings().home / "data" / entry.name / entry.table
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock")):
            if not target.exists():
                unfinished = target.with_name(f"{target.name}.incomplete")
                make(unfinished)
                unfinished.replace(target)
    except OSError as error:
        found = {"name": entry.name, "reason": os.strerror(error.errno or 0)}
        raise AppError(
            "data.not_written",
            Message(N_("{name} could not be written: {reason}."), found),
            Message(N_("Free some space and try again.")),
        ) from error
    return target


def name_of(path: Path) -> str:
    """Name of the data set that lies at `path`; empty when none does."""
    whole = path.resolve()
    return next((each.name for each in DATA_SETS if (at := _here(each)) is not None and at.resolve() == whole), "")


def shares_source(path: Path, name: str) -> bool:
    """Whether what lies at `path` is the data set `name`, or another form of the same examples."""
    known = {entry.name: entry for entry in DATA_SETS}
    if name not in known:
        return False
    whole = path.resolve()
    for entry in DATA_SETS:
        folder = _here(entry)
        if folder is not None and whole.is_relative_to(folder.resolve()):
            return entry.name == name or (entry.source != "" and entry.source == known[name].source)
    return False


def called_like(said: str, name: str) -> bool:
    """Whether data that goes by the name `said` is, going by that alone, the set `name` or another form of it."""
    known = {entry.name: entry for entry in DATA_SETS}
    if name not in known:
        return False
    same = [entry for entry in DATA_SETS if entry.name == name or (entry.source and entry.source == known[name].source)]
    names = {entry.name for entry in same} | {Path(file.name).stem for entry in same for file in entry.files}
    return any(said.casefold().startswith(one.casefold()) for one in names)


def is_public(path: Path) -> bool:
    """Whether `path` lies where fetched and laid-down data sets lie, and nothing that a visitor sent."""
    own = settings()
    trusted = [own.home / "data", *([own.data] if own.data else [])]
    whole = path.resolve()
    return any(whole.is_relative_to(root.resolve()) for root in trusted)


def limits_for(path: Path) -> Limits:
    """Wide limits for fetched and laid-down data, the settings' limits for everything else."""
    return FETCHED_LIMITS if is_public(path) else settings().limits
