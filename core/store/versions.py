"""What a version is, and the bundled one, which needs no database."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import catalog
from core.contracts import N_, Message, Preset, Sector
from core.errors import ModelRefused, StoreError
from core.settings import settings
from core.store import files

BUNDLED = "bundled"
REGISTRATION = "registration.json"
"""File in every version's folder that says where it came from, so that the database can be rebuilt from it."""

_LIST = N_("`python -m core models {sector}` lists what there is.")


@dataclass(frozen=True)
class Version:
    """A registered checkpoint. Number 0, named "bundled", is the preset that ships with the program."""

    sector: str
    number: int
    name: str
    path: Path
    sha256: str
    created: datetime
    job_id: str
    manifest: dict[str, Any] = field(hash=False)
    aliases: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        """How the command line and the pages name it: `bundled` or the number."""
        return str(self.number) if self.number else BUNDLED

    @property
    def spread(self) -> dict[str, dict[str, float]]:
        """Of each figure of a cross-validation its `mean`, `low`, `high` and the number of `folds`; empty without."""
        return self._range("folds")

    @property
    def seed_spread(self) -> dict[str, dict[str, float]]:
        """The same over trainings that differ in their seed alone, with the number of `seeds`; empty without."""
        return self._range("seeds")

    def _range(self, kind: str) -> dict[str, dict[str, float]]:
        return {
            name: {"mean": sum(values) / len(values), "low": min(values), "high": max(values), kind: len(values)}
            for name, values in self.manifest.get(kind, {}).items()
            if values
        }

    def check(self) -> None:
        """Raise `ModelRefused` unless manifest and weights on disk are the registered ones."""
        if files.read_manifest(self.path) != self.manifest:
            raise ModelRefused(
                "model.changed",
                Message(
                    N_("The file {file} of the model is not the one that was registered: its checksum differs."),
                    {"file": files.MANIFEST},
                ),
                N_("Choose another version, or train it again."),
            )
        files.check_weights(self.path, self.sha256)

    def present(self) -> Version:
        """The version itself; raises `StoreError` when its folder is gone."""
        if not self.path.is_dir():
            raise StoreError(
                "registry.files_missing",
                Message(N_("The files of version {version} are missing."), {"version": self.ref}),
                N_("Run `python -m core doctor`, or choose another version."),
            )
        return self


def find_sector(slug: str) -> Sector:
    """The sector with this slug; raises `StoreError` when there is none."""
    try:
        return catalog.sector(slug)
    except KeyError as error:
        raise StoreError(
            "registry.unknown_sector",
            Message(N_("There is no sector {sector}."), {"sector": slug}),
            N_("`python -m core sectors` lists what there is."),
        ) from error


def unknown_version(sector: str, ref: str) -> StoreError:
    """The error for a reference that means nothing."""
    if ref == "challenger":
        template, code = (
            N_("There is no challenger yet: nothing was trained since the last promotion."),
            "no_challenger",
        )
    else:
        template, code = N_("There is no version {ref} of {sector}."), "unknown_version"
    return StoreError(
        f"registry.{code}", Message(template, {"ref": ref[:80], "sector": sector}), Message(_LIST, {"sector": sector})
    )


def bundled_version(sector: str, preset: Preset | None = None) -> Version:
    """The bundled preset of a sector as a version; its folder may be missing (see `Version.present`)."""
    presets = [entry for entry in find_sector(sector).presets if entry.kind == "bundled"]
    if not presets:
        raise unknown_version(sector, BUNDLED)
    chosen = preset or presets[0]
    folder = settings().assets / "models" / chosen.source
    try:
        manifest = files.read_manifest(folder)
    except ModelRefused:
        manifest = {}
    return Version(
        sector=sector,
        number=0,
        name=chosen.name,
        path=folder,
        sha256=str(manifest.get("sha256", "")),
        created=_moment(manifest.get("created")),
        job_id="",
        manifest=manifest,
    )


def read_registration(folder: Path) -> dict[str, Any]:
    """What `Registry.register` noted in a version's folder; raises `ModelRefused` when it is missing or broken."""
    try:
        origin = json.loads((folder / REGISTRATION).read_text(encoding="utf-8"))
        return {**origin, "created": datetime.fromisoformat(origin["created"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRefused(
            "model.registration",
            N_("The folder of the model does not say where it came from."),
            N_("Train it again."),
        ) from error


def _moment(text: object) -> datetime:
    """An ISO moment of a manifest; the start of 1970 when it has none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
