"""Looks for what is wrong with this installation and repairs what can be repaired without asking."""

from __future__ import annotations

import gettext
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from core import catalog
from core.contracts import N_, Message
from core.errors import AppError, StoreError
from core.jobs import keeping, launcher, recovery
from core.log import log_event
from core.settings import settings
from core.store import audit, files, secret
from core.store.database import Store, close_stores, open_store
from core.store.reconcile import deleted_folders, reconcile, stale_staging, strangers
from core.store.registry import registry
from core.store.schema import LIVE, jobs
from core.store.schema import versions as versions_table
from core.store.versions import Version, bundled_version
from core.tasks import load_task

Level = Literal["ok", "warning", "error"]
DISK_WARNING_MB = 1024
DISK_ERROR_MB = 100


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, or put right (`repaired`). `name` is stable, for scripts."""

    name: str
    level: Level
    message: Message
    repairable: bool = False
    repaired: bool = False


def check(repair: bool = False) -> list[Finding]:
    """Look at everything; every model is loaded once. Nothing is changed unless `repair` is asked for.

    Repairing comes first and does only what is safe. A damaged database is set aside (not deleted), and a new one is
    filled from the folders of the versions; the champions are those last served, the record of jobs is lost.
    """
    found = _repair() if repair else []
    for part in (_database, _audit, _bundled, _versions, _aliases, _leftovers, _jobs, _disk, _catalogues):
        try:
            found += part()
        except AppError as error:
            found.append(_bad(error.code, error.message))
        except OSError as error:
            found.append(_bad("doctor.unreadable", N_("{kind} while looking."), kind=type(error).__name__))
    return found


def _repair() -> list[Finding]:
    done: list[Finding] = []
    try:
        done += _new_database() if _integrity() else []
        done += [_done(f"repair.{entry.action}", path=entry.path.name) for entry in reconcile(registry())]
        done += _close_key()
        done += [_done("repair.job_ended", path=job_id) for job_id in recovery.recover(open_store())]
        done += [_done("repair.job_folder_removed", path=folder.name) for folder in keeping.sweep(open_store())]
    except AppError as error:
        done.append(_bad(error.code, error.message))
    return done


def _close_key() -> list[Finding]:
    """Take the key file out of the sight of others."""
    key = settings().home / secret.NAME
    if os.name == "nt" or not key.exists() or not stat.S_IMODE(key.stat().st_mode) & 0o077:
        return []
    key.chmod(0o600)
    return [_done("repair.key_closed", path=secret.NAME)]


def _database() -> list[Finding]:
    problem = _integrity()
    if problem:
        return [_bad("database.damaged", N_("The database is damaged: {problem}."), True, problem=problem)]
    return [_good("database", N_("The database is whole."))]


def _integrity() -> str:
    """What SQLite says is wrong with the file; empty when nothing is, or when the database is another one."""
    try:
        store = open_store()
        return _pragmas(store) if store.sqlite else ""
    except StoreError as error:
        if error.code == "store.corrupt":
            return "not readable"
        raise


def _pragmas(store: Store) -> str:
    with store.read() as connection:
        integrity = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        if integrity != ["ok"]:
            return f"integrity check, {len(integrity)} lines"
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        return f"foreign keys, {len(broken)} rows" if broken else ""


def _audit() -> list[Finding]:
    """The chain of the audit log, and the key that it is sealed with."""
    report = audit.verify()
    found = []
    if report.other_key:
        template = N_("No row of the audit log fits this installation's key: secret.key was exchanged.")
        found.append(_bad("audit.key", template))
    elif report.broken:
        template = N_("{count} rows of the audit log are not as they were written, the first is row {row}.")
        found.append(_bad("audit.changed", template, count=len(report.broken), row=report.broken[0]))
    if report.missing:
        template = N_("{count} rows of the audit log are missing, the first is row {row}.")
        found.append(_bad("audit.missing", template, count=len(report.missing), row=report.missing[0]))
    key = settings().home / secret.NAME
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077 and os.name != "nt":
        found.append(_bad("secret.readable", N_("Others of this machine can read {file}."), True, file=secret.NAME))
    return found or [_good("audit", N_("The audit log is whole: {rows} rows, head {head}."), **_head(report))]


def _head(report: audit.AuditReport) -> dict[str, object]:
    return {"rows": report.rows, "head": report.head or "-"}


def _bundled() -> list[Finding]:
    found = []
    for sector in catalog.SECTORS:
        version = bundled_version(sector.slug)
        found.append(_model(version, partial(files.checked_manifest, version.path)))
    return found


def _versions() -> list[Finding]:
    found = []
    with registry().store().read() as connection:
        rows = connection.execute(select(versions_table).where(versions_table.c.deleted.is_(None))).all()
    for row in rows:
        if row.sector not in [sector.slug for sector in catalog.SECTORS]:
            continue
        folder = registry().folder / row.sector / row.folder
        version = Version(
            row.sector, row.number, row.name, folder, row.sha256, row.created, row.job_id, dict(row.manifest)
        )
        found.append(_model(version, partial(_same_files, version, row.files)))
    return found


def _same_files(version: Version, known: dict[str, str]) -> None:
    version.check()
    if files.checksums(version.path) != known:
        raise AppError("model.changed", N_("A file beside the weights is not the one that was registered."))


def _model(version: Version, verify: Callable[[], object]) -> Finding:
    """Are the files there, the registered ones, and do they load?"""
    names = {"sector": version.sector, "version": version.ref}
    try:
        version.present()
        verify()
        load_task(catalog.sector(version.sector).task).load(version.path, "cpu")
    except AppError as error:
        template = N_("Version {version} of {sector} cannot be used: {why}")
        return Finding(error.code, "error", Message(template, {**names, "why": str(error.message)}))
    return _good("model", N_("Version {version} of {sector} is whole and loads."), **names)


def _aliases() -> list[Finding]:
    found = []
    for sector in catalog.SECTORS:
        champion = registry().resolve(sector.slug)
        template = N_("The champion of {sector} is version {version}.")
        found.append(_good("champion", template, sector=sector.slug, version=champion.ref))
    return found


def _leftovers() -> list[Finding]:
    found = []
    for code, template, paths in (
        ("staging.stale", N_("{count} unfinished model folders are left over."), stale_staging(registry())),
        ("versions.strangers", N_("{count} model folders are not in the database."), strangers(registry())),
        ("versions.deleted", N_("{count} folders of deleted versions are still there."), deleted_folders(registry())),
    ):
        if paths:
            found.append(_bad(code, template, True, count=len(paths)))
    kept = len(list(registry().quarantine.iterdir())) if registry().quarantine.is_dir() else 0
    if kept:
        template = N_("{count} damaged model folders lie in {folder}; look at them, then delete them.")
        found.append(_warn("quarantine", template, count=kept, folder="quarantine"))
    return found or [_good("leftovers", N_("Nothing is left over from a crash."))]


def _jobs() -> list[Finding]:
    store = open_store()
    alive = launcher.supervisor_alive(store)
    with store.read() as connection:
        live = list(connection.execute(select(jobs.c.status).where(jobs.c.status.in_(LIVE))).scalars())
    if live and not alive:
        return [_bad("jobs.unattended", N_("{count} jobs are open and no supervisor runs."), True, count=len(live))]
    if alive:
        return [_good("jobs", N_("A supervisor runs; open jobs: {count}."), count=len(live))]
    return [_good("jobs", N_("No job is open; a supervisor starts with the next one."))]


def _disk() -> list[Finding]:
    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    free_mb = shutil.disk_usage(home).free // 2**20
    template = N_("{free} MB are free for models and jobs.")
    if free_mb < DISK_ERROR_MB:
        return [_bad("disk.full", template, free=free_mb)]
    if free_mb < DISK_WARNING_MB:
        return [_warn("disk.low", template, free=free_mb)]
    return [_good("disk", template, free=free_mb)]


def _catalogues() -> list[Finding]:
    found = []
    for path in sorted((settings().assets / "locales").glob("*/LC_MESSAGES/*.po")):
        language, compiled = path.parts[-3], path.with_suffix(".mo")
        try:
            with compiled.open("rb") as file:
                gettext.GNUTranslations(file)
        except (OSError, ValueError):
            found.append(_bad("catalogue", N_("The messages in {language} cannot be read."), language=language))
        else:
            found.append(_good("catalogue", N_("The messages in {language} are there."), language=language))
    return found


def _new_database() -> list[Finding]:
    """Set the damaged SQLite file aside and fill a new one from the folders of the versions."""
    close_stores()
    file = Path(make_url(settings().store_url).database or "")
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%d%H%M%S}")
    champions = registry().last_good.folders()
    for ending in ("", "-wal", "-shm"):
        part = file.with_name(file.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    registry().forget_trouble()
    audit.restart({"why": "database.damaged", "set_aside": aside.name})
    done = [_done("repair.database_set_aside", path=aside.name)]
    done += [_done(f"repair.{entry.action}", path=entry.path.name) for entry in reconcile(registry())]
    for sector, folder in champions.items():
        for version in registry().versions(sector):
            if version.path.name == folder:
                registry().promote(sector, version.number, reason="the champion before the database was damaged")
                done.append(_done("repair.champion_restored", path=f"{sector} {version.ref}"))
    log_event("database_rebuilt", level="WARNING")
    return done


def _good(name: str, template: str, **params: object) -> Finding:
    return Finding(name, "ok", Message(template, params))


def _warn(name: str, template: str, **params: object) -> Finding:
    return Finding(name, "warning", Message(template, params))


def _bad(name: str, said: str | Message, repairable: bool = False, **params: object) -> Finding:
    return Finding(name, "error", said if isinstance(said, Message) else Message(said, params), repairable)


def _done(name: str, **params: object) -> Finding:
    return Finding(name, "ok", Message(N_("Repaired: {path}"), params), repaired=True)
