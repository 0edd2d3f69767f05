"""The champions last seen, in a file beside the database: what is served while the database cannot be asked."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from core.log import log_event
from core.store import files
from core.store.versions import Version


class LastGood:
    """The file `champions.json`, and the folder of versions that it speaks of."""

    def __init__(self, path: Path, versions: Path) -> None:
        self._path = path
        self._versions = versions

    def remember(self, sector: str, champion: Version) -> None:
        """Keep what is needed to serve the champion; written only when it changed."""
        known = self._read()
        entry = None
        if champion.number:  # the bundled one needs no database
            entry = {
                "number": champion.number,
                "name": champion.name,
                "folder": champion.path.name,
                "sha256": champion.sha256,
                "created": champion.created.isoformat(),
                "job_id": champion.job_id,
                "manifest": champion.manifest,
            }
        if known.get(sector) == entry:
            return
        try:
            files.write_whole(self._path, json.dumps({**known, sector: entry}))
        except OSError:
            log_event("champion_cache_unwritable", level="WARNING", sector=sector)

    def recall(self, sector: str) -> Version | None:
        """The champion last seen; None when it was the bundled one, or its folder is gone."""
        entry = self._read().get(sector)
        if not isinstance(entry, dict):
            return None
        try:
            folder, created = (
                self._versions / sector / entry.pop("folder"),
                datetime.fromisoformat(entry.pop("created")),
            )
            version = Version(sector=sector, path=folder, created=created, aliases=("champion",), **entry)
        except (KeyError, TypeError, ValueError):
            return None
        return version if folder.is_dir() else None

    def folders(self) -> dict[str, str]:
        """Name of the folder of the champion last seen, by sector."""
        return {
            sector: entry["folder"]
            for sector, entry in self._read().items()
            if isinstance(entry, dict) and isinstance(entry.get("folder"), str)
        }

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
