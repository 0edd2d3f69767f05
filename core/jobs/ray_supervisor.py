"""The process that looks after jobs on a Ray cluster: `python -m core.jobs.ray_supervisor`, started on demand.

It takes the queue's next job for each place that is free, watches over the running ones, ends those that must end, and
writes down how the dead ones died. Jobs go on when it dies; the next one takes them over by their names.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from core.contracts import N_
from core.errors import JobError, StoreError
from core.jobs import endings, launcher, queue, records, recovery
from core.jobs.ray_backend import (
    NAME,
    NODE_LOST,
    cluster_token,
    head_address,
    node_lost,
    orphaned,
    supervisor_name,
    unreachable,
)
from core.jobs.ray_node import HOME_ID, Order, Outcome, code_fingerprint, home_id
from core.log import log_error, log_event
from core.settings import settings
from core.store.database import Store, open_store
from core.store.files import write_whole
from core.store.owners import this_process
from core.store.reconcile import reconcile
from core.store.registry import registry
from core.store.schema import jobs

if TYPE_CHECKING:  # whoever imports Ray has a token in the environment first
    from core.jobs.ray_cluster import Cluster, Keeper, Place

POLL_S = 0.1
PLACES_S = 1.0
"""How often the cluster is asked for its nodes while jobs wait."""
CONNECT_S = 15.0
"""A cluster that has not let us in by then counts as out of reach; left alone, Ray tries for minutes."""
START_S = 120.0
"""A node may need this long to import everything from a cold disk."""
SETTLE_S = 2.0
"""A job that said how it ended is given this long to end."""
KILL_AFTER_S = 0.3
"""Between the polite and the forced end, and between that and the end of an actor that does not answer."""


@dataclass
class Watched:
    """A running job. Times are of the monotonic clock."""

    keeper: Keeper
    started: float
    beats: int = -1
    beaten: float = 0.0
    stop_at: float | None = None
    ending: float | None = None
    forced: bool = False
    hung: bool = False


class RaySupervisor:
    """Does for jobs on a cluster what `Supervisor` does for those of this machine."""

    def __init__(self, store: Store, cluster: Cluster) -> None:
        self.store = store
        self.cluster = cluster
        self.owner = this_process()
        self.running: dict[str, Watched] = {}
        self.stopping = threading.Event()
        self._worked = time.monotonic()
        self._asked = 0.0

    def run(self) -> None:
        """Work until there was nothing to do for a while, or until SIGTERM; the jobs go on then."""
        reconcile(registry())
        if not home_id():
            write_whole(settings().home / HOME_ID, secrets.token_hex(16))
        self.adopt()
        while not self.stopping.wait(POLL_S):
            try:
                self.turn()
                if self._idle() and queue.retire(self.store, self.owner, NAME):
                    return
            except StoreError as error:  # busy or damaged: the jobs go on
                log_event("supervisor_store_trouble", level="ERROR", code=error.code)
                time.sleep(1.0)
        queue.resign(self.store, self.owner)

    def adopt(self) -> None:
        """Take over the jobs of a dead predecessor, and end the actors that nobody needs any more."""
        # In this order: a job is on record as running before its actor is there.
        with_actor = self.cluster.jobs()
        with self.store.read() as connection:
            query = select(jobs.c.id, jobs.c.supervisor)
            rows = connection.execute(query.where(jobs.c.status == "running", jobs.c.backend == NAME)).all()
        for row in rows:
            if not orphaned(row.supervisor):
                continue
            keeper = self.cluster.find(row.id)
            if keeper is None:
                recovery.end_without_word(self.store, row.id, "lost", node_lost())
                continue
            with self.store.write() as connection:
                connection.execute(update(jobs).where(jobs.c.id == row.id).values(supervisor=str(self.owner)))
            self.running[row.id] = Watched(keeper, time.monotonic())
            log_event("job_adopted", job=row.id)
        for job_id in set(with_actor) - {row.id for row in rows}:
            if (left := self.cluster.find(job_id)) is not None:
                left.destroy()

    def turn(self) -> None:
        """One round of everything."""
        for job_id in list(self.running):
            outcome = self.running[job_id].keeper.look()
            if outcome is not None:
                self._bury(job_id, outcome)
        self._watch()
        if time.monotonic() - self._asked > PLACES_S and self._waiting():
            self._asked = time.monotonic()
            self._fill()

    def _idle(self) -> bool:
        """Whether there was nothing to do for so long; true once per such while."""
        now = time.monotonic()
        if not self.running and now - self._worked <= settings().job_idle_exit_s:
            return False
        self._worked = now
        return not self.running

    def _waiting(self) -> bool:
        own = (jobs.c.status == "queued") & (jobs.c.backend == NAME)
        with self.store.read() as connection:
            return connection.execute(select(jobs.c.id).where(own).limit(1)).first() is not None

    def _fill(self) -> None:
        """Start the next jobs, one for each free place."""
        places = self.cluster.places()
        with_gpu = any(place.gpu for place in places)
        if places and not with_gpu:
            refuse(self.store, no_gpu(), self._slots(gpu=True))
        with self.store.read() as connection:
            query = select(jobs.c.lease).where(jobs.c.status == "running")
            leased = set(connection.execute(query).scalars())
        for place in places:
            if place.lease in leased or not self.cluster.free(place):
                continue
            job_id = self._claim(place, with_gpu)
            if job_id is not None:
                self._start(job_id, place)

    def _claim(self, place: Place, with_gpu: bool) -> str | None:
        """The oldest job that may run at a place: one that leaves it to us takes a GPU where the cluster has any."""
        wanted = self._slots(place.gpu)
        if place.gpu or not with_gpu:
            wanted = (*wanted, "auto")
        return queue.claim(self.store, self.owner, place.lease, NAME, wanted)

    def _slots(self, gpu: bool) -> tuple[str, ...]:
        """The devices that waiting jobs ask for by name; whose number a GPU has means nothing on a cluster."""
        query = select(jobs.c.slot).where(jobs.c.status == "queued", jobs.c.backend == NAME, jobs.c.slot != "auto")
        with self.store.read() as connection:
            asked = set(connection.execute(query).scalars())
        return tuple(sorted(slot for slot in asked if slot.startswith("cuda") == gpu))

    def _start(self, job_id: str, place: Place) -> None:
        order = Order(
            job_id=job_id,
            device="cuda:0" if place.gpu else "cpu",
            environment=settings().environment(),
            caller=self.owner,
            code=code_fingerprint(),
            home=home_id(),
        )
        self.running[job_id] = Watched(self.cluster.start(order, place), time.monotonic())
        log_event("job_started", job=job_id, node=place.node, device=place.device)

    def _watch(self) -> None:
        """End jobs whose time to stop is over, jobs that fell silent, and what is left of those that have ended."""
        columns = (jobs.c.id, jobs.c.status, jobs.c.cancel_grace_s, jobs.c.beats, jobs.c.worker)
        with self.store.read() as connection:
            rows = connection.execute(select(*columns).where(jobs.c.id.in_(self.running))).all()
        now = time.monotonic()
        for row in rows:
            entry = self.running[row.id]
            if row.beats != entry.beats:
                entry.beats, entry.beaten = row.beats, now
            if entry.stop_at is None and row.status != "running":
                entry.stop_at = now + SETTLE_S
            elif entry.stop_at is None and row.cancel_grace_s is not None:
                entry.stop_at = now + row.cancel_grace_s
            if not row.worker and now - entry.started < START_S:
                self._beat_for(row.id, entry, now)
            elif not entry.hung and now - entry.beaten > settings().job_heartbeat_s:
                entry.hung = True
                log_event("worker_silent", level="WARNING", job=row.id)
            if entry.hung or (entry.stop_at is not None and now > entry.stop_at):
                self._end(row.id, entry, now)

    def _beat_for(self, job_id: str, entry: Watched, now: float) -> None:
        """A job whose process is not there yet cannot beat, and would be taken for lost by everybody who looks."""
        if now - entry.beaten > settings().job_heartbeat_s / 6:
            with self.store.write() as connection:
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(beats=jobs.c.beats + 1))

    def _end(self, job_id: str, entry: Watched, now: float) -> None:
        """Politely, then by force, then with its actor: a node that does not answer holds nothing up."""
        if entry.ending is None:
            entry.ending = now
            entry.keeper.end(polite=not entry.hung)
        elif now - entry.ending > 2 * KILL_AFTER_S:
            self._bury(job_id, Outcome())
        elif now - entry.ending > KILL_AFTER_S and not entry.forced:
            entry.forced = True
            entry.keeper.end(polite=False)

    def _bury(self, job_id: str, outcome: Outcome) -> None:
        """Write down the end of a job whose process is gone, unless it did so itself, and end its actor."""
        entry = self.running[job_id]
        with self.store.read() as connection:
            query = select(jobs.c.status, jobs.c.cancel_grace_s).where(jobs.c.id == job_id)
            row = connection.execute(query).one()
        if row.status == "running" and row.cancel_grace_s is not None and not entry.hung:
            recovery.end_without_word(self.store, job_id, "cancelled")
        elif row.status == "running":
            error = outcome.error or (endings.hung() if entry.hung else endings.killed(outcome.code))
            log_event("worker_died", level="ERROR", job=job_id, exit=outcome.code, code=error.code)
            recovery.end_without_word(self.store, job_id, "lost" if error.code == NODE_LOST else "failed", error)
        entry.keeper.destroy()
        del self.running[job_id]


def no_gpu() -> JobError:
    """The error of a job that asks for a GPU where the cluster has none."""
    return JobError(
        "ray.no_gpu",
        N_("No node of the Ray cluster has a GPU."),
        N_("Choose auto or cpu, or add a node with a GPU to the cluster."),
    )


def refuse(store: Store, error: JobError, slots: tuple[str, ...] | None = None) -> None:
    """Fail the waiting jobs that ask for one of `slots` (None: all) with the reason why they cannot be run."""
    owner = this_process()
    while job_id := queue.claim(store, owner, f"{supervisor_name()}/refused", NAME, slots):
        records.finish(store, job_id, "failed", error)


def namespace() -> str:
    """The name that the actors of this store have in common: two installations may share a cluster."""
    here = f"{settings().store_url} {settings().home.resolve()}"
    return f"vitrine-{hashlib.sha256(here.encode()).hexdigest()[:12]}"


def join() -> Cluster:
    """Join the configured cluster. Raises `JobError` when that cannot be, after `CONNECT_S` seconds at the latest."""
    head_address()
    token = cluster_token()
    os.environ["RAY_AUTH_MODE"] = "token"  # read once, when Ray is imported
    found: list[Cluster | JobError] = []

    def work() -> None:
        from core.jobs import ray_cluster

        try:
            found.append(ray_cluster.connect(settings().ray_address, namespace(), token))
        except JobError as error:
            found.append(error)
        except Exception as error:  # noqa: BLE001  (whatever Ray's layers raise: the visitor is told that it is not there)
            log_error(error)

    # In a thread of its own Ray leaves the signal handlers alone, and cannot hold up the answer.
    thread = threading.Thread(target=work, name="ray-connect", daemon=True)
    thread.start()
    thread.join(CONNECT_S)
    if not found:
        raise unreachable()
    if isinstance(found[0], JobError):
        raise found[0]
    return found[0]


def main() -> int:
    """Look after the jobs on the cluster; ends at once when another process of this machine does so already."""
    store, owner = open_store(), this_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not queue.register(store, supervisor_name(), owner):
        return 0
    try:
        supervisor = RaySupervisor(store, join())
    except JobError as error:
        log_event("ray_refused", level="ERROR", code=error.code)
        refuse(store, error)
        queue.resign(store, owner)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: supervisor.stopping.set())
    return launcher.run_to_the_end("ray_supervisor", supervisor.run)


if __name__ == "__main__":
    # Ray's own threads may hang at the interpreter's end once their cluster is gone.
    code = main()
    sys.stdout.flush()
    os._exit(code)
