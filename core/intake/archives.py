"""Many images from one zip or folder: listed and checked first, read one at a time, nothing ever unpacked to disk."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from core.contracts import N_, ImageSample, Message, Refusal
from core.errors import InputRefused
from core.intake import entries as names
from core.intake.images import read_image
from core.intake.labels import display_label
from core.intake.listing import ImageEntry, Listing
from core.intake.refusals import mostly_refused
from core.intake.sniff import EXTENSIONS, kind_of
from core.settings import Limits, settings

_END = b"PK\x05\x06"
_END_BYTES = 22
_COMMENT_MAX = 65_535
_ZIP64_LOCATOR = b"PK\x06\x07"


class ImageSource(Protocol):
    """A collection of images; a context manager."""

    entries: tuple[ImageEntry, ...]
    refused: tuple[Refusal, ...]
    notices: tuple[Message, ...]

    def read(self, entry: ImageEntry) -> ImageSample:
        """Read one of `entries`; raises `InputRefused`, naming the entry with its folders."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_zip(data: bytes | Path, name: str, limits: Limits | None = None) -> ImageSource:
    """List the images of a zip after checking everything that can be checked without unpacking.

    Args:
        data: The bytes as sent, or a file on this machine.
        name: The name it came with, for messages.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: When the file is no zip or damaged, breaks a limit, holds no usable image, or holds more than
            `refusals.REFUSED_SHARE_MAX` unusable entries.
    """
    limits, label = limits or settings().limits, display_label(name)
    try:
        return _open_zip(data, label, limits)
    except InputRefused:
        raise
    except Exception:  # noqa: BLE001 - the directory is hostile bytes; struct, Unicode and value errors among others
        raise _broken(label) from None


def open_folder(path: Path, limits: Limits | None = None) -> ImageSource:
    """List the images below a folder of this machine; a single image file makes a collection of one.

    Raises:
        InputRefused: When there is nothing there, too much, or no image.
    """
    return _FolderSource(path, limits or settings().limits)


def open_path(path: Path, limits: Limits | None = None) -> ImageSource:
    """Whatever lies at a path of this machine: a folder, a zip or one image file. Raises as the two above."""
    head = b""
    if path.is_file():
        with suppress(OSError), path.open("rb") as file:
            head = file.read(_END_BYTES)
        if is_zip(head, path.name):
            return open_zip(path, path.name, limits)
    return open_folder(path, limits)


def is_zip(head: bytes, name: str) -> bool:
    """Whether a sent file is to be opened as a zip: it is called one, or is one and is not called an image.

    Args:
        head: How the file begins, or all of it.
        name: The name it came with.
    """
    extension = display_label(name).rpartition(".")[2].lower()
    return extension == "zip" or (kind_of(head) == "zip" and extension not in EXTENSIONS)


def check_refused_share(label: str, taken: int, refused: Sequence[Refusal]) -> None:
    """Refuse a whole collection when nothing or too little of it can be used.

    Args:
        label: Name of the collection, for messages.
        taken: Number of images that can be used.
        refused: The others; the first one is quoted.
    """
    if not mostly_refused(taken, len(refused)):
        return
    first = refused[0]
    if len(refused) == 1 and not taken:
        raise InputRefused(first.code, first.message, first.hint)
    raise InputRefused(
        "archive.mostly_unusable",
        Message(
            N_("{collection}: {refused} of {total} entries cannot be used. First: {first}"),
            {"collection": label, "refused": len(refused), "total": taken + len(refused), "first": first.message},
        ),
        first.hint,
    )


def _open_zip(data: bytes | Path, label: str, limits: Limits) -> _ZipSource:
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if size > limits.archive_bytes:
        found = {"name": label, "found": f"{size / 2**20:.1f}", "limit": f"{limits.archive_bytes / 2**20:g}"}
        raise InputRefused(
            "archive.too_many_bytes",
            Message(N_("{name}: {found} MB; the limit is {limit} MB per zip."), found),
            Message(N_("Send the images in several smaller zips.")),
        )
    with data.open("rb") if isinstance(data, Path) else io.BytesIO(data) as file:
        check_directory(file, size, label, limits)
    archive = zipfile.ZipFile(data if isinstance(data, Path) else io.BytesIO(data))
    try:
        return _ZipSource(archive, label, limits)
    except BaseException:
        archive.close()
        raise


def check_directory(file: io.BufferedIOBase, size: int, label: str, limits: Limits) -> None:
    """Refuse by kind, by a missing end, and by the number of entries, before the library lists them one by one."""
    head = file.read(4096)
    if (kind := kind_of(head)) != "zip":
        shown = {"empty": N_("{name}: the file is empty."), "unknown": N_("{name}: the content is no zip.")}
        raise InputRefused(
            "archive.not_a_zip",
            Message(shown.get(kind, N_("{name}: the content is {kind}, not a zip.")), {"name": label, "kind": kind}),
            Message(N_("Send a zip of images; other archives have to be repacked.")),
        )
    tail_start = max(0, size - _END_BYTES - _COMMENT_MAX)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise _broken(label)
    if tail.rfind(_ZIP64_LOCATOR, 0, at) == at - 20 and at >= 20:
        raise InputRefused(
            "archive.zip64",
            Message(N_("{name}: a zip64 archive, the form for more than 4 GB or 65,535 entries."), {"name": label}),
            Message(N_("Pack fewer images, with an ordinary zip program.")),
        )
    stated = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory_bytes = int.from_bytes(tail[at + 12 : at + 16], "little")
    directory_start = tail_start + at - directory_bytes
    if directory_start < 0:
        raise _broken(label)
    file.seek(directory_start)
    # The stated number may be a lie, so the marks in the directory itself are counted as well.
    entries = max(stated, file.read(directory_bytes).count(b"PK\x01\x02"))
    if entries > limits.archive_entries:
        raise _too_many_entries(label, entries, limits)


def check_totals(infos: list[zipfile.ZipInfo], label: str, limits: Limits) -> None:
    """Refuse an archive that would unpack to too much, by what it says of itself."""
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    hint = Message(N_("Pack the images as they are (PNG or JPEG), in several smaller zips."))
    if unpacked > limits.archive_unpacked_bytes:
        sizes = {"found": f"{unpacked / 2**20:,.0f}", "limit": f"{limits.archive_unpacked_bytes / 2**20:,.0f}"}
        found = Message(N_("{name}: {found} MB unpacked; the limit is {limit} MB."), {"name": label} | sizes)
        raise InputRefused("archive.unpacked_too_large", found, hint)
    if unpacked > limits.archive_ratio * max(packed, 1):
        ratio = {"found": f"{unpacked / max(packed, 1):,.0f}", "limit": f"{limits.archive_ratio:g}"}
        found = Message(N_("{name}: packed {found} to 1; the limit is {limit} to 1."), {"name": label} | ratio)
        raise InputRefused("archive.ratio", found, hint)


def _too_many_entries(label: str, entries: int, limits: Limits) -> InputRefused:
    return InputRefused(
        "archive.too_many_entries",
        Message(
            N_("{name}: {found} entries; the limit is {limit}."),
            {"name": label, "found": f"{entries:,}", "limit": f"{limits.archive_entries:,}"},
        ),
        Message(N_("Send the images in several smaller zips.")),
    )


def _broken(label: str) -> InputRefused:
    return InputRefused(
        "archive.broken",
        Message(N_("{name}: the zip ends early or is damaged."), {"name": label}),
        Message(N_("Copy or pack it again.")),
    )


def _no_images(label: str) -> InputRefused:
    return InputRefused(
        "archive.no_images",
        Message(N_("{name}: there are no images in it."), {"name": label}),
        Message(N_("Put PNG, JPEG, TIFF, WebP, GIF, BMP or DICOM files into it.")),
    )


class _Source(ABC):
    """What the two kinds of collection share."""

    entries: tuple[ImageEntry, ...]
    refused: tuple[Refusal, ...]
    notices: tuple[Message, ...]
    _limits: Limits

    @abstractmethod
    def _bytes(self, entry: ImageEntry) -> bytes:
        """The packed file of an entry, as it is."""

    def read(self, entry: ImageEntry) -> ImageSample:
        """Read one of `entries`."""
        try:
            return read_image(self._bytes(entry), entry.name, self._limits)
        except InputRefused as error:
            if "name" not in error.message.params:
                raise
            # The reader of one image knows nothing of folders.
            message = Message(error.message.template, {**error.message.params, "name": entry.label})
            raise InputRefused(error.code, message, error.hint) from None

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _ZipSource(_Source):
    def __init__(self, archive: zipfile.ZipFile, label: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        self._infos: dict[ImageEntry, zipfile.ZipInfo] = {}
        listing = Listing()
        infos = archive.infolist()
        if len(infos) > limits.archive_entries:
            raise _too_many_entries(label, len(infos), limits)
        decoded, encoding = names.decoded_names(infos)
        files = [(name, info) for name, info in zip(decoded, infos, strict=True) if not name.endswith(("/", "\\"))]
        check_totals([info for _, info in files], label, limits)
        for name, info in files:
            if listing.skips(name):
                continue
            try:
                path = names.safe_path(name)
                names.check_entry(info, path, limits)
                self._infos[listing.add(path, info.file_size)] = info
            except InputRefused as error:
                listing.refused.append(error.refusal(display_label(name)))
        self.entries, self.refused = tuple(listing.entries), tuple(listing.refused)
        self.notices = listing.notices(encoding)
        check_refused_share(label, len(self.entries), self.refused)
        if not self.entries:
            raise _no_images(label)

    def _bytes(self, entry: ImageEntry) -> bytes:
        info = self._infos[entry]
        try:
            with self._archive.open(info) as file:
                # The library stops at the stated size and then checks the sum, so a lie about the size ends here.
                content = file.read(self._limits.archive_entry_bytes + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, NotImplementedError):
            raise InputRefused(
                "archive.entry_damaged",
                Message(N_("{name}: the packed data is damaged (bad CRC or cut)."), {"name": entry.label}),
                Message(N_("Pack this image again.")),
            ) from None
        if kind_of(content) == "zip":
            raise names.nested(entry.label)
        return content

    def close(self) -> None:
        self._archive.close()


class _FolderSource(_Source):
    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._paths: dict[ImageEntry, Path] = {}
        label = display_label(path.name)
        if not path.exists():
            raise InputRefused(
                "folder.missing",
                Message(N_("{name}: there is no such file or folder."), {"name": label}),
                Message(N_("Check the path.")),
            )
        listing = Listing()
        files = [path] if path.is_file() else self._walk(path, label, limits)
        root = path.parent if path.is_file() else path
        for file in files:
            parts = file.relative_to(root).parts
            if file != path and listing.skips("/".join(parts)):
                continue
            entry_path = names.EntryPath(tuple(display_label(part) for part in parts[:-1]), display_label(parts[-1]))
            self._paths[listing.add(entry_path, file.stat().st_size)] = file
        self.entries, self.refused, self.notices = tuple(listing.entries), (), listing.notices()
        if not self.entries:
            raise _no_images(label)

    def close(self) -> None:
        """Nothing is held open."""

    @staticmethod
    def _walk(path: Path, label: str, limits: Limits) -> list[Path]:
        """Regular files below a folder in a fixed order; links are not followed."""
        found: list[Path] = []
        for folder, subfolders, files in os.walk(path):
            subfolders.sort()
            found += [
                file for name in sorted(files) if (file := Path(folder) / name).is_file() and not file.is_symlink()
            ]
            if len(found) > limits.archive_entries:
                raise _too_many_entries(label, len(found), limits)
        return found

    def _bytes(self, entry: ImageEntry) -> bytes:
        path = self._paths[entry]
        try:
            with path.open("rb") as file:
                return file.read(self._limits.image_bytes + 1)
        except OSError:
            raise InputRefused(
                "folder.unreadable",
                Message(N_("{name}: the file cannot be read."), {"name": entry.label}),
                Message(N_("Check the file's permissions.")),
            ) from None
