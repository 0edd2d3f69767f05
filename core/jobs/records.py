"""Jobs and their events as the store keeps them."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, exc, func, insert, select, update

from core.contracts import N_, Message
from core.errors import AppError, JobError
from core.jobs import keeping
from core.log import log_event
from core.store import audit
from core.store.database import Store
from core.store.schema import LIVE, events, jobs

Status = Literal["queued", "running", "completed", "failed", "cancelled", "lost"]
EventKind = Literal["stage", "metrics", "log", "status"]


@dataclass(frozen=True)
class JobRecord:
    """One job. `position` is its place in the queue, 0 once it runs; `result` holds e.g. {"version": 3}."""

    id: str
    kind: str
    sector: str
    status: Status
    args: dict[str, Any] = field(hash=False)
    stage: str
    step: int
    total: int
    position: int
    created: datetime
    started: datetime | None
    finished: datetime | None
    error: Message | None
    error_code: str
    hint: Message | None
    result: dict[str, Any] = field(hash=False)
    cancelling: bool = False
    """Somebody asked for it to stop and it has not ended yet."""
    backend: str = "local"
    resumes: str = ""
    """The job that this one goes on from."""
    kept_until: datetime | None = None
    """Until when data or snapshot of an ended job are kept; None when nothing is."""
    resumable: bool = False
    """It has ended, and a run can go on from its last snapshot."""

    @property
    def live(self) -> bool:
        """Queued or running."""
        return self.status in LIVE

    @property
    def data_kept(self) -> bool:
        """Whether the data are still there: a data set of this machine, an upload that is kept, or none at all."""
        data = str(self.args.get("data", ""))
        return not data or Path(data).exists()


@dataclass(frozen=True)
class Event:
    """Something that a job reported; `seq` grows from event to event."""

    seq: int
    time: datetime
    kind: EventKind
    data: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class NewJob:
    """What is known of a job when it is queued."""

    id: str
    kind: str
    args: Mapping[str, object]
    slot: str
    key: str
    resumes: str = ""
    backend: str = "local"


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(8)


def add(store: Store, job: NewJob, prepare: Callable[[], None]) -> str:
    """Queue a job; returns its id, or the id of the live job that has the same key.

    `prepare` is called once the job is sure to be the only one with its key, and before anybody can see it.
    """
    same = select(jobs.c.id).where(jobs.c.key == job.key, jobs.c.status.in_(LIVE))
    row = {
        "id": job.id,
        "kind": job.kind,
        "sector": str(job.args.get("sector", "")),
        "slot": job.slot,
        "key": job.key,
        "status": "queued",
        "args": dict(job.args),
        "stage": "",
        "step": 0,
        "total": 0,
        "created": datetime.now(UTC),
        "result": {},
        "supervisor": "",
        "worker": "",
        # Leases are unique among running jobs only; a queued one holds none.
        "lease": "",
        "beats": 0,
        "resumes": job.resumes,
        "backend": job.backend,
    }
    try:
        with audit.change(store) as ledger:
            connection = ledger.connection
            found = connection.execute(same).scalar() if job.key else None
            if found:
                return str(found)
            connection.execute(insert(jobs).values(**row))
            note_status(connection, job.id, "queued")
            details = {"kind": job.kind, "resumes": job.resumes}
            action = "job.resume" if job.resumes else "job.submit"
            ledger.record(action, sector=str(row["sector"]), job=job.id, details=details)
            prepare()
    except exc.IntegrityError:
        with store.read() as connection:
            return str(connection.execute(same).scalar_one())
    log_event("job_queued", job=job.id, kind=job.kind, sector=row["sector"])
    return job.id


def take_queued(store: Store, backend: str) -> None:
    """Let `backend` run every queued job, also those that were meant for one that is no longer configured."""
    stray = (jobs.c.status == "queued") & (jobs.c.backend != backend)
    with store.read() as connection:
        if connection.execute(select(jobs.c.id).where(stray).limit(1)).first() is None:
            return
    with store.write() as connection:
        connection.execute(update(jobs).where(stray).values(backend=backend))


def read(store: Store, job_id: str) -> JobRecord:
    """One job; raises `JobError` when there is none with this id."""
    with store.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
        if row is None:
            raise JobError(
                "job.unknown", Message(N_("There is no job {job}."), {"job": job_id[:40]}), N_("Start it again.")
            )
        return _record(row, _queue(connection))


def slot_of(store: Store, job_id: str) -> str:
    """The device that a job asked for."""
    with store.read() as connection:
        return str(connection.execute(select(jobs.c.slot).where(jobs.c.id == job_id)).scalar_one())


def read_all(store: Store, sector: str | None, limit: int) -> list[JobRecord]:
    """Jobs, newest first."""
    query = select(jobs).order_by(jobs.c.seq.desc()).limit(limit)
    if sector is not None:
        query = query.where(jobs.c.sector == sector)
    with store.read() as connection:
        queue = _queue(connection)
        return [_record(row, queue) for row in connection.execute(query)]


def read_events(store: Store, job_id: str, after: int) -> list[Event]:
    """Events of a job with a `seq` above `after`, oldest first."""
    query = select(events).where(events.c.job_id == job_id, events.c.seq > after).order_by(events.c.seq)
    with store.read() as connection:
        return [Event(row.seq, row.time, row.kind, row.data) for row in connection.execute(query)]


def add_events(store: Store, job_id: str, new: Iterable[tuple[EventKind, dict[str, Any]]]) -> None:
    """Append events and bring the job's stage, step and total up to date with them."""
    with store.write() as connection:
        progress = _add_events(connection, job_id, list(new))
        if progress:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(**progress))


def note_status(connection: Connection, job_id: str, status: Status) -> None:
    """Append the event that tells of a new status; part of the transaction that sets it."""
    _add_events(connection, job_id, [("status", {"status": status})])


def ask_to_stop(store: Store, job_id: str, grace_s: float) -> None:
    """End a queued job at once; note for a running one that it shall stop within `grace_s` seconds."""
    own = jobs.c.id == job_id
    with audit.change(store) as ledger:
        connection = ledger.connection
        ended = {"status": "cancelled", "finished": datetime.now(UTC)}
        waiting, running = own & (jobs.c.status == "queued"), own & (jobs.c.status == "running")
        dropped = connection.execute(update(jobs).where(waiting).values(**ended)).rowcount == 1
        asked = connection.execute(update(jobs).where(running).values(cancel_grace_s=max(0.0, grace_s))).rowcount == 1
        if dropped:
            note_status(connection, job_id, "cancelled")
        if dropped or asked:
            sector = connection.execute(select(jobs.c.sector).where(own)).scalar_one()
            ledger.record("job.cancel", sector=sector, job=job_id)
    log_event("job_cancel", job=job_id)
    if dropped:
        until = keeping.settle(job_id, "cancelled", goes_on=_goes_on(store, job_id))
        with store.write() as connection:
            connection.execute(update(jobs).where(own).values(kept_until=until))


def finish(
    store: Store, job_id: str, status: Status, error: AppError | None = None, result: dict[str, Any] | None = None
) -> bool:
    """End a running job and keep of its folder what a run can go on from; False when somebody else ended it before.

    The folder comes first: once a visitor reads that his job is completed, his data is gone.
    """
    values = {
        "kept_until": keeping.settle(job_id, status, goes_on=_goes_on(store, job_id)),
        "status": status,
        "finished": datetime.now(UTC),
        "error": None if error is None else _error_json(error),
        "result": result or {},
    }
    running = (jobs.c.id == job_id) & (jobs.c.status == "running")
    with store.write() as connection:
        changed = connection.execute(update(jobs).where(running).values(**values)).rowcount == 1
        if changed:
            note_status(connection, job_id, status)
    if changed:
        log_event("job_ended", job=job_id, status=status, code=error.code if error else "")
    return changed


def _goes_on(store: Store, job_id: str) -> bool:
    """Whether a run of this kind can be taken up again; a measurement is simply asked for once more."""
    with store.read() as connection:
        return bool(connection.execute(select(jobs.c.kind).where(jobs.c.id == job_id)).scalar() != "compress")


def plain(value: float) -> float | None:
    """A number as JSON can hold it: None for what is not finite."""
    return float(value) if math.isfinite(value) else None


def _add_events(connection: Connection, job_id: str, new: list[tuple[EventKind, dict[str, Any]]]) -> dict[str, Any]:
    now = datetime.now(UTC)
    progress: dict[str, Any] = {}
    for kind, data in new:
        connection.execute(insert(events).values(job_id=job_id, time=now, kind=kind, data=data))
        if kind == "stage":
            progress = {"stage": data["stage"], "step": 0, "total": 0}
        elif kind == "metrics":
            progress |= {"step": data["step"], "total": data["total"]}
    return progress


def _queue(connection: Connection) -> dict[str, int]:
    place = func.row_number().over(order_by=jobs.c.seq)
    query = select(jobs.c.id, place).where(jobs.c.status == "queued")
    return {row[0]: row[1] for row in connection.execute(query)}


def _record(row: Row[Any], queue: Mapping[str, int]) -> JobRecord:
    error = row.error or {}
    return JobRecord(
        id=row.id,
        kind=row.kind,
        sector=row.sector,
        status=cast(Status, row.status),
        args=row.args,
        stage=row.stage,
        step=row.step,
        total=row.total,
        position=queue.get(row.id, 0),
        created=row.created,
        started=row.started,
        finished=row.finished,
        error=_message(error.get("message")),
        error_code=error.get("code", ""),
        hint=_message(error.get("hint")),
        result=row.result,
        cancelling=row.status == "running" and row.cancel_grace_s is not None,
        backend=row.backend,
        resumes=row.resumes,
        kept_until=row.kept_until,
        resumable=row.kept_until is not None and row.status not in LIVE and keeping.has_snapshot(row.id),
    )


def _error_json(error: AppError) -> dict[str, Any]:
    return {"code": error.code, "message": message_json(error.message), "hint": message_json(error.hint)}


def message_json(message: Message) -> dict[str, Any]:
    """A message as JSON can hold it: its template, and its values as text where they are no plain values."""
    params = {
        name: value if isinstance(value, str | int | float | bool) else str(value)
        for name, value in message.params.items()
    }
    return {"template": message.template, "params": params}


def _message(saved: Mapping[str, Any] | None) -> Message | None:
    return Message(saved["template"], saved["params"]) if saved and saved["template"] else None
