"""Work that outlives a page: submit it, look at it, stop it. It runs in a process of its own.

Four verbs, the same whatever runs the job: `submit`, `cancel`, `status`, `events`; `jobs` lists.
"""

from __future__ import annotations

import shutil

from core.contracts import N_, Message
from core.errors import JobError
from core.jobs import records, uploads
from core.jobs.backend import backend
from core.jobs.records import Event, JobRecord
from core.jobs.uploads import keep_upload
from core.store.database import open_store
from core.store.versions import find_sector

__all__ = ["Event", "JobRecord", "cancel", "events", "jobs", "keep_upload", "status", "submit"]

KINDS = ("train",)


def submit(kind: str, args: dict[str, object], slot: str = "auto", key: str = "") -> str:
    """Queue a job and return its id; a supervisor is started when none runs.

    Args:
        kind: "train".
        args: For "train": {"sector": slug, "config": {...}, "data": path, "name": label}. Data kept by `keep_upload`
            moves into the job's folder and is deleted when the job ends.
        slot: "auto", "cpu" or "cuda:N": the device that the job needs.
        key: A live job with the same key is returned instead of a second one; empty for none.

    Raises:
        JobError: unknown kind, or a device that this machine does not have.
        StoreError: unknown sector, or the database cannot be used.
    """
    if kind not in KINDS:
        raise JobError("job.unknown_kind", Message(N_("There is no kind of job called {kind}."), {"kind": kind}))
    find_sector(str(args.get("sector", "")))
    runner = backend()
    runner.check_slot(slot)
    store = open_store()
    job_id = records.new_id()
    job = records.NewJob(job_id, kind, uploads.own_args(job_id, args), slot, key, backend=runner.name)
    try:
        kept = records.add(store, job, lambda: uploads.claim(job_id, args))
    except BaseException:
        shutil.rmtree(uploads.job_folder(job_id), ignore_errors=True)
        raise
    if kept != job_id:  # the same thing was asked for twice; the second copy of the data is not needed
        uploads.discard(args)
    runner.ensure_running(store)
    return kept


def cancel(job_id: str, grace_s: float = 1.0) -> None:
    """Ask a job to stop; one that does not within `grace_s` seconds is killed. Ended jobs stay as they are.

    With the grace as it is, a job has ended within two seconds, whatever it was doing.
    """
    records.ask_to_stop(open_store(), job_id, grace_s)
    backend().stop(job_id)


def status(job_id: str) -> JobRecord:
    """The job as it is now. A job whose supervisor died is marked lost, and its worker killed, by this look.

    Raises:
        JobError: there is no such job.
    """
    store = open_store()
    _look_after(records.read(store, job_id))
    return records.read(store, job_id)


def events(job_id: str, after: int = 0) -> list[Event]:
    """What the job reported, oldest first; `after` is the `seq` of the last event already known.

    Data by kind: stage {"stage"}; metrics {"stage", "step", "total", "metrics": {name: value}}; status {"status"};
    log {"template", "params"}, a message.
    """
    return records.read_events(open_store(), job_id, after)


def jobs(sector: str | None = None, limit: int = 50) -> list[JobRecord]:
    """Jobs of one sector, or of all, newest first."""
    store = open_store()
    found = records.read_all(store, sector, limit)
    live = [job for job in found if job.live]
    if live:
        _look_after(live[0])
        found = records.read_all(store, sector, limit)
    return found


def _look_after(job: JobRecord) -> None:
    """Nothing may stay "running" for ever: find dead supervisors, and start one when jobs wait."""
    if job.live:
        store = open_store()
        backend().recover(store)
        backend().ensure_running(store)
