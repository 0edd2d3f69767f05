"""Finds jobs whose supervisor died and gives them an end that a visitor understands."""

from __future__ import annotations

import threading
import time

from sqlalchemy import select

from core.contracts import N_
from core.errors import AppError, JobError
from core.jobs import records
from core.log import log_event
from core.settings import settings
from core.store.database import Store
from core.store.owners import Owner, parse_owner
from core.store.registry import registry
from core.store.schema import jobs

LOCAL = "local"
"""Back end of the jobs whose supervisor and worker are processes of one machine."""
FOREIGN_SILENCE = 4.0
"""A job of another machine or of a cluster counts as lost after this many heartbeat limits without a beat."""

_lock = threading.Lock()
_beats: dict[str, tuple[int, float]] = {}
"""Last beat seen of jobs that run elsewhere, and when by this process's own clock: a clock change cannot fool it."""


def recover(store: Store) -> list[str]:
    """Mark jobs lost whose supervisor is gone and kill their workers; returns the ids of those jobs."""
    with store.read() as connection:
        columns = (jobs.c.id, jobs.c.supervisor, jobs.c.worker, jobs.c.beats, jobs.c.backend)
        rows = connection.execute(select(*columns).where(jobs.c.status == "running")).all()
    ended = []
    for row in rows:
        supervisor = parse_owner(row.supervisor)
        local = row.backend == LOCAL and (supervisor is None or supervisor.local)
        if not _attended(supervisor) if local else _silent(row.id, row.beats):
            worker = parse_owner(row.worker)
            if worker and worker.alive():
                log_event("orphan_killed", level="WARNING", job=row.id, worker=worker.pid)
                worker.kill_group()
            if end_without_word(store, row.id, "lost", lost()):
                ended.append(row.id)
    return ended


def end_without_word(store: Store, job_id: str, status: records.Status, error: AppError | None = None) -> bool:
    """End a job that did not say how it ended: completed when its version is registered already, else as `status`."""
    version = registry().of_job(job_id)
    if version is not None:
        return records.finish(store, job_id, "completed", result={"version": version.number})
    return records.finish(store, job_id, status, error)


def lost() -> JobError:
    """The error of a job whose supervisor died."""
    return JobError(
        "job.lost",
        N_("The program that looked after this job was ended from outside, for example by a restart."),
        N_("Nothing was registered. Start it again."),
    )


def _attended(supervisor: Owner | None) -> bool:
    return supervisor is not None and supervisor.alive()


def _silent(job_id: str, beats: int) -> bool:
    """Nobody here can ask whether a process of another machine, or of a cluster, lives: its beats have to tell."""
    now = time.monotonic()
    with _lock:
        seen = _beats.get(job_id)
        if seen is None or seen[0] != beats:
            _beats[job_id] = (beats, now)
            return False
        return now - seen[1] > FOREIGN_SILENCE * settings().job_heartbeat_s
