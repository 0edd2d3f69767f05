"""Is everything whole? What must hold after any fault: versions, aliases, audit log, jobs, and nothing left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import select, text

from core.contracts import Evaluation
from core.errors import AppError
from core.settings import settings
from core.store import audit, files
from core.store.database import open_store
from core.store.owners import parse_owner
from core.store.reconcile import stale_staging, strangers
from core.store.registry import registry
from core.store.schema import LIVE, jobs, versions
from core.store.versions import Version

TOLERANCE = 1e-6
"""Between a stored figure and the same one measured again on the same machine."""
MARKS = (".incomplete", ".tmp")

Measure = Callable[[Version], Evaluation]


def broken_versions(acknowledged: Mapping[int, str], measure: Measure | None, sector: str) -> Iterator[str]:
    """What is wrong with the versions of a sector.

    Args:
        acknowledged: Number and weights' sha256 of every version that somebody was told of.
        measure: Measures a version again; every content is measured once. None leaves that out.
        sector: Slug.
    """
    with open_store().read() as connection:
        rows = connection.execute(select(versions).where(versions.c.sector == sector)).all()
    held = {row.number: row.sha256 for row in rows if row.deleted is None}
    yield from (f"version {number} was lost" for number, sha in acknowledged.items() if held.get(number) != sha)
    measured: set[str] = set()
    for row in rows:
        try:
            version = registry().resolve(sector, str(row.number))
            version.check()
            if files.checksums(version.path) != row.files:
                yield f"version {row.number} holds other files than were registered"
            if measure is not None and row.sha256 not in measured:
                measured.add(row.sha256)
                yield from _differences(version, measure(version))
        except AppError as error:
            yield f"version {row.number} cannot be used: {error.code}"


def _differences(version: Version, again: Evaluation) -> Iterator[str]:
    from core.training.evaluation import load_evaluation

    stored = load_evaluation(version.path)
    if stored is None:
        yield f"version {version.ref} has no evaluation"
        return
    for name, metric in stored.summary.items():
        if abs(metric.value - again.summary[name].value) > TOLERANCE:
            yield f"version {version.ref}: {name} is {again.summary[name].value}, was {metric.value}"


def broken_store() -> Iterator[str]:
    """What is wrong with the database and the audit log."""
    store = open_store()
    if store.sqlite:
        with store.read() as connection:
            for line in connection.execute(text("PRAGMA integrity_check")).scalars():
                if line != "ok":
                    yield f"integrity: {line}"
            yield from (f"foreign key: {row}" for row in connection.execute(text("PRAGMA foreign_key_check")))
    report = audit.verify()
    if not report.intact:
        yield f"audit log: broken {report.broken}, missing {report.missing}"


def orphans() -> Iterator[str]:
    """What nobody needs: processes, folders and files that a dead process left behind."""
    with open_store().read() as connection:
        rows = connection.execute(select(jobs.c.id, jobs.c.status, jobs.c.worker, jobs.c.kept_until)).all()
    live = {row.id for row in rows if row.status in LIVE}
    yield from (f"job {job_id} is still live" for job_id in live)
    for row in rows:
        worker = parse_owner(row.worker)
        if worker is not None and row.id not in live and worker.alive():
            yield f"worker {worker.pid} still runs"
    yield from (f"staging: {path.name}" for path in stale_staging(registry()))
    yield from (f"no row: {path.name}" for path in strangers(registry()))
    kept = live | {row.id for row in rows if row.kept_until is not None}
    folder = settings().home / "jobs"
    yield from (f"job folder: {path.name}" for path in _entries(folder) if path.name not in kept)
    yield from (f"half a file: {path.name}" for path in settings().home.rglob("*") if _half(path))


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _half(path: Path) -> bool:
    """Files are written under a name with a dot in front and renamed; whatever still has one was not finished."""
    return path.name.startswith((".", "tmp")) or any(mark in path.name for mark in MARKS)


def problems(
    sector: str, acknowledged: Mapping[int, str], champions: set[int], measure: Measure | None = None
) -> list[str]:
    """All that is wrong but for orphans; `champions` are the versions that may be in use (0: the bundled one)."""
    found = [*broken_versions(acknowledged, measure, sector), *broken_store()]
    champion = registry().resolve(sector).number
    if champion not in champions:
        found.append(f"the champion is version {champion}, not one of {sorted(champions)}")
    return found
