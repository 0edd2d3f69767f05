"""Brings folders and rows together again after a crash: what is whole is kept, what is half is removed."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core import catalog
from core.errors import AppError, ModelRefused, StoreError
from core.log import log_event
from core.store import files
from core.store.owners import Owner, parse_owner
from core.store.registry import Registry
from core.store.schema import LIVE, jobs, versions
from core.store.versions import read_registration

FOREIGN_AGE_S = 24 * 3600.0
"""Leftovers of another machine's process are removed after this long: nobody here can ask whether it lives."""


@dataclass(frozen=True)
class Repair:
    """One thing that was put right: what was done with which path."""

    action: str
    path: Path


def reconcile(registry: Registry) -> list[Repair]:
    """Remove what dead processes left half done, and finish what they had finished but for its row.

    A complete folder without a row was verified before it got its place. It becomes a version, unless the job that
    made it is on record as failed, cancelled or lost: that was told to somebody, so the folder goes.
    Rows without a folder are left alone; the doctor names them.
    """
    done = [*_sweep_staging(registry)]
    try:
        for folder in deleted_folders(registry):
            registry.remove(folder)
            done.append(Repair("deleted_version_removed", folder))
        for folder in _strangers(registry):
            action = _settle(registry, folder)
            if action:
                done.append(Repair(action, folder))
    except StoreError as error:  # a damaged database is no reason not to start
        registry.report_trouble(error)
    for repair in done:
        log_event("reconciled", action=repair.action, folder=repair.path.name)
    return done


def stale_staging(registry: Registry) -> list[Path]:
    """Staging folders whose process is gone."""
    if not registry.staging.is_dir():
        return []
    return [path for path in registry.staging.iterdir() if not _busy(files.staging_owner(path), path)]


def strangers(registry: Registry) -> list[Path]:
    """Folders of versions that have no row, and that no living process is about to give one."""
    return [folder for folder in _strangers(registry) if not _busy(_registrant(folder), folder)]


def deleted_folders(registry: Registry) -> list[Path]:
    """Folders of versions that are deleted on record and not yet on the disk."""
    query = select(versions.c.sector, versions.c.folder).where(versions.c.deleted.is_not(None))
    with registry.store().read() as connection:
        found = [registry.folder / row.sector / row.folder for row in connection.execute(query)]
    return [folder for folder in found if folder.is_dir()]


def _sweep_staging(registry: Registry) -> list[Repair]:
    stale = stale_staging(registry)
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return [Repair("staging_removed", path) for path in stale]


def _strangers(registry: Registry) -> list[Path]:
    """Folders without a row, in the order in which they were made."""
    with registry.store().read() as connection:
        known = set(connection.execute(select(versions.c.folder)).scalars())
    found = [path for path in registry.folder.glob("*/*") if path.is_dir() and path.name not in known]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def _settle(registry: Registry, folder: Path) -> str:
    sector = folder.parent.name
    if _busy(_registrant(folder), folder) or sector not in [entry.slug for entry in catalog.SECTORS]:
        return ""
    try:
        status = _job_status(registry, str(read_registration(folder).get("job_id", "")))
        if status in LIVE:
            return ""
        if status in ("", "completed"):
            registry.adopt(sector, folder)
            return "version_adopted"
    except ModelRefused:
        # Never verified, or damaged since: put where nothing is loaded from, for a person to look at.
        files.make_folder(registry.quarantine)
        folder.rename(registry.quarantine / folder.name)
        return "folder_quarantined"
    shutil.rmtree(folder, ignore_errors=True)
    return "folder_removed"


def _job_status(registry: Registry, job_id: str) -> str:
    with registry.store().read() as connection:
        return str(connection.execute(select(jobs.c.status).where(jobs.c.id == job_id)).scalar() or "")


def _registrant(folder: Path) -> Owner | None:
    try:
        return parse_owner(str(read_registration(folder).get("owner", "")))
    except AppError:
        return None


def _busy(owner: Owner | None, path: Path) -> bool:
    """True while the process that makes `path` may still be at it."""
    if owner is not None and owner.local:
        return owner.alive()
    return time.time() - path.stat().st_mtime < FOREIGN_AGE_S
