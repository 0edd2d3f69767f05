"""Files of corrections that visitors agreed to leave here: under names of ours, deleted with their row."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Collection
from pathlib import Path

from core.contracts import N_
from core.errors import StoreError
from core.settings import settings
from core.store import files
from core.training.run import CORRECTIONS

ENDINGS = (".png", ".json", ".text")
"""Of pictures, of rows of tables and of texts."""
_YOUNG_S = 3600.0
"""A file is written just before its row is there."""
_NAME_BYTES = 200


def write_bytes(stored: str, data: bytes) -> None:
    """Keep `data` as `stored`, written through to the disk; who reads meanwhile finds all of it or nothing.

    Raises:
        StoreError: the disk is full or cannot be written; what was there before stays.
    """
    path = _folder() / stored
    # With the ending of what is kept, so that `strays` finds what a crash leaves.
    aside = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        files.make_folder(path.parent)
        aside.write_bytes(data)
        files.sync_file(aside)
        aside.replace(path)
        files.sync_file(path.parent)
    except OSError as error:
        raise StoreError(
            "corrections.unwritable", N_("The correction could not be written to the disk."), N_("Free some space.")
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def read_bytes(stored: str) -> bytes:
    """What is kept as `stored`; raises `StoreError` when it is gone."""
    try:
        data = (_folder() / stored).read_bytes() if stored else b""
    except FileNotFoundError:
        data = b""
    if not data:
        raise StoreError("corrections.not_kept", N_("What this correction was about is not kept here any more."))
    return data


def remove(stored: Collection[str]) -> None:
    """Delete files, and what jobs that are kept for a while, and runs of the command line, hold of them."""
    home = settings().home
    for name in filter(None, stored):
        (_folder() / name).unlink(missing_ok=True)
        copies = f"{CORRECTIONS}/*/{Path(name).name}"
        for copy in (*home.glob(f"jobs/*/run/{copies}"), *home.glob(f"runs/*/{copies}")):
            copy.unlink(missing_ok=True)


def strays(known: Collection[str]) -> list[str]:
    """Files that none of `known` names; not those that are being written just now."""
    found = [path.relative_to(_folder()).as_posix() for path in _kept_in(_folder())]
    now = time.time()
    return [name for name in found if name not in known and now - (_folder() / name).stat().st_mtime > _YOUNG_S]


def lay_out(labelled: Collection[tuple[str, str]], target: Path) -> int:
    """Copy files, given as (label, stored), to `<label>/<id>.<ending>` below `target`; returns how many.

    What an earlier attempt left there is removed. A label that is no plain name of a folder is left out.
    """
    for path in _kept_in(target):
        path.unlink(missing_ok=True)
    written = 0
    for label, stored in labelled:
        if not _folder_name(label):
            continue
        try:
            data = (_folder() / stored).read_bytes()
        except FileNotFoundError:  # deleted since it was listed
            continue
        place = target / label / Path(stored).name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        written += 1
    return written


def _kept_in(folder: Path) -> list[Path]:
    return [path for ending in ENDINGS for path in folder.glob(f"*/*{ending}")]


def _folder() -> Path:
    return settings().home / "corrections"


def _folder_name(label: str) -> bool:
    """Whether a label can be the name of a folder as it is."""
    plain = label not in ("", ".", "..") and not set(label) & {"/", "\\", "\0"}
    return plain and len(os.fsencode(label)) <= _NAME_BYTES
