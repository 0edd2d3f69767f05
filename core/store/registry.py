"""Versions of models: registered whole or not at all, found by number or alias, promoted and rolled back."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, delete, exc, func, insert, select, update

from core.contracts import N_, Message
from core.errors import StoreError
from core.log import log_event
from core.settings import settings
from core.store import files
from core.store.database import Store, open_store
from core.store.owners import this_process
from core.store.schema import aliases, promotions, versions
from core.store.versions import (
    BUNDLED,
    REGISTRATION,
    Version,
    bundled_version,
    find_sector,
    read_registration,
    unknown_version,
)

__all__ = ["BUNDLED", "CHALLENGER", "CHAMPION", "Registry", "Version", "registry"]

CHAMPION = "champion"
CHALLENGER = "challenger"
RETRY_S = 5.0
"""After the database failed, the champion is answered from the cache file for this long before it is asked again."""

CHAMPION_S = 1.0
"""For this long the champion is not asked for again: a page wants it several times a run. Another process that promotes
is seen after at most this time, a promotion of this process at once."""

Found = TypeVar("Found")


class Registry:
    """The versions of every sector, in one database and the folders below `home`."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.folder = home / "versions"
        self.staging = home / "staging"
        self.quarantine = home / "quarantine"
        self.cache = home / "champions.json"
        self._trouble: StoreError | None = None
        self._ask_again = 0.0
        self._champions: dict[str, tuple[float, Version]] = {}

    @property
    def trouble(self) -> Message | None:
        """Why the database could not be asked last time; None while all is well."""
        return self._trouble.message if self._trouble else None

    def store(self) -> Store:
        """The database; raises `StoreError` when it cannot be used."""
        return open_store(self.url)

    def versions(self, sector: str) -> list[Version]:
        """All versions, newest first, the bundled one last.

        While the database cannot be used only the last good champion and the bundled preset are listed.
        """
        bundled = bundled_version(sector)
        found = self._asked(lambda connection: self._read(connection, sector))
        if found is None:
            remembered = self._remembered(sector)
            found = [remembered] if remembered else []
        if not any(CHAMPION in version.aliases for version in found):
            bundled = replace(bundled, aliases=(CHAMPION,))
        return [version for version in (*found, bundled) if version.path.is_dir()]

    def resolve(self, sector: str, ref: str = CHAMPION) -> Version:
        """The version that `ref` means: champion, challenger, bundled, a number or the name of a preset.

        The champion is the bundled preset until another one is promoted. When the database cannot be used, the
        champion is the last one that was seen, and `trouble` says so.

        Raises:
            StoreError: there is no such sector or version, or it is not the champion and the database is down.
        """
        presets = {preset.name: preset for preset in find_sector(sector).presets}
        if ref in (BUNDLED, "0") or (ref in presets and presets[ref].kind == "bundled"):
            return bundled_version(sector, presets.get(ref)).present()
        if ref in presets:
            raise StoreError(
                "registry.hub_preset",
                Message(N_("The preset {preset} is a start for training, not a trained version."), {"preset": ref}),
                Message(N_("Train with it first: `python -m core train {sector}`."), {"sector": sector}),
            )
        if ref == CHAMPION:
            return self._champion(sector).present()
        if ref == CHALLENGER:
            wanted = versions.c.number == _aliased(sector, CHALLENGER)
        elif ref.isascii() and ref.isdigit() and len(ref) < 10:
            wanted = versions.c.number == int(ref)
        else:
            raise unknown_version(sector, ref)
        with self.store().read() as connection:
            matches = self._read(connection, sector, wanted)
        if not matches:
            raise unknown_version(sector, ref)
        return matches[0].present()

    def of_job(self, job_id: str) -> Version | None:
        """The version that a job registered."""
        with self.store().read() as connection:
            row = connection.execute(select(versions.c.sector).where(versions.c.job_id == job_id)).first()
            return self._read(connection, row.sector, versions.c.job_id == job_id)[0] if row else None

    def register(
        self,
        sector: str,
        staged: Path,
        job_id: str = "",
        verify: Callable[[Path], object] | None = None,
        name: str = "",
    ) -> Version:
        """Take over the checkpoint folder `staged` as a new version with the alias challenger.

        The folder is moved away. It is written through to the disk and `verify` (which loads it, and raises when it
        cannot be trusted) is called before the version becomes visible; after any error nothing of it is left.

        Raises:
            ModelRefused: the folder lacks a file, or its weights are not those that its manifest names.
            StoreError: the database cannot take it.
        """
        find_sector(sector)
        now = datetime.now(UTC)
        origin = {"name": name, "job_id": job_id, "created": now.isoformat(), "owner": str(this_process())}
        files.make_folder(self.staging)
        folder = files.staging_folder(self.staging)
        final = self.folder / sector / f"{now:%Y%m%d}-{secrets.token_hex(6)}"
        try:
            files.take(staged, folder)
            files.checksums(folder)
            files.checked_manifest(folder)
            files.write_whole(folder / REGISTRATION, json.dumps(origin))
            files.sync_tree(folder)
            if verify is not None:
                verify(folder)
            files.make_folder(final.parent)
            folder.rename(final)
            files.sync_file(final.parent)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        try:
            return self.adopt(sector, final)
        except (StoreError, exc.SQLAlchemyError):
            # No row, no folder. When the database cannot even tell, the next reconciliation decides.
            if self._asked(lambda connection: self._read(connection, sector, versions.c.folder == final.name)) == []:
                shutil.rmtree(final, ignore_errors=True)
            raise

    def adopt(self, sector: str, folder: Path) -> Version:
        """Give a complete folder below `self.folder` its row and number: the last step of registering it."""
        find_sector(sector)
        manifest = files.checked_manifest(folder)
        origin = read_registration(folder)
        row = {
            "name": str(origin.get("name") or manifest.get("name") or manifest.get("architecture") or "")[:200],
            "folder": folder.name,
            "sha256": manifest["sha256"],
            "created": origin["created"],
            "job_id": str(origin.get("job_id", "")),
            "manifest": manifest,
            "files": files.checksums(folder),
        }
        number = self._insert(sector, row)
        self._champions = {}
        log_event("version_registered", sector=sector, version=number, job=row["job_id"], sha256=row["sha256"])
        return self.resolve(sector, str(number))

    def promote(self, sector: str, number: int, expected: int | None = None) -> Version:
        """Make version `number` (0: the bundled one) the champion and remember the one before.

        Args:
            sector: Slug of the sector.
            number: The version to promote; its files are checked first.
            expected: The champion that the caller saw. When another one was promoted meanwhile, nothing changes.

        Raises:
            StoreError: no such version, or the champion is not the expected one.
            ModelRefused: the files of the version are not the registered ones.
        """
        self.resolve(sector, str(number)).check()
        with self.store().write() as connection:
            current = connection.execute(select(_aliased(sector, CHAMPION))).scalar() or 0
            if expected is not None and current != expected:
                raise StoreError(
                    "registry.champion_moved",
                    Message(N_("Meanwhile version {number} became the champion."), {"number": current or BUNDLED}),
                    N_("Compare with it and promote again."),
                )
            if current != number:
                _promote(connection, sector, number, current)
        self._champions = {}
        log_event("version_promoted", sector=sector, version=number, previous=current)
        return self.resolve(sector)

    def can_roll_back(self, sector: str) -> bool:
        """Whether there is an earlier champion to go back to; False while the database cannot be used."""
        return bool(self._asked(lambda connection: connection.execute(_undoable(sector)).first()))

    def rollback(self, sector: str) -> Version:
        """Make the champion before the last promotion the champion again; can be repeated.

        Raises:
            StoreError: nothing was promoted, or everything is rolled back already.
        """
        find_sector(sector)
        with self.store().write() as connection:
            latest = connection.execute(_undoable(sector)).first()
            if latest is None:
                raise StoreError(
                    "registry.nothing_to_roll_back",
                    N_("There is no earlier champion to go back to."),
                    N_("Promote a version first."),
                )
            connection.execute(update(promotions).where(promotions.c.seq == latest.seq).values(undone=True))
            _set_alias(connection, sector, CHAMPION, latest.previous)
            if latest.number and connection.execute(select(_aliased(sector, CHALLENGER))).scalar() is None:
                _set_alias(connection, sector, CHALLENGER, latest.number)
        self._champions = {}
        log_event("version_rolled_back", sector=sector, version=latest.previous or 0, previous=latest.number or 0)
        return self.resolve(sector)

    def report_trouble(self, error: StoreError) -> None:
        """Note that the database failed, so that pages can say so and the next calls need not wait for it."""
        self._ask_again = time.monotonic() + RETRY_S
        if self._trouble is None or self._trouble.code != error.code:
            log_event("store_trouble", level="ERROR", code=error.code)
        self._trouble = error

    def forget_trouble(self) -> None:
        """Ask the database again with the next call, whatever was kept."""
        self._trouble = None
        self._champions = {}

    def _champion(self, sector: str) -> Version:
        # A promotion puts another dictionary in the place of this one, so what was read before it is never kept.
        kept = self._champions
        until, version = kept.get(sector, (0.0, None))
        if version is None or self._trouble or time.monotonic() > until:
            version = self._read_champion(sector)
            kept[sector] = (time.monotonic() + CHAMPION_S, version)
        return version

    def _read_champion(self, sector: str) -> Version:
        wanted = versions.c.number == _aliased(sector, CHAMPION)
        found = self._asked(lambda connection: self._read(connection, sector, wanted))
        if found is None:
            return self._remembered(sector) or replace(bundled_version(sector), aliases=(CHAMPION,))
        champion = found[0] if found else None
        self._remember(sector, champion)
        return champion or replace(bundled_version(sector), aliases=(CHAMPION,))

    def _read(self, connection: Connection, sector: str, *where: ColumnElement[bool]) -> list[Version]:
        named: dict[int, list[str]] = {}
        for row in connection.execute(select(aliases).where(aliases.c.sector == sector)):
            named.setdefault(row.number or 0, []).append(row.alias)
        query = select(versions).where(versions.c.sector == sector, *where).order_by(versions.c.number.desc())
        return [
            Version(
                sector=sector,
                number=row.number,
                name=row.name,
                path=self.folder / sector / row.folder,
                sha256=row.sha256,
                created=row.created,
                job_id=row.job_id,
                manifest=row.manifest,
                aliases=tuple(sorted(named.get(row.number, ()))),
            )
            for row in connection.execute(query)
        ]

    def _asked(self, question: Callable[[Connection], Found]) -> Found | None:
        """The database's answer, or None while it is in trouble."""
        if self._trouble and time.monotonic() < self._ask_again:
            return None
        try:
            with self.store().read() as connection:
                answer = question(connection)
        except StoreError as error:
            self.report_trouble(error)
            return None
        self._trouble = None
        return answer

    def _insert(self, sector: str, row: dict[str, Any]) -> int:
        newest = select(func.max(versions.c.number)).where(versions.c.sector == sector)
        same = select(versions.c.number).where(versions.c.folder == row["folder"])
        for _ in range(5):
            try:
                with self.store().write() as connection:
                    known = connection.execute(same).scalar()
                    if known is not None:  # two processes found the same folder while they started
                        return int(known)
                    number: int = (connection.execute(newest).scalar() or 0) + 1
                    connection.execute(insert(versions).values(sector=sector, number=number, **row))
                    _set_alias(connection, sector, CHALLENGER, number)
                    return number
            except exc.IntegrityError:  # on a database without one writer's lock another server took the number
                continue
        raise StoreError("store.busy", N_("The version could not be numbered."), N_("Try again in a moment."))

    def _remember(self, sector: str, champion: Version | None) -> None:
        """Keep what is needed to serve the champion when the database is gone; written only when it changed."""
        known = self._cached()
        entry = None
        if champion:
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
            files.write_whole(self.cache, json.dumps({**known, sector: entry}))
        except OSError:
            log_event("champion_cache_unwritable", level="WARNING", sector=sector)

    def _remembered(self, sector: str) -> Version | None:
        entry = self._cached().get(sector)
        if not isinstance(entry, dict):
            return None
        try:
            folder, created = self.folder / sector / entry.pop("folder"), datetime.fromisoformat(entry.pop("created"))
            version = Version(sector=sector, path=folder, created=created, aliases=(CHAMPION,), **entry)
        except (KeyError, TypeError, ValueError):
            return None
        return version if folder.is_dir() else None

    def _cached(self) -> dict[str, Any]:
        try:
            found = json.loads(self.cache.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _aliased(sector: str, alias: str) -> Any:
    """Subquery: the number that an alias stands for."""
    return select(aliases.c.number).where(aliases.c.sector == sector, aliases.c.alias == alias).scalar_subquery()


def _undoable(sector: str) -> Any:
    """Query: the latest promotion that was not rolled back."""
    standing = (promotions.c.sector == sector) & ~promotions.c.undone
    return select(promotions).where(standing).order_by(promotions.c.seq.desc()).limit(1)


def _set_alias(connection: Connection, sector: str, alias: str, number: int | None) -> None:
    chosen = (aliases.c.sector == sector) & (aliases.c.alias == alias)
    if connection.execute(update(aliases).where(chosen).values(number=number)).rowcount == 0:
        connection.execute(insert(aliases).values(sector=sector, alias=alias, number=number))


def _promote(connection: Connection, sector: str, number: int, current: int) -> None:
    connection.execute(
        insert(promotions).values(
            sector=sector,
            number=number or None,
            previous=current or None,
            created=datetime.now(UTC),
            undone=False,
            actor="",
            reason="",
        )
    )
    _set_alias(connection, sector, CHAMPION, number or None)
    if number:
        connection.execute(
            delete(aliases).where(aliases.c.sector == sector, aliases.c.alias == CHALLENGER, aliases.c.number == number)
        )


@lru_cache(maxsize=4)
def _registry(url: str, home: Path) -> Registry:
    return Registry(url, home)


def registry() -> Registry:
    """The registry of the settings in force; one object per process."""
    return _registry(settings().store_url, settings().home)
