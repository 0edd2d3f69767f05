"""Several files in one zip, as a version travels: packed without compression, read back only after every check."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake import entries
from core.intake.archives import check_directory, check_totals
from core.intake.labels import display_label
from core.settings import Limits, settings

_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEPTH_MAX: Final = 4
_BLOCK: Final = 2**20
_AGAIN: Final = N_("Export it again, and send that file as it is.")


def pack(out: Path | BinaryIO, texts: Mapping[str, str], files: Mapping[str, Path]) -> None:
    """Write a zip with `texts` first and then the content of `files`, each under its name."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        for name, path in files.items():
            archive.write(path, name)


class Bundle:
    """A zip of plain files whose names, number and sizes were checked; nothing of it is unpacked yet.

    Args:
        data: The bytes as sent, or a file on this machine.
        name: The name it came with, for messages.
        endings: What the names of its files may end in.

    Raises:
        InputRefused: it is no zip or damaged, breaks a limit, or holds anything but files with plain names.
    """

    def __init__(self, data: bytes | Path, name: str, endings: tuple[str, ...]) -> None:
        self._label, self._limits = display_label(name), _limits()
        self._endings = endings
        self._infos: dict[str, zipfile.ZipInfo] = {}
        try:
            self._archive = self._opened(data)
        except InputRefused as error:
            raise InputRefused(error.code, error.message, _AGAIN) from None
        except Exception:  # noqa: BLE001 - the directory is hostile bytes; struct, Unicode and value errors among others
            raise self._broken() from None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, with `/` between folders."""
        return tuple(self._infos)

    def text(self, name: str, most: int) -> str:
        """A small file as text; raises `InputRefused` when it is missing, damaged, or longer than `most` bytes."""
        info = self._infos.get(name)
        if info is None:
            raise self._refused("bundle.incomplete", N_("{name}: it holds no file {file}."), file=name)
        if info.file_size > most:
            raise self._refused("bundle.file_too_large", N_("{name}: the file {file} is too long."), file=name)
        try:
            with self._archive.open(info) as file:
                return file.read(most + 1).decode("utf-8")
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
            raise self._broken() from None

    def unpack(self, name: str, target: Path) -> str:
        """Write one file to `target`, a path of ours; returns its sha256. Raises `InputRefused` when it is damaged."""
        digest = hashlib.sha256()
        try:
            with self._archive.open(self._infos[name]) as file, target.open("wb") as copy:
                # The library stops at the stated size and then checks the sum, so a lie about the size ends here.
                while block := file.read(_BLOCK):
                    digest.update(block)
                    copy.write(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError):
            raise self._broken() from None
        return digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def _opened(self, data: bytes | Path) -> zipfile.ZipFile:
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        if size > self._limits.archive_bytes:
            found = {"found": f"{size / 2**20:,.0f}", "limit": f"{self._limits.archive_bytes / 2**20:,.0f}"}
            raise self._refused("bundle.too_large", N_("{name}: {found} MB; the limit is {limit} MB."), **found)
        with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as file:
            check_directory(file, size, self._label, self._limits)
        archive = zipfile.ZipFile(data if isinstance(data, Path) else io.BytesIO(data))
        try:
            infos = archive.infolist()
            # A zip that was cut may end in a zip that lay in it; its files do not begin where this one does.
            if not infos or min(info.header_offset for info in infos) != 0:
                raise self._broken()
            check_totals(infos, self._label, self._limits)
            for info in infos:
                self._add(info)
        except BaseException:
            archive.close()
            raise
        return archive

    def _add(self, info: zipfile.ZipInfo) -> None:
        path = entries.safe_path(info.orig_filename)
        entries.check_entry(info, path, self._limits)
        name = info.orig_filename
        parts = name.split("/")
        if len(parts) > _DEPTH_MAX or not all(_PART.fullmatch(part) for part in parts):
            raise self._refused("bundle.name", N_("{name}: the name {file} is not one that we give."), file=str(path))
        if not name.endswith(self._endings):
            raise self._refused("bundle.kind", N_("{name}: a file like {file} is never opened."), file=str(path))
        if name.casefold() in {known.casefold() for known in self._infos}:
            raise self._refused("bundle.twice", N_("{name}: the file {file} is in it twice."), file=str(path))
        self._infos[name] = info

    def _refused(self, code: str, template: str, **found: object) -> InputRefused:
        return InputRefused(code, Message(template, {"name": self._label, **found}), _AGAIN)

    def _broken(self) -> InputRefused:
        return self._refused("archive.broken", N_("{name}: the zip ends early or is damaged."))


def _limits() -> Limits:
    """The limits for a zip of images, widened to what a version needs."""
    limits = settings().limits
    most = limits.bundle_bytes
    return limits.model_copy(
        update={
            "archive_bytes": most,
            "archive_unpacked_bytes": most,
            "archive_entry_bytes": most,
            "archive_entries": limits.bundle_entries,
        }
    )
