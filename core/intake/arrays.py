"""NumPy archives (.npz): headers are read and checked before any array is, and objects are never unpickled."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.errors import InputRefused
from core.intake.labels import display_label
from core.intake.sniff import kind_of
from core.settings import Limits, settings

_ARRAYS_MAX = 64
_AGAIN = N_("Save the arrays again with numpy.savez_compressed.")


class ArrayFile:
    """The arrays of one .npz file: shapes and types at once, values when asked for.

    Args:
        path: The file.
        limits: What is let through; the settings' limits when omitted.

    Raises:
        InputRefused: When the file is something else, damaged, too large, or holds Python objects.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self._path, self._label = path, display_label(path.name)
        self._limits = limits or settings().limits
        self.headers: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
        try:
            self._read_headers()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, SyntaxError, NotImplementedError):
            raise self._damaged() from None

    def _read_headers(self) -> None:
        with self._path.open("rb") as file:
            kind = kind_of(file.read(512))
        if kind != "zip":
            raise self._refused(
                "array.wrong_kind", N_("{name}: the content is {found}, not a NumPy archive."), found=kind
            )
        if (size := self._path.stat().st_size) > self._limits.archive_bytes:
            raise self._too_large(size, self._limits.archive_bytes)
        with zipfile.ZipFile(self._path) as archive:
            members = archive.infolist()
            if len(members) > _ARRAYS_MAX:
                raise self._refused("array.too_many", N_("{name}: it holds {found} arrays."), found=len(members))
            for member in members:
                with archive.open(member) as file:
                    version = npy.read_magic(file)
                    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                    shape, _, dtype = read(file)
                self.headers[member.filename.removesuffix(".npy")] = (shape, dtype)
        self._check_headers()

    def _check_headers(self) -> None:
        total = 0
        for key, (shape, dtype) in self.headers.items():
            if dtype.hasobject:
                template = N_("{name}: the array {found} holds Python objects, which are never opened.")
                raise self._refused("array.objects", template, found=key[:40])
            count = 1
            for side in shape:
                count *= side
            total += count * dtype.itemsize
        if total > self._limits.archive_unpacked_bytes:
            raise self._too_large(total, self._limits.archive_unpacked_bytes)

    def read(self, key: str) -> NDArray[Any]:
        """The array called `key`."""
        try:
            with np.load(self._path, allow_pickle=False) as file:
                values: NDArray[Any] = file[key]
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, MemoryError):
            raise self._damaged() from None
        return values

    def _refused(self, code: str, template: str, **found: object) -> InputRefused:
        return InputRefused(code, Message(template, {"name": self._label, **found}), Message(_AGAIN))

    def _damaged(self) -> InputRefused:
        return self._refused("array.damaged", N_("{name}: the NumPy archive ends early or is damaged."))

    def _too_large(self, found: int, limit: int) -> InputRefused:
        sizes = {"found": f"{found / 2**20:,.0f}", "limit": f"{limit / 2**20:,.0f}"}
        return self._refused("array.too_large", N_("{name}: {found} MB; the limit is {limit} MB."), **sizes)
