"""Versions of models: registered whole or not at all, found by number or alias, promoted, rolled back, deleted."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, exc, func, insert, select, update

from core import access
from core.contracts import N_, Message
from core.errors import StoreError
from core.log import log_event
from core.settings import settings
from core.store import audit, files, promotions
from core.store.database import Store, open_store
from core.store.last_good import LastGood
from core.store.owners import this_process
from core.store.promotions import CHALLENGER, CHAMPION, Move, Promotion, alias_of
from core.store.schema import aliases, versions
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
        self.last_good = LastGood(home / "champions.json", self.folder)
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
            remembered = self.last_good.recall(sector)
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
            wanted = versions.c.number == alias_of(sector, CHALLENGER)
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
            query = select(versions.c.sector).where(versions.c.job_id == job_id, versions.c.deleted.is_(None))
            row = connection.execute(query).first()
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
            StoreError: the database, or the audit log, cannot take it.
        """
        return self._take(sector, staged, {"name": name, "job_id": job_id}, verify)

    def register_import(self, sector: str, staged: Path, verify: Callable[[Path], object], name: str = "") -> Version:
        """`register` for a folder that comes from another installation; for admins only.

        Raises:
            AccessRefused, ModelRefused, StoreError: as `register`.
        """
        access.require("admin")
        return self._take(sector, staged, {"name": name, "job_id": "", "action": "import"}, verify)

    def _take(
        self, sector: str, staged: Path, origin: dict[str, str], verify: Callable[[Path], object] | None
    ) -> Version:
        find_sector(sector)
        now = datetime.now(UTC)
        origin = {**origin, "created": now.isoformat(), "owner": str(this_process())}
        files.make_folder(self.staging)
        folder = files.staging_folder(self.staging)
        final = self.folder / sector / f"{now:%Y%m%d}-{secrets.token_hex(6)}"
        try:
            files.take(staged, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        files.place(folder, final, {REGISTRATION: json.dumps(origin)}, verify)
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
        number = self._insert(sector, row, "import" if origin.get("action") == "import" else "register")
        self._champions = {}
        log_event("version_registered", sector=sector, version=number, job=row["job_id"], sha256=row["sha256"])
        return self.resolve(sector, str(number))

    def promote(
        self,
        sector: str,
        number: int,
        expected: int | None = None,
        reason: str = "",
        verdict: Mapping[str, Any] | None = None,
    ) -> Version:
        """Make version `number` (0: the bundled one) the champion and remember the one before.

        Args:
            sector: Slug of the sector.
            number: The version to promote; its files are checked first.
            expected: The champion that the caller saw. When another one was promoted meanwhile, nothing changes.
            reason: Why, in the words of who promotes; needed against the gate's verdict.
            verdict: What the gate said, as JSON with the key `result`; None when it was not asked.

        Raises:
            AccessRefused: who asks may not; see `promotions.may_promote`.
            StoreError: no such version, the champion is not the expected one, a reason is missing, or the audit log
                cannot be written.
            ModelRefused: the files of the version are not the registered ones.
        """
        actor = promotions.may_promote(verdict, reason)
        version = self.resolve(sector, str(number))
        version.check()
        with audit.change(self.store()) as change:
            previous = promotions.check_champion(change.connection, sector, expected)
            if previous != number:
                if number:
                    self._there(change.connection, sector, number)
                promotions.make(change.connection, Move(sector, number, previous, actor.id, reason.strip(), verdict))
                result = str(verdict.get("result", "")) if verdict else ""
                change.record(
                    "promote",
                    sector=sector,
                    version=version.ref,
                    sha256=version.sha256,
                    details={"previous": previous or BUNDLED, "verdict": result, "reason": reason.strip()},
                )
            champion = self._now(change.connection, sector)  # asked later, a database that fails may name the old one
        log_event("version_promoted", sector=sector, version=number, previous=previous)
        self._champions = {}
        self.last_good.remember(sector, champion)
        return champion

    def can_roll_back(self, sector: str) -> bool:
        """Whether there is an earlier champion to go back to; False while the database cannot be used."""
        return bool(self._asked(lambda connection: promotions.any_standing(connection, sector)))

    def rollback(self, sector: str, expected: int | None = None) -> Version:
        """Make the champion before the last promotion the champion again; can be repeated. `expected`: see `promote`.

        Raises:
            AccessRefused: who asks may not; it takes a presenter.
            StoreError: nothing was promoted, everything is rolled back already, the champion is not the expected one,
                or the audit log cannot be written.
        """
        find_sector(sector)
        access.require("presenter")
        with audit.change(self.store()) as change:
            promotions.check_champion(change.connection, sector, expected)
            number, was = promotions.undo_latest(change.connection, sector)
            row = self._there(change.connection, sector, number) if number else None
            change.record(
                "rollback",
                sector=sector,
                version=str(number or BUNDLED),
                sha256=row.sha256 if row else "",
                details={"previous": was or BUNDLED},
            )
            champion = self._now(change.connection, sector)  # asked later, a database that fails may name the old one
        log_event("version_rolled_back", sector=sector, version=number, previous=was)
        self._champions = {}
        self.last_good.remember(sector, champion)
        return champion

    def history(self, sector: str) -> list[Promotion]:
        """Every move of the champion, newest first. Raises `StoreError` when the database cannot be used."""
        with self.store().read() as connection:
            return promotions.history(connection, find_sector(sector).slug)

    def delete(self, sector: str, number: int) -> None:
        """Delete the files of a version for good; its row stays as part of what happened. For admins only.

        Raises:
            AccessRefused: who asks is no admin.
            StoreError: no such version, it is the champion or the bundled one, or the audit log cannot be written.
        """
        access.require("admin")
        with audit.change(self.store()) as change:
            if number in (0, promotions.champion_number(change.connection, find_sector(sector).slug)):
                raise StoreError(
                    "registry.in_use",
                    Message(N_("Version {version} is in use or part of the program."), {"version": number or BUNDLED}),
                    N_("Promote another version first; the bundled one stays."),
                )
            row = self._there(change.connection, sector, number)
            promotions.drop_alias(change.connection, sector, CHALLENGER, number)
            chosen = (versions.c.sector == sector) & (versions.c.number == number)
            change.connection.execute(update(versions).where(chosen).values(deleted=datetime.now(UTC)))
            change.record("delete", sector=sector, version=str(number), sha256=row.sha256)
        log_event("version_deleted", sector=sector, version=number)
        self.remove(self.folder / sector / row.folder)

    def remove(self, folder: Path) -> None:
        """Remove the folder of a deleted version; what a crash leaves of it goes with the next reconciliation."""
        files.put_away(folder, self.staging)

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
        found = self._asked(lambda connection: self._now(connection, sector))
        if found is None:
            return self.last_good.recall(sector) or replace(bundled_version(sector), aliases=(CHAMPION,))
        self.last_good.remember(sector, found)
        return found

    def _now(self, connection: Connection, sector: str) -> Version:
        found = self._read(connection, sector, versions.c.number == alias_of(sector, CHAMPION))
        return found[0] if found else replace(bundled_version(sector), aliases=(CHAMPION,))

    def _read(self, connection: Connection, sector: str, *where: ColumnElement[bool]) -> list[Version]:
        named: dict[int, list[str]] = {}
        for row in connection.execute(select(aliases).where(aliases.c.sector == sector)):
            named.setdefault(row.number or 0, []).append(row.alias)
        kept = (versions.c.sector == sector, versions.c.deleted.is_(None))
        query = select(versions).where(*kept, *where).order_by(versions.c.number.desc())
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

    def _insert(self, sector: str, row: dict[str, Any], action: str) -> int:
        newest = select(func.max(versions.c.number)).where(versions.c.sector == sector)
        same = select(versions.c.number).where(versions.c.folder == row["folder"])
        with audit.change(self.store()) as change:
            connection = change.connection
            known = connection.execute(same).scalar()
            if known is not None:  # two processes found the same folder while they started
                return int(known)
            number: int = (connection.execute(newest).scalar() or 0) + 1
            connection.execute(insert(versions).values(sector=sector, number=number, **row))
            promotions.set_alias(connection, sector, CHALLENGER, number)
            change.record(action, sector=sector, version=str(number), sha256=row["sha256"], job=row["job_id"])
            return number

    def _there(self, connection: Connection, sector: str, number: int) -> Row[Any]:
        """The row of a version that is not deleted, inside of a change; raises `StoreError` when there is none."""
        wanted = (versions.c.sector == sector) & (versions.c.number == number) & versions.c.deleted.is_(None)
        row = connection.execute(select(versions).where(wanted)).first()
        if row is None:
            raise unknown_version(sector, str(number))
        return row


@lru_cache(maxsize=4)
def _registry(url: str, home: Path) -> Registry:
    return Registry(url, home)


def registry() -> Registry:
    """The registry of the settings in force; one object per process."""
    return _registry(settings().store_url, settings().home)
