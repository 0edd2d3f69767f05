"""How the command line shows a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.store.registry import Version


def version_row(version: Version) -> dict[str, Any]:
    """A version as JSON."""
    return {
        "version": version.ref,
        "name": version.name,
        "aliases": list(version.aliases),
        "architecture": version.manifest.get("architecture", ""),
        "labels": version.manifest.get("labels", []),
        "created": version.created.isoformat(),
        "sha256": version.sha256,
        "path": str(version.path),
        "cross_validation": version.spread,
    }
