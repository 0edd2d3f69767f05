"""One job, in a process of its own: trains, registers the result, and says how it ended."""

from __future__ import annotations

import errno
import os
import re
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import update

from core import access
from core.contracts import N_, Message, Task
from core.device import limit_threads, pick_device
from core.errors import AppError, JobError, RunCancelled
from core.jobs import keeping, records, recovery
from core.jobs.compressing import run_compress
from core.jobs.corrections import lay_out_corrections
from core.jobs.healing import with_pictures
from core.jobs.records import JobRecord
from core.jobs.run import StoreRun
from core.jobs.training import out_of_memory, train_version
from core.jobs.uploads import job_folder
from core.log import log_error, log_event
from core.settings import settings
from core.store.database import Store, open_store
from core.store.owners import owner_of, this_process
from core.store.schema import jobs
from core.store.versions import find_sector
from core.tasks import load_task

NICE = 19
"""Training takes what the pages leave: with it at normal priority their answers are ten times slower."""


def main(job_id: str, supervisor_pid: int, device: str) -> None:
    """Entry of the process that the supervisor starts."""
    os.setsid()  # a group of its own: the job and all that it starts can be ended together
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _step_back()
    os.environ["VITRINE_DEVICE"] = device
    for remembered in (settings, pick_device, limit_threads):
        remembered.cache_clear()
    store = open_store()
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(worker=str(this_process())))
    record = records.read(store, job_id)
    run = StoreRun(store, job_id, keeping.run_folder(job_id), _seed(record), owner_of(supervisor_pid))
    run.data_name = str(record.args.get("name", ""))
    with access.acting_as(access.LOCAL):
        _finish(store, run, lambda: work(store, record, run))


def work(store: Store, record: JobRecord, run: StoreRun) -> dict[str, Any]:
    """Do what the job is there for, in its folder, with what is kept of the job that it goes on from.

    Returns:
        What stands in the record of the completed job, such as {"version": 3}.
    """
    keeping.take_over(store, record.id, record.resumes, bool(record.args.get("afresh")))
    run.directory.mkdir(parents=True, exist_ok=True)
    # What a killed process leaves in a temporary folder has to go with the job's own.
    tempfile.tempdir = str(job_folder(record.id) / "tmp")
    Path(tempfile.tempdir).mkdir(exist_ok=True)
    return HANDLERS[record.kind](record, run)


def _step_back() -> None:
    """Lowest priority for this process and for its session.

    Linux groups processes by session for scheduling (autogroup, on by default on desktops and many servers), and
    niceness then counts only inside the group: without the second step this one would get as much as the server.
    """
    if os.nice(0) < NICE:
        os.nice(NICE - os.nice(0))
    autogroup = Path("/proc/self/autogroup")
    if autogroup.exists():
        try:
            autogroup.write_text(str(NICE))
        except OSError as error:  # a kernel or container that forbids it: the ordinary niceness has to do
            log_event("autogroup_unchanged", level="WARNING", errno=error.errno)


def _finish(store: Store, run: StoreRun, work: Callable[[], dict[str, Any]]) -> None:
    """Do the work and write down how it ended."""
    try:
        with run:
            result = work()
    except RunCancelled:
        records.finish(store, run.id, "cancelled")
    except Exception as caught:  # noqa: BLE001  (whatever went wrong, the visitor has to be told)
        if run.should_stop():  # a routine may leave by an error of its own once it was asked to stop
            log_event("job_stopped_by_error", job=run.id, kind=type(caught).__qualname__)
            recovery.end_without_word(store, run.id, "cancelled")
        else:
            recovery.end_without_word(store, run.id, "failed", explained(caught, run.id))
    else:
        records.finish(store, run.id, "completed", result=result)


def _train(record: JobRecord, run: StoreRun) -> dict[str, Any]:
    sector = find_sector(record.sector)
    config = _config(load_task(sector.task), record)
    if record.args.get("corrections") and not keeping.has_snapshot(record.id):  # else those that it began with
        lay_out_corrections(record.sector, run)
    version = train_version(sector, config, Path(str(record.args["data"])), run, name=run.data_name, job_id=record.id)
    return {"version": version.number}


HANDLERS: dict[str, Callable[[JobRecord, StoreRun], dict[str, Any]]] = {
    "train": _train,
    "heal": lambda record, run: _train(with_pictures(record, run), run),
    "compress": lambda record, run: run_compress(find_sector(record.sector), record.args, run, record.id),
}


def _config(task: Task, record: JobRecord) -> Any:
    try:
        return task.config_type(**dict(record.args.get("config") or {}))
    except (TypeError, ValueError) as error:
        raise JobError(
            "job.config", N_("The training options do not fit this kind of model."), N_("Start again from the form.")
        ) from error


def _seed(record: JobRecord) -> int:
    seed = (record.args.get("config") or {}).get("seed", 0)
    return seed if isinstance(seed, int) else 0


def explained(error: Exception, job_id: str) -> AppError:
    """The error in words for a visitor; what is unexpected goes to the log under a reference."""
    reference = log_error(error, job=job_id)
    if isinstance(error, AppError):
        return error
    if out_of_memory(error):
        return JobError(
            "job.out_of_memory",
            N_("Memory ran out."),
            N_("Choose a smaller model, smaller inputs or a smaller batch."),
        )
    if _number(error) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return JobError("job.disk_full", N_("The disk is full."), N_("Free some space and start it again."))
    if _number(error) in (errno.EACCES, errno.EPERM, errno.EROFS):
        return JobError(
            "job.read_only", N_("The program may not write into its folder."), N_("Check VITRINE_HOME and its rights.")
        )
    return JobError(
        "job.unexpected",
        Message(N_("Training stopped with an unexpected error (reference {reference})."), {"reference": reference}),
        N_("Start it again; if it stops again, give the reference to who runs this program."),
    )


def _number(error: Exception) -> int | None:
    """The system's number of an error; safetensors, which writes the weights, only says it in words."""
    if isinstance(error, OSError):
        return error.errno
    said = re.search(r"\(os error (\d+)\)", str(error)) if type(error).__name__ == "SafetensorError" else None
    return int(said[1]) if said else None
