"""What everybody who runs queued jobs does with the store: sign on, take the next job, sign off."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, exc, exists, insert, select, update

from core.jobs import records
from core.store.database import Store
from core.store.owners import Owner, parse_owner
from core.store.schema import LIVE, jobs, supervisors


def register(store: Store, name: str, owner: Owner) -> bool:
    """Sign on as the one who runs jobs under `name`; False when somebody who lives has done so before."""
    own = supervisors.c.host == name
    with store.write() as connection:
        found = parse_owner(connection.execute(select(supervisors.c.owner).where(own)).scalar() or "")
        if found and found.alive():
            return False
        connection.execute(delete(supervisors).where(own))
        connection.execute(insert(supervisors).values(host=name, owner=str(owner), started=datetime.now(UTC)))
    return True


def retire(store: Store, owner: Owner, backend: str) -> bool:
    """Sign off if no job of `backend` is live; one submitted later finds nobody and starts somebody."""
    with store.write() as connection:
        own = jobs.c.backend == backend
        if connection.execute(select(exists().where(own, jobs.c.status.in_(LIVE)))).scalar():
            return False
        connection.execute(delete(supervisors).where(supervisors.c.owner == str(owner)))
    return True


def resign(store: Store, owner: Owner) -> None:
    """Sign off whatever waits."""
    with store.write() as connection:
        connection.execute(delete(supervisors).where(supervisors.c.owner == str(owner)))


def claim(store: Store, owner: Owner, lease: str, backend: str, slots: tuple[str, ...] | None = None) -> str | None:
    """Take the oldest queued job of `backend` that asks for one of `slots` (None: for anything); None without one.

    The lease in its row keeps the device for it: while another running job holds the same lease, nothing is taken.
    """
    waiting = (jobs.c.status == "queued") & (jobs.c.backend == backend)
    oldest = select(jobs.c.id).where(waiting).order_by(jobs.c.seq).limit(1)
    if slots is not None:
        oldest = oldest.where(jobs.c.slot.in_(slots))
    with store.read() as connection:
        if connection.execute(oldest).first() is None:
            return None
    values = {"status": "running", "started": datetime.now(UTC), "supervisor": str(owner), "lease": lease}
    try:
        with store.write() as connection:
            job_id = connection.execute(oldest).scalar()
            free = (jobs.c.id == job_id) & (jobs.c.status == "queued")
            if job_id is None or connection.execute(update(jobs).where(free).values(**values)).rowcount == 0:
                return None
            records.note_status(connection, job_id, "running")
    except exc.IntegrityError:  # the device is still leased to a job of a dead supervisor; recovery ends it
        return None
    return str(job_id)
