"""What lies on the disk, by kind."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.contracts import N_
from core.settings import settings

KINDS: dict[str, tuple[str, ...]] = {
    N_("Versions"): ("versions",),
    N_("Jobs and their data"): ("jobs", "uploads", "runs"),
    N_("Stored corrections"): ("corrections",),
    N_("Fetched data sets"): ("data",),
    N_("Being made"): ("staging",),
    N_("Set aside as damaged"): ("quarantine",),
    N_("Logs"): ("logs",),
    N_("Compression measurements"): ("compression",),
}
"""Title of a kind of thing -> its folders below `home`."""
OTHER = N_("Database and the rest")


@dataclass(frozen=True)
class Usage:
    """Bytes below `home` by kind, and what is free on its disk."""

    bytes_by_kind: dict[str, int]
    free_bytes: int


def disk_usage() -> Usage:
    """Measure `home`; a file that vanishes meanwhile does not count."""
    home = settings().home
    found = {title: sum(_size(home / folder) for folder in folders) for title, folders in KINDS.items()}
    found[OTHER] = _size(home) - sum(found.values())
    existing = next(path for path in (home, *home.parents) if path.exists())
    return Usage({title: max(0, size) for title, size in found.items()}, shutil.disk_usage(existing).free)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
