"""Work that outlives a page: submit it, look at it, stop it. It runs in a process of its own.

The verbs are the same whatever runs the job: `submit`, `cancel`, `resume`, `forget`, `status`, `events`; `jobs` lists.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import access
from core.contracts import N_, Message
from core.errors import JobError
from core.jobs import keeping, records, uploads
from core.jobs.backend import backend
from core.jobs.records import Event, JobRecord
from core.jobs.uploads import keep_upload
from core.store.database import open_store
from core.store.versions import find_sector

__all__ = [
    "Event",
    "JobRecord",
    "cancel",
    "epochs_kept",
    "events",
    "forget",
    "jobs",
    "keep_upload",
    "resume",
    "status",
    "submit",
]

KINDS = ("train", "heal", "compress")


def submit(kind: str, args: dict[str, object], slot: str = "auto", key: str = "") -> str:
    """Queue a job and return its id; a supervisor is started when none runs.

    Args:
        kind: "train".
        args: For "train": {"sector": slug, "config": {...}, "data": path, "name": label}. Data kept by `keep_upload`
            moves into the job's folder and is deleted when the job ends.
        slot: "auto", "cpu" or "cuda:N": the device that the job needs.
        key: A live job with the same key is returned instead of a second one; empty for none.

    Raises:
        AccessRefused: whoever asks may not train.
        JobError: unknown kind, or a device that this machine does not have.
        StoreError: unknown sector, or the database cannot be used.
    """
    access.require("presenter")
    if kind not in KINDS:
        raise JobError("job.unknown_kind", Message(N_("There is no kind of job called {kind}."), {"kind": kind}))
    find_sector(str(args.get("sector", "")))
    backend().check_slot(slot)
    job_id = records.new_id()
    return _queue(records.NewJob(job_id, kind, uploads.own_args(job_id, args), slot, key), args)


def resume(
    job_id: str,
    key: str = "",
    *,
    data: Path | None = None,
    changes: Mapping[str, object] | None = None,
    afresh: bool = False,
) -> str:
    """Queue a job that goes on where an ended one stopped, with its data, seed and order; returns the new job's id.

    Args:
        job_id: The job that ended. What was kept of it moves to the new job once that starts.
        key: As for `submit`; without one, a second call while the new job lives returns that job.
        data: The same data once more, for a completed job whose upload was deleted; checked when the job runs.
        changes: Options that shall be others. Without `afresh` those that a run may change on its way: "epochs",
            "learning_rate", "clip_norm", "early_stopping". A finished run needs more epochs than it has done.
        afresh: Start from the beginning instead, with the same data.

    Raises:
        AccessRefused: whoever asks may not train.
        JobError: there is no such job, it has not ended, nothing is kept of it, or its data are gone.
    """
    access.require("presenter")
    old = records.read(open_store(), job_id)
    new_id = records.new_id()
    args = keeping.continued(new_id, old.id, old.args, dict(changes or {})) | {"afresh": afresh}
    if data is not None:
        args["data"] = str(data)
    _check_resumable(old, args, sent=data is not None)
    slot, key = records.slot_of(open_store(), job_id), key or f"resume:{job_id}"
    return _queue(records.NewJob(new_id, old.kind, uploads.own_args(new_id, args), slot, key, resumes=old.id), args)


def forget(job_id: str) -> None:
    """Delete the data and the snapshot that are kept of an ended job; its record, events and version stay.

    Raises:
        AccessRefused: whoever asks may not train.
        JobError: there is no such job, or it has not ended.
    """
    access.require("presenter")
    keeping.forget(open_store(), records.read(open_store(), job_id).id)


def epochs_kept(job_id: str) -> int:
    """Epochs that the run had done whose snapshot is kept; 0 without one."""
    return keeping.epochs_kept(job_id)


def cancel(job_id: str, grace_s: float = 0.5) -> None:
    """Ask a job to stop; one that does not within `grace_s` seconds is killed. Ended jobs stay as they are.

    With the grace as it is, a job has ended within two seconds, whatever it was doing.
    """
    access.require("presenter")
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


def _queue(job: records.NewJob, args: Mapping[str, object]) -> str:
    """Queue a job and have it run; `args` still name an upload by the path where it lies now."""
    runner, store = backend(), open_store()
    try:
        kept = records.add(store, replace(job, backend=runner.name), lambda: uploads.claim(job.id, args))
    except BaseException:
        shutil.rmtree(uploads.job_folder(job.id), ignore_errors=True)
        raise
    if kept != job.id:  # the same thing was asked for twice; the second copy of the data is not needed
        uploads.discard(args)
    runner.ensure_running(store)
    return kept


def _check_resumable(old: JobRecord, args: Mapping[str, Any], *, sent: bool) -> None:
    if old.live:
        raise JobError("job.in_use", N_("This job has not ended yet."), N_("Wait for its end, or cancel it first."))
    if not sent and not old.data_kept:
        raise keeping.data_gone()
    if args["afresh"]:
        return
    if not old.resumable:
        raise keeping.nothing_kept()
    done = keeping.epochs_kept(old.id)
    if old.status == "completed" and int(args["config"].get("epochs", 0)) <= done:
        raise keeping.no_more_epochs(done)
