"""What happens to jobs when a supervisor, a server or a worker is killed, stopped or ends."""

from __future__ import annotations

import os
import signal
import time

import pytest
from sqlalchemy import update

from core import jobs
from core.jobs import recovery
from core.settings import settings
from core.store.database import open_store
from core.store.schema import jobs as table
from tests.house import until
from tests.jobs.driving import ended, submit, submitted_by_a_killed_server, training, worker_of

pytestmark = pytest.mark.slow


@pytest.fixture
def warm(house):
    """A supervisor that has run a job."""
    job_id = submit(steps=1)
    assert ended(job_id).status == "completed"
    return house


def test_cancel_while_the_supervisor_warms_up_is_immediate(house):
    job_id = submit(steps=1000, sleep_s=0.05)
    jobs.cancel(job_id)
    assert jobs.status(job_id).status == "cancelled"


def test_supervisor_killed(warm):
    job_id, waiting = submit(steps=10_000, sleep_s=0.01), submit(steps=1)
    training(job_id)
    worker, supervisor = worker_of(job_id), warm.supervisor()
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.alive())
    record = jobs.status(job_id)
    assert (record.status, record.error_code) == ("lost", "job.lost")
    until(lambda: not worker.alive(), 2)
    assert ended(waiting, 30).status == "completed"  # another supervisor was started
    assert warm.supervisor().pid != supervisor.pid


def test_orphan_ends_itself_when_nobody_looks(warm):
    job_id = submit(mode="deaf", steps=10_000, sleep_s=0.01)
    training(job_id)
    worker = worker_of(job_id)
    os.kill(warm.supervisor().pid, signal.SIGKILL)
    until(lambda: not worker.alive(), 5)
    assert jobs.status(job_id).status == "lost"


def test_supervisor_that_is_told_to_end_ends_its_worker(warm):
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    worker, supervisor = worker_of(job_id), warm.supervisor()
    os.kill(supervisor.pid, signal.SIGTERM)
    until(lambda: not supervisor.alive())
    assert not worker.alive()
    assert jobs.status(job_id).status == "lost"


def test_a_job_goes_on_when_the_server_is_killed(house):
    """The process that submitted it is killed with its whole process group."""
    job_id = submitted_by_a_killed_server(steps=60)
    assert jobs.status(job_id).status == "running"
    assert ended(job_id).status == "completed"


def test_stopped_worker_is_taken_for_hung(house, monkeypatch):
    monkeypatch.setenv("VITRINE_JOB_HEARTBEAT_S", "1")
    settings.cache_clear()
    job_id = submit(mode="stop_self", steps=10_000, sleep_s=0.01)
    record = ended(job_id, 30)
    assert (record.status, record.error_code) == ("failed", "job.hung")
    assert "1 second" in str(record.error)


def test_the_supervisor_ends_when_idle_and_another_starts(house, monkeypatch):
    monkeypatch.setenv("VITRINE_JOB_IDLE_EXIT_S", "0.2")
    settings.cache_clear()
    assert ended(submit(steps=1)).status == "completed"
    until(lambda: house.supervisor() is None)
    assert ended(submit(steps=1)).status == "completed"


def test_a_silent_job_of_another_machine_is_lost(house, monkeypatch):
    monkeypatch.setattr("core.jobs.launcher.ensure_supervisor", lambda _: None)
    job_id = submit(steps=1)
    foreign = {"status": "running", "supervisor": "elsewhere|1|boot-1", "worker": "elsewhere|2|boot-2"}
    with open_store().write() as connection:
        connection.execute(update(table).where(table.c.id == job_id).values(**foreign))
    assert jobs.status(job_id).status == "running"
    monkeypatch.setattr(recovery, "FOREIGN_SILENCE", 0.0)
    time.sleep(0.01)
    assert jobs.status(job_id).status == "lost"
