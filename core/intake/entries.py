"""Names inside an archive: which encoding they are in, whether they are safe, whether they can be an image."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import clean_text, display_label
from core.settings import Limits

_JUNK = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}
_OTHER_FILES = {"txt", "csv", "tsv", "md", "json", "xml", "yaml", "yml", "html", "pdf", "docx", "xlsx", "log"}
"""Extensions of files that often lie beside images; they are skipped and counted, not refused."""

_ARCHIVES = {"zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "xz", "zst"}
_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 99: "AES"}
_READ_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800


@dataclass(frozen=True)
class EntryPath:
    """A name in an archive as labels: the folders above and the file's own name."""

    folders: tuple[str, ...]
    name: str

    def __str__(self) -> str:
        return "/".join((*self.folders, self.name))


def decoded_names(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """Names of all entries, and the encoding that was guessed for them (empty when none had to be).

    An archive without the UTF-8 mark may hold names in any encoding; the library reads them as CP437. All names
    of an archive were written by one program, so one guess is made for all of them.
    """
    raw = {
        at: info.orig_filename.encode("cp437", "replace")
        for at, info in enumerate(infos)
        if not info.flag_bits & _UTF8_NAME and not info.orig_filename.isascii()
    }
    names = [info.orig_filename for info in infos]
    if not raw:
        return names, ""
    encoding = _guess_encoding(raw.values())
    for at, bytes_of_name in raw.items():
        names[at] = bytes_of_name.decode(encoding, "replace")
    return names, encoding


def _guess_encoding(names: Iterable[bytes]) -> str:
    """UTF-8, Shift-JIS (only if it yields kana), GB18030 or CP437: the first that fits all names."""
    whole = b"\n".join(names)
    for encoding in ("utf-8", "shift_jis", "gb18030"):
        try:
            text = whole.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "shift_jis" or any("\u3041" <= char <= "\u30fe" for char in text):
            return encoding
    return "cp437"


def is_junk(name: str) -> bool:
    """Files that operating systems leave behind, and hidden files."""
    parts = name.replace("\\", "/").split("/")
    hidden = any(part.startswith(".") and part not in {".", ".."} for part in parts)
    return hidden or "__MACOSX" in parts or parts[-1].lower() in _JUNK


def is_other_file(name: str) -> bool:
    """Notes and tables that lie beside the images."""
    return name.rpartition(".")[2].lower() in _OTHER_FILES if "." in name else False


def safe_path(name: str) -> EntryPath:
    """The labels of an entry, or a refusal when its name tries to be a path to somewhere else.

    Raises:
        InputRefused: For absolute names, drive letters, parent folders (also percent-encoded) and NUL characters.
    """
    shown = display_label(name.split("\0", maxsplit=1)[0])
    if "\0" in name:
        raise _unsafe(shown, N_("{name}: the name holds a NUL character."))
    plain = name.replace("\\", "/")
    for variant in (plain, unquote(plain), unquote(unquote(plain))):
        parts = variant.replace("\\", "/").split("/")
        if ".." in (part.strip() for part in parts):
            raise _unsafe(shown, N_("{name}: the name leads out of the archive."))
        if variant.startswith("/") or (len(parts[0]) == 2 and parts[0][1] == ":"):
            raise _unsafe(shown, N_("{name}: the name is an absolute path."))
    folders = tuple(clean_text(part) or "unnamed" for part in plain.split("/")[:-1] if part not in {"", "."})
    return EntryPath(folders, display_label(plain))


def _unsafe(shown: str, template: str) -> InputRefused:
    return InputRefused(
        "archive.unsafe_name",
        Message(template, {"name": shown}),
        Message(N_("Pack the images again with an ordinary zip program.")),
    )


def check_entry(info: zipfile.ZipInfo, path: EntryPath, limits: Limits) -> None:
    """Refuse what an archive may hold besides plain files, before anything is unpacked.

    Raises:
        InputRefused: For links and devices, nested archives, passwords, rare methods, size and ratio.
    """
    named = {"name": str(path)}
    again = Message(N_("Pack the images again with an ordinary zip program."))
    form = stat.S_IFMT(info.external_attr >> 16)
    if form not in {0, stat.S_IFREG}:
        template = N_("{name}: a link, not a file.") if form == stat.S_IFLNK else N_("{name}: a device, not a file.")
        raise InputRefused("archive.not_a_file", Message(template, named), again)
    if path.name.rpartition(".")[2].lower() in _ARCHIVES:
        raise nested(str(path))
    if info.flag_bits & _ENCRYPTED:
        raise InputRefused(
            "archive.encrypted",
            Message(N_("{name}: the entry is password-protected."), named),
            Message(N_("Pack the images without a password.")),
        )
    if info.compress_type not in _READ_METHODS:
        method = _METHODS.get(info.compress_type, str(info.compress_type))
        found = Message(
            N_("{name}: packed with {method}; only Store and Deflate are read."), named | {"method": method}
        )
        raise InputRefused("archive.method", found, again)
    if info.file_size > limits.archive_entry_bytes:
        sizes = {"found": f"{info.file_size / 2**20:.1f}", "limit": f"{limits.archive_entry_bytes / 2**20:g}"}
        raise InputRefused(
            "archive.entry_too_large",
            Message(N_("{name}: {found} MB unpacked; the limit per entry is {limit} MB."), named | sizes),
            Message(N_("Reduce the image.")),
        )


def nested(name: str) -> InputRefused:
    """An archive inside the archive."""
    return InputRefused(
        "archive.nested",
        Message(N_("{name}: an archive inside the archive."), {"name": name}),
        Message(N_("Put the images themselves into one zip.")),
    )
