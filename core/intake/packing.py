"""Files that were sent one by one, put into one zip, so that everything behind it knows a single form."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence

from core.contracts import N_, Message
from core.errors import InputRefused
from core.settings import Limits, settings


def pack_files(files: Sequence[tuple[str, bytes]], limits: Limits | None = None) -> bytes:
    """One zip of files that are packed already, such as pictures; the same files give the same bytes.

    Args:
        files: Paths within the zip and contents; of those of one path the later ones get a number.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: They are too many, or too large together.
    """
    _refuse_too_much(len(files), sum(len(content) for _, content in files), limits or settings().limits)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, content in _distinct(files):
            archive.writestr(zipfile.ZipInfo(path), content)
    return buffer.getvalue()


def _distinct(files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    taken: set[str] = set()
    for path, content in files:
        folder, _, name = path.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        number, free = 1, path
        while free.lower() in taken:
            number += 1
            numbered = f"{stem}-{number}{dot}{ending}" if dot else f"{name}-{number}"
            free = f"{folder}/{numbered}" if folder else numbered
        taken.add(free.lower())
        yield free, content


def _refuse_too_much(count: int, size: int, limits: Limits) -> None:
    if count > limits.archive_entries:
        raise InputRefused(
            "upload.too_many_files",
            Message(
                N_("{count} files were sent; the limit is {limit}."), {"count": count, "limit": limits.archive_entries}
            ),
            Message(N_("Send fewer files.")),
        )
    if size > limits.archive_bytes:
        found = {"found": f"{size / 2**20:.1f}", "limit": f"{limits.archive_bytes / 2**20:g}"}
        raise InputRefused(
            "upload.too_many_bytes",
            Message(N_("The files take {found} MB together; the limit is {limit} MB."), found),
            Message(N_("Send fewer or smaller files.")),
        )
