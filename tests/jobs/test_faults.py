"""Jobs with a real supervisor and real workers, and what happens when one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from sqlalchemy import select, update

from core import jobs
from core.errors import JobError, StoreError
from core.jobs import recovery, uploads
from core.settings import ROOT, settings
from core.store.database import open_store
from core.store.owners import parse_owner
from core.store.schema import jobs as table
from tests.house import until
from tests.jobs.fake_sector import SLUG

pytestmark = pytest.mark.slow


def submit(key="", data="/nowhere", slot="auto", **config) -> str:
    return jobs.submit("train", {"sector": SLUG, "config": config, "data": data, "name": "mine"}, slot=slot, key=key)


def ended(job_id, timeout=20.0):
    until(lambda: not jobs.status(job_id).live, timeout)
    return jobs.status(job_id)


def training(job_id):
    return until(lambda: jobs.status(job_id).step > 0 and jobs.status(job_id))


def worker_of(job_id):
    with open_store().read() as connection:
        return parse_owner(connection.execute(select(table.c.worker).where(table.c.id == job_id)).scalar_one())


@pytest.fixture
def warm(house):
    """A supervisor that has run a job."""
    job_id = submit(steps=1)
    assert ended(job_id).status == "completed"
    return house


def test_a_job_runs_and_registers_its_version(house):
    job_id = submit(steps=6, sleep_s=0.05)
    assert jobs.status(job_id).position == 1
    record = ended(job_id)
    assert (record.status, record.result, record.error) == ("completed", {"version": 1}, None)
    assert record.created <= record.started <= record.finished
    version = house.registry.resolve(SLUG, "challenger")
    assert (version.number, version.name, version.job_id) == (1, "mine", job_id)
    seen = jobs.events(job_id)
    assert [event.data["status"] for event in seen if event.kind == "status"] == ["queued", "running", "completed"]
    assert [event.data["stage"] for event in seen if event.kind == "stage"] == ["read", "train", "register"]
    last = [event for event in seen if event.kind == "metrics"][-1]
    assert last.data == {"stage": "train", "step": 6, "total": 6, "metrics": {"loss": 1 / 6}}
    assert jobs.events(job_id, after=seen[2].seq) == seen[3:]
    assert not uploads.job_folder(job_id).exists()
    assert [job.id for job in jobs.jobs(SLUG)] == [job_id]
    assert jobs.jobs("medical") == []


def test_worker_runs_behind_the_pages(warm):
    job_id = submit(steps=200, sleep_s=0.05)
    training(job_id)
    assert psutil.Process(worker_of(job_id).pid).nice() == 19
    jobs.cancel(job_id)


def test_uploaded_data_is_used_and_deleted(warm):
    path = jobs.keep_upload(b"uploaded", "../../Zhang San.ZIP")
    assert path.is_relative_to(settings().home)
    assert path.name == "data.zip"
    job_id = submit(mode="read", data=str(path))
    assert ended(job_id).status == "completed"
    assert not path.parent.exists()
    assert list((settings().home / "jobs").iterdir()) == []


def test_the_same_upload_cannot_be_used_twice(house):
    path = jobs.keep_upload(b"uploaded", "a.zip")
    submit(data=str(path), steps=1)
    with pytest.raises(JobError) as caught:
        submit(data=str(path), steps=1)
    assert caught.value.code == "job.data_gone"


def test_a_double_click_starts_one_job(house):
    found = []

    def click():
        found.append(submit(key="click", data=str(jobs.keep_upload(b"uploaded", "a.zip")), steps=100, sleep_s=0.05))

    clicks = [threading.Thread(target=click) for _ in range(6)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert len(set(found)) == 1
    assert len(jobs.jobs()) == 1
    assert list((settings().home / "uploads").iterdir()) == []
    training(found[0])
    assert submit(key="click", steps=1) == found[0]
    jobs.cancel(found[0])
    ended(found[0])
    second = submit(key="click", steps=1)
    assert second != found[0]
    assert ended(second).status == "completed"


def test_queued_jobs_know_their_place_and_run_in_order(warm):
    first, second, third = (submit(steps=30, sleep_s=0.05) for _ in range(3))
    training(first)
    assert [jobs.status(job).position for job in (first, second, third)] == [0, 1, 2]
    jobs.cancel(second)
    assert jobs.status(second).status == "cancelled"
    assert not uploads.job_folder(second).exists()
    assert jobs.status(third).position == 1
    assert jobs.status(third).status == "queued"  # one device, one job
    jobs.cancel(first)
    assert ended(third).status == "completed"


def test_cancel_stops_within_two_seconds(warm):
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    began = time.monotonic()
    jobs.cancel(job_id)
    record = ended(job_id)
    assert time.monotonic() - began < 2
    assert record.status == "cancelled"
    assert record.error is None
    jobs.cancel(job_id)
    assert jobs.status(job_id).status == "cancelled"
    assert not uploads.job_folder(job_id).exists()
    assert [version.number for version in warm.registry.versions(SLUG)] == [1, 0]


def test_cancel_while_the_supervisor_warms_up_is_immediate(house):
    job_id = submit(steps=1000, sleep_s=0.05)
    jobs.cancel(job_id)
    assert jobs.status(job_id).status == "cancelled"


def test_a_deaf_job_is_killed_after_the_grace(warm):
    job_id = submit(mode="deaf", steps=10_000, sleep_s=0.01)
    training(job_id)
    worker = worker_of(job_id)
    jobs.cancel(job_id, grace_s=0.5)
    assert jobs.status(job_id).cancelling
    assert ended(job_id).status == "cancelled"
    assert not worker.alive()


def test_worker_killed(warm):
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    began = time.monotonic()
    os.kill(worker_of(job_id).pid, signal.SIGKILL)
    record = ended(job_id)
    assert time.monotonic() - began < 2
    assert (record.status, record.error_code) == ("failed", "job.killed")
    assert "SIGKILL" in str(record.error)
    assert not uploads.job_folder(job_id).exists()
    assert ended(submit(steps=1)).status == "completed"


def test_worker_that_was_killed_after_registering_is_completed(warm):
    """The version is there: saying "failed" would be wrong."""
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    version = warm.registry.register(SLUG, warm.staged(), job_id=job_id)
    os.kill(worker_of(job_id).pid, signal.SIGKILL)
    record = ended(job_id)
    assert (record.status, record.result) == ("completed", {"version": version.number})


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
    code = (
        "import time; from tests.jobs import preload; from core import jobs;"
        "print(jobs.submit('train', {'sector': 'fake', 'config': {'steps': 60, 'sleep_s': 0.05}, 'data': '/x'}));"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    ) as server:
        job_id = server.stdout.readline().decode().strip()
        training(job_id)
        os.killpg(server.pid, signal.SIGKILL)
    assert jobs.status(job_id).status == "running"
    assert ended(job_id).status == "completed"


def test_stopped_worker_is_taken_for_hung(house, monkeypatch):
    monkeypatch.setenv("VITRINE_JOB_HEARTBEAT_S", "1")
    settings.cache_clear()
    job_id = submit(mode="stop_self", steps=10_000, sleep_s=0.01)
    record = ended(job_id, 30)
    assert (record.status, record.error_code) == ("failed", "job.hung")
    assert "1 second" in str(record.error)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("nan", "job.loss_not_finite"),
        ("oom", "job.out_of_memory"),
        ("disk", "job.disk_full"),
        ("crash", "job.crashed"),
        ("secret", "job.unexpected"),
        ("broken", "model.broken"),
    ],
)
def test_failures_are_explained_and_leave_nothing(house, mode, code):
    job_id = submit(mode=mode)
    record = ended(job_id)
    assert (record.status, record.error_code) == ("failed", code)
    assert record.hint or code == "model.broken"
    assert not uploads.job_folder(job_id).exists()
    assert [version.number for version in house.registry.versions(SLUG)] == [0]
    log = (house.home / "logs" / "vitrine.log").read_text()
    assert "Zhang" not in str(record.error) + log + (house.home / "logs" / "supervisor.out").read_text()
    if mode == "secret":
        assert record.error.params["reference"] in log
    if mode == "oom":
        assert "4" in str(record.error)


def test_out_of_memory_is_tried_again_with_half_the_batch(house):
    job_id = submit(mode="oom_once")
    assert ended(job_id).status == "completed"
    (said,) = [event for event in jobs.events(job_id) if event.kind == "log"]
    assert said.data["params"] == {"size": 4}


def test_options_that_do_not_fit_are_refused(house):
    record = ended(submit(no_such_option=1))
    assert (record.status, record.error_code) == ("failed", "job.config")


def test_the_supervisor_ends_when_idle_and_another_starts(house, monkeypatch):
    monkeypatch.setenv("VITRINE_JOB_IDLE_EXIT_S", "0.2")
    settings.cache_clear()
    assert ended(submit(steps=1)).status == "completed"
    until(lambda: house.supervisor() is None)
    assert ended(submit(steps=1)).status == "completed"


def test_a_second_supervisor_gives_way(warm):
    before = warm.supervisor()
    code = subprocess.run([sys.executable, "-m", "core.jobs.supervisor"], cwd=ROOT, timeout=30, check=False)
    assert code.returncode == 0
    assert warm.supervisor() == before


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


def test_wrong_requests_are_refused(house):
    for call, code in (
        (lambda: jobs.submit("dance", {"sector": SLUG}), "job.unknown_kind"),
        (lambda: jobs.submit("train", {"sector": "nowhere"}), "registry.unknown_sector"),
        (lambda: submit(slot="cuda:7"), "job.unknown_slot"),
        (lambda: jobs.status("../x"), "job.unknown"),
    ):
        with pytest.raises((JobError, StoreError)) as caught:
            call()
        assert caught.value.code == code
    assert jobs.jobs() == []
