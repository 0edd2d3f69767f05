"""The process that runs queued jobs: `python -m core.jobs.supervisor`, started on demand, one per machine.

It stays when the server ends, holds one lease per device, and ends after a while without work. Workers are forked
from a helper process that has imported torch once and never touches a GPU, so that a job starts at once.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess

from sqlalchemy import select

from core import catalog
from core.device import device_slots
from core.errors import StoreError
from core.jobs import endings, keeping, launcher, queue, records, recovery, worker
from core.log import log_error, log_event
from core.settings import settings
from core.store.database import Store, open_store
from core.store.owners import host, owner_of, this_process
from core.store.reconcile import reconcile
from core.store.registry import registry
from core.store.schema import jobs

POLL_S = 0.1
RECOVER_S = 1.0
KILL_AFTER_S = 0.3
"""Between the polite and the final signal."""


@dataclass
class Running:
    """A job that has a worker. Times are of the monotonic clock."""

    process: ForkServerProcess
    device: str
    beats: int
    beaten: float
    stop_at: float | None = None
    terminated: float | None = None
    hung: bool = False


class Supervisor:
    """Claims queued jobs, starts workers, ends those that must end, and writes down how the dead ones died."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.owner = this_process()
        self.running: dict[str, Running] = {}
        self.stopping = threading.Event()
        self._context = _forkserver()
        self._warm = threading.Event()
        self._worked = time.monotonic()
        self._recovered = 0.0
        self._swept = 0.0

    def register(self) -> bool:
        """Become the supervisor of this machine; False when another one runs."""
        return queue.register(self.store, host(), self.owner)

    def retire(self) -> bool:
        """Step back if nothing waits; a job submitted later finds no supervisor and starts one."""
        return queue.retire(self.store, self.owner, recovery.LOCAL)

    def warm_up(self) -> None:
        """Have the helper process import its modules; jobs stay in the queue, and can be cancelled, until it did.

        The helper begins as a copy of this thread and takes its priority. The supervisor keeps its own: it does next
        to nothing, but has to end a worker in time however busy the machine is.
        """
        if sys.platform == "linux" and os.nice(0) < worker.NICE:
            os.nice(worker.NICE - os.nice(0))  # of this thread alone
        process = self._context.Process(target=_nothing)
        process.start()
        process.join()
        process.close()
        self._warm.set()

    def run(self) -> None:
        """Work until there was nothing to do for a while, or until SIGTERM."""
        self._sweep()
        reconcile(registry())
        threading.Thread(target=self.warm_up, name="warm-up", daemon=True).start()
        while not self.stopping.is_set():
            try:
                self.turn()
                if self.running:
                    self._worked = time.monotonic()
                elif time.monotonic() - self._worked > settings().job_idle_exit_s and self.retire():
                    return
            except StoreError as error:  # busy or damaged: the workers go on, so does the watch over them
                log_event("supervisor_store_trouble", level="ERROR", code=error.code)
                time.sleep(1.0)
            if self.running:  # wakes at once when a worker ends
                wait([entry.process.sentinel for entry in self.running.values()], timeout=POLL_S)
            else:
                self.stopping.wait(POLL_S)
        self._abandon()

    def turn(self) -> None:
        """One round of everything."""
        for job_id in [job_id for job_id, entry in self.running.items() if not entry.process.is_alive()]:
            self._bury(job_id)
        if time.monotonic() - self._recovered > RECOVER_S:
            recovery.recover(self.store)
            self._recovered = time.monotonic()
        if time.monotonic() - self._swept > keeping.SWEEP_S:
            self._sweep()
        self._watch()
        if self._warm.is_set():
            for device in device_slots():
                if device not in [entry.device for entry in self.running.values()]:
                    self._start_next(device)

    def _start_next(self, device: str) -> None:
        job_id = self._claim(device)
        if job_id is None:
            return
        process = self._context.Process(target=worker.main, args=(job_id, os.getpid(), device), name=job_id)
        try:
            process.start()
        except (OSError, EOFError) as error:  # no memory or no file handles left, or the helper process is gone
            log_error(error, job=job_id)
            records.finish(self.store, job_id, "failed", endings.not_started())
            return
        self.running[job_id] = Running(process, device, beats=0, beaten=time.monotonic())
        log_event("job_started", job=job_id, worker=process.pid, device=device)

    def _claim(self, device: str) -> str | None:
        """Take the oldest job that may run on `device`; the lease in its row keeps the device for it."""
        wanted = ("auto", device) if device != "cpu" or len(device_slots()) == 1 else (device,)
        return queue.claim(self.store, self.owner, f"{host()}/{device}", recovery.LOCAL, wanted)

    def _watch(self) -> None:
        """End workers whose time to stop is over and workers that fell silent."""
        if not self.running:
            return
        columns = (jobs.c.id, jobs.c.cancel_grace_s, jobs.c.beats)
        with self.store.read() as connection:
            rows = connection.execute(select(*columns).where(jobs.c.id.in_(self.running))).all()
        now = time.monotonic()
        for row in rows:
            entry = self.running[row.id]
            if row.beats != entry.beats:
                entry.beats, entry.beaten = row.beats, now
            if entry.stop_at is None and row.cancel_grace_s is not None:
                entry.stop_at = now + row.cancel_grace_s
            if not entry.hung and now - entry.beaten > settings().job_heartbeat_s:
                entry.hung = True
                log_event("worker_silent", level="WARNING", job=row.id, worker=entry.process.pid)
            if entry.hung or (entry.stop_at is not None and now > entry.stop_at):
                _end(entry, now)

    def _bury(self, job_id: str) -> None:
        """Write down the end of a job whose worker is gone, unless the worker did so itself."""
        entry = self.running[job_id]
        code = entry.process.exitcode
        with self.store.read() as connection:
            query = select(jobs.c.status, jobs.c.cancel_grace_s, jobs.c.worker).where(jobs.c.id == job_id)
            row = connection.execute(query).one()
        if row.status == "running":
            if row.cancel_grace_s is not None and not entry.hung:
                recovery.end_without_word(self.store, job_id, "cancelled")
            else:
                log_event("worker_died", level="ERROR", job=job_id, exit=code)
                error = endings.hung() if entry.hung else endings.killed(code)
                recovery.end_without_word(self.store, job_id, "failed", error)
            reconcile(registry())  # it may have died while it registered
        del self.running[job_id]
        entry.process.close()

    def _abandon(self) -> None:
        """End the workers because this process was told to end."""
        for job_id, entry in self.running.items():
            owner_of(entry.process.pid or 0).kill_group()
            entry.process.join(5.0)
            recovery.end_without_word(self.store, job_id, "lost", recovery.lost())
        queue.resign(self.store, self.owner)

    def _sweep(self) -> None:
        keeping.sweep(self.store)
        self._swept = time.monotonic()


def _forkserver() -> ForkServerContext:
    context = mp.get_context("forkserver")
    # A helper that used a GPU could not be forked: only modules are imported in it, no model is made.
    context.set_forkserver_preload([*_preload(), "core.jobs.worker"])
    return context


def _preload() -> tuple[str, ...]:
    chosen = settings().job_preload
    if chosen is not None:
        return chosen
    tasks = sorted({f"core.tasks.{sector.task}.task" for sector in catalog.SECTORS})
    return ("torch", "torch._dynamo", *tasks)


def _nothing() -> None:
    """Job of the process that is forked only to wait for the helper's imports."""


def _end(entry: Running, now: float) -> None:
    worker_process = owner_of(entry.process.pid or 0)
    if entry.terminated is None:
        entry.terminated = now
        # A stopped process does not see SIGTERM before it is continued; one that is hung gets no second chance.
        worker_process.kill_group(polite=not entry.hung)
    elif now - entry.terminated > KILL_AFTER_S:
        worker_process.kill_group()


def main() -> int:
    """Run the supervisor; ends at once when another one does its work already."""
    supervisor = Supervisor(open_store())
    signal.signal(signal.SIGTERM, lambda *_: supervisor.stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not supervisor.register():
        return 0
    return launcher.run_to_the_end("supervisor", supervisor.run)


if __name__ == "__main__":
    sys.exit(main())
