"""Tables that come together in one zip, such as ratings and a catalogue: unpacked for as long as they are read."""

from __future__ import annotations

import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake import entries
from core.intake.archives import check_directory, check_totals
from core.intake.labels import display_label
from core.intake.tables import table_kind
from core.settings import Limits, settings

_HEAD: Final = 8192
_BLOCK: Final = 2**20
_NAME_MAX: Final = 60
_HINT: Final = N_("Pack the tables themselves with an ordinary zip program, as CSV or Parquet.")


def is_table_zip(path: Path) -> bool:
    """Whether a file on this machine is a plain zip, and no workbook, which is one as well."""
    try:
        with path.open("rb") as file:
            return table_kind(file.read(_HEAD)) == "zip"
    except OSError:  # a folder, or a file that whoever reads it names as unreadable
        return False


@contextmanager
def unpacked_tables(path: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    """A folder with the tables of a zip, which goes when the reading ends.

    Of several folders in the zip the one nearest to the top that holds tables counts; other files are left alone.

    Args:
        path: A zip on this machine.
        endings: What the names of tables end in, small letters.

    Raises:
        InputRefused: It is damaged, breaks a limit of an archive, hides what it holds, or holds no table.
    """
    limits, label = _limits(), display_label(path.name)
    with tempfile.TemporaryDirectory(prefix="vitrine-tables-") as folder:
        try:
            _unpack(path, Path(folder), label, limits, endings)
        except InputRefused as error:  # the checks of archives speak of images in their hints
            raise InputRefused(error.code, error.message, Message(_HINT)) from None
        except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError):
            template = N_("{name}: the zip ends early or is damaged.")
            raise InputRefused("archive.broken", Message(template, {"name": label}), Message(_HINT)) from None
        yield Path(folder)


def _unpack(path: Path, folder: Path, label: str, limits: Limits, endings: tuple[str, ...]) -> None:
    size = path.stat().st_size
    if size > limits.archive_bytes:
        found = {"name": label, "found": f"{size / 2**20:,.1f}", "limit": f"{limits.archive_bytes / 2**20:g}"}
        template = N_("{name}: {found} MB; the limit is {limit} MB per zip.")
        raise InputRefused("archive.too_many_bytes", Message(template, found))
    with path.open("rb") as file:
        check_directory(file, size, label, limits)
    with zipfile.ZipFile(path) as archive:
        chosen = _chosen(archive, label, limits, endings)
        if not chosen:
            template = N_("{name}: there is no table in this zip.")
            raise InputRefused("archive.no_tables", Message(template, {"name": label}))
        for name, info in chosen.items():
            with archive.open(info) as packed, (folder / name).open("wb") as table:
                # The library stops at the stated size and then checks the sum, so a lie about the size ends here.
                while block := packed.read(_BLOCK):
                    table.write(block)


def _chosen(
    archive: zipfile.ZipFile, label: str, limits: Limits, endings: tuple[str, ...]
) -> Mapping[str, zipfile.ZipInfo]:
    """Name on the disk -> entry, for the tables of one folder of the zip."""
    infos = archive.infolist()
    check_totals(infos, label, limits)
    names, _ = entries.decoded_names(infos)
    folders: dict[tuple[str, ...], dict[str, zipfile.ZipInfo]] = {}
    for name, info in zip(names, infos, strict=True):
        if name.endswith(("/", "\\")) or entries.is_junk(name) or not name.lower().endswith(endings):
            continue
        place = entries.safe_path(name)
        # A table may be packed by itself; what else is an archive within the archive is refused by its name.
        entries.check_entry(info, replace(place, name=re.sub(r"(?i)\.gz$", "", place.name)), limits)
        tables = folders.setdefault(place.folders, {})
        tables[_free(_plain(place.name), tables)] = info
    return min(folders.items(), key=lambda entry: (len(entry[0]), entry[0]), default=((), {}))[1]


def _plain(name: str) -> str:
    """A name of letters, digits, dots and dashes, which still tells what a table is."""
    stem, dot, ending = name.lower().rpartition(".")
    return re.sub(r"[^\w.-]", "_", f"{stem[-_NAME_MAX:]}{dot}{ending[:12]}").lstrip(".") or "table"


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name itself, or with a number where another table is called so already, such as in other letters."""
    stem, dot, ending = name.partition(".")
    number, free = len(taken), name
    while free in taken:
        number += 1
        free = f"{stem}_{number}{dot}{ending}"
    return free


def _limits() -> Limits:
    """Those of an archive; a table in it may be as large as all of it together."""
    limits = settings().limits
    return limits.model_copy(update={"archive_entry_bytes": limits.archive_unpacked_bytes})
