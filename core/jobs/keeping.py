"""What is kept of a job that has ended, so that a run can go on from it; for how long; and who removes it then."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from core.contracts import N_, Message
from core.errors import AppError, JobError
from core.jobs import uploads
from core.jobs.uploads import job_folder
from core.log import log_event
from core.settings import settings
from core.store import audit, feedback
from core.store.database import Store, open_store
from core.store.schema import LIVE, jobs
from core.training import snapshot
from core.training.run import CORRECTIONS

SWEEP_S = 600.0
"""Pause between two rounds of the janitor."""
FIRST_SWEEP_S = 5.0
"""It begins this long after the start, when the first page is drawn."""
_RUN = "run"

_started = threading.Lock()


def run_folder(job_id: str) -> Path:
    """Where a job's training routine writes."""
    return job_folder(job_id) / _RUN


def settle(job_id: str, status: str, *, goes_on: bool = True) -> datetime | None:
    """Reduce the folder of a job that ends to what is kept; returns until when, None when nothing is.

    Kept are the last snapshot, with the corrections that its run learns from, and, unless the job is completed, the
    data that a visitor sent for it; nothing of a job of a kind that does not go on.
    """
    folder = job_folder(job_id)
    hours = settings().job_keep_hours if goes_on else 0.0
    kept = hours > 0 and snapshot.tidy(run_folder(job_id) / snapshot.FOLDER)
    for path in [*folder.glob(f"{_RUN}/*"), *folder.glob("*")]:
        is_data = path.is_file() and path.parent == folder and hours > 0 and status != "completed"
        is_snapshot = kept and path.name in (_RUN, snapshot.FOLDER, CORRECTIONS)
        if not is_data and not is_snapshot:
            _remove(path)
    if folder.is_dir() and any(folder.iterdir()):
        return datetime.now(UTC) + timedelta(hours=hours)
    shutil.rmtree(folder, ignore_errors=True)
    return None


def has_snapshot(job_id: str) -> bool:
    """Whether a run can go on from what is kept of this job."""
    folder = run_folder(job_id) / snapshot.FOLDER
    return folder.is_dir() and any(folder.iterdir())


def epochs_kept(job_id: str) -> int:
    """Epochs that the kept run had done; 0 without a snapshot, or with one that cannot be read."""
    try:
        state = snapshot.read_state(run_folder(job_id) / snapshot.FOLDER / snapshot.NETWORK)
    except JobError:
        return 0
    return int(state["history"]["epochs"]) if state else 0


def take_over(store: Store, job_id: str, resumes: str, afresh: bool) -> None:
    """Give the job everything that is kept of the one it goes on from; `afresh` leaves out the snapshot.

    One rename in the ordinary case: a process that dies meanwhile leaves all of it with the one or with the other.
    """
    old, new = job_folder(resumes), job_folder(job_id)
    if not resumes or not old.is_dir():
        return
    if not new.exists():
        old.rename(new)
    for path in sorted(old.glob("*")):  # data that was sent again lies in the new folder already
        if not (new / path.name).exists():
            path.rename(new / path.name)
    shutil.rmtree(old, ignore_errors=True)
    if afresh:
        shutil.rmtree(run_folder(job_id), ignore_errors=True)
    with store.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == resumes).values(kept_until=None))


def continued(new_id: str, old_id: str, args: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a job that goes on from another one: other options, and data kept with the old job's folder."""
    going_on = {**args, "config": {**dict(args.get("config") or {}), **changes}}
    data = Path(str(args.get("data", "")))
    if data.is_relative_to(job_folder(old_id)):
        going_on["data"] = str(job_folder(new_id) / data.relative_to(job_folder(old_id)))
    return going_on


def forget(store: Store, job_id: str) -> None:
    """Delete what is kept of an ended job; raises `JobError` while it lives or another job is to go on from it."""
    with audit.change(store) as ledger:
        row = ledger.connection.execute(select(jobs.c.status, jobs.c.sector).where(jobs.c.id == job_id)).first()
        heirs = select(jobs.c.id).where(jobs.c.resumes == job_id, jobs.c.status == "queued")
        if row is None or row.status in LIVE or ledger.connection.execute(heirs).first() is not None:
            raise JobError(
                "job.in_use", N_("This job, or one that goes on from it, has not ended."), N_("Cancel it first.")
            )
        ledger.connection.execute(update(jobs).where(jobs.c.id == job_id).values(kept_until=None))
        ledger.record("job.forget", sector=row.sector, job=job_id)
    shutil.rmtree(job_folder(job_id), ignore_errors=True)


def sweep(store: Store) -> list[Path]:
    """Delete what no job needs any more: kept data past its time, folders of dead processes, forgotten uploads."""
    live, heir = jobs.c.status.in_(LIVE), jobs.alias()
    heirs = select(heir.c.resumes).where(heir.c.status.in_(LIVE), heir.c.resumes != "")
    past = jobs.c.kept_until.is_not(None) & (jobs.c.kept_until < datetime.now(UTC)) & jobs.c.id.not_in(heirs)
    with store.read() as connection:
        expired = connection.execute(select(jobs.c.id).where(past).limit(1)).first() is not None
    if expired:
        with store.write() as connection:
            connection.execute(update(jobs).where(past).values(kept_until=None))
    with store.read() as connection:
        kept = select(jobs.c.id).where(live | jobs.c.kept_until.is_not(None))
        needed = {str(name) for query in (kept, heirs) for name in connection.execute(query).scalars()}
    gone = uploads.sweep(needed) + _half_files()
    if gone:
        log_event("swept", count=len(gone))
    return gone


def _half_files() -> list[Path]:
    """Remove what processes that died were writing aside, see `files.write_whole`; returns the files."""
    home, now, gone = settings().home, time.time(), []
    for path in (*home.glob(".*.*"), *home.glob("*/.*.*")):
        if re.fullmatch(r"\..+\.[0-9a-f]{8}", path.name) and now - path.stat().st_mtime > uploads.YOUNG_S:
            path.unlink(missing_ok=True)
            gone.append(path)
    return gone


def start_janitor() -> None:
    """Sweep now and then in a thread of this server, which may be the only process for days."""
    if _started.acquire(blocking=False):
        threading.Thread(target=_sweep_for_ever, name="janitor", daemon=True).start()


def _sweep_for_ever() -> None:
    pause, rest = threading.Event(), FIRST_SWEEP_S
    while not pause.wait(rest):
        rest = SWEEP_S
        try:
            sweep(open_store())
            feedback.sweep()
        except (AppError, OSError) as error:
            log_event("sweep_failed", level="WARNING", kind=type(error).__qualname__)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def nothing_kept() -> JobError:
    """The error for a job that no run can go on from."""
    return JobError(
        "job.no_snapshot",
        N_("Nothing is kept of this job that a run could go on from."),
        N_("Start it again from the beginning."),
    )


def data_gone() -> JobError:
    """The error for a job whose data were deleted."""
    return JobError("job.data_gone", N_("The uploaded data is no longer here."), N_("Upload it again."))


def no_more_epochs(done: int) -> JobError:
    """The error for a finished run that is not given more epochs than it has."""
    return JobError(
        "job.finished",
        Message(N_("This run has done its {done} epochs."), {"done": done}),
        N_("Give it more epochs than that to train on."),
    )
