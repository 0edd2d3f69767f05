"""Jobs with one real supervisor and real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from core import jobs
from core.errors import JobError, StoreError
from core.jobs import uploads
from core.settings import ROOT, settings
from tests.house import until
from tests.jobs.driving import ended, submit, training, worker_of
from tests.jobs.fake_sector import SLUG


@pytest.fixture
def warm(shared_house):
    """The shared house, with nothing queued or running in it."""
    for job in jobs.jobs():
        jobs.cancel(job.id, grace_s=0)
    until(lambda: not any(job.live for job in jobs.jobs()))
    return shared_house


def numbers(house):
    return [version.number for version in house.registry.versions(SLUG)]


@pytest.mark.slow
def test_a_job_runs_and_registers_its_version(warm):
    job_id = submit(steps=6, sleep_s=0.05)
    assert jobs.status(job_id).position == 1
    record = ended(job_id)
    assert (record.status, record.error) == ("completed", None)
    assert record.created <= record.started <= record.finished
    version = warm.registry.resolve(SLUG, "challenger")
    assert record.result == {"version": version.number}
    assert (version.name, version.job_id) == ("mine", job_id)
    seen = jobs.events(job_id)
    assert [event.data["status"] for event in seen if event.kind == "status"] == ["queued", "running", "completed"]
    assert [event.data["stage"] for event in seen if event.kind == "stage"] == ["read", "train", "compare", "register"]
    last = [event for event in seen if event.kind == "metrics"][-1]
    assert last.data == {"stage": "train", "step": 6, "total": 6, "metrics": {"loss": 1 / 6}}
    assert jobs.events(job_id, after=seen[2].seq) == seen[3:]
    assert not uploads.job_folder(job_id).exists()
    assert jobs.jobs(SLUG, limit=1)[0].id == job_id
    assert jobs.jobs("medical") == []


@pytest.mark.slow
def test_worker_runs_behind_the_pages(warm):
    job_id = submit(steps=200, sleep_s=0.05)
    training(job_id)
    assert psutil.Process(worker_of(job_id).pid).nice() == 19
    jobs.cancel(job_id)


@pytest.mark.slow
def test_uploaded_data_is_used_and_deleted(warm):
    path = jobs.keep_upload(b"uploaded", "../../Zhang San.ZIP")
    assert path.is_relative_to(settings().home)
    assert path.name == "zhang-san.zip"
    job_id = submit(mode="read", data=str(path))
    assert ended(job_id).status == "completed"
    assert not path.parent.exists()
    assert list((settings().home / "jobs").iterdir()) == []


def test_the_same_upload_cannot_be_used_twice(warm):
    path = jobs.keep_upload(b"uploaded", "a.zip")
    submit(data=str(path), steps=1)
    with pytest.raises(JobError) as caught:
        submit(data=str(path), steps=1)
    assert caught.value.code == "job.data_gone"


@pytest.mark.slow
def test_a_double_click_starts_one_job(warm):
    found = []

    def click():
        found.append(submit(key="click", data=str(jobs.keep_upload(b"uploaded", "a.zip")), steps=100, sleep_s=0.05))

    clicks = [threading.Thread(target=click) for _ in range(6)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert len(set(found)) == 1
    assert sum(job.live for job in jobs.jobs()) == 1
    assert list((settings().home / "uploads").iterdir()) == []
    training(found[0])
    assert submit(key="click", steps=1) == found[0]
    jobs.cancel(found[0])
    ended(found[0])
    second = submit(key="click", steps=1)
    assert second != found[0]
    assert ended(second).status == "completed"


@pytest.mark.slow
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


@pytest.mark.slow
def test_cancel_stops_within_two_seconds(warm):
    before = numbers(warm)
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
    assert numbers(warm) == before


@pytest.mark.slow
def test_a_deaf_job_is_killed_after_the_grace(warm):
    job_id = submit(mode="deaf", steps=10_000, sleep_s=0.01)
    training(job_id)
    worker = worker_of(job_id)
    began = time.monotonic()
    jobs.cancel(job_id)
    assert jobs.status(job_id).cancelling
    assert ended(job_id).status == "cancelled"
    assert time.monotonic() - began < 2
    assert not worker.alive()


@pytest.mark.slow
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


@pytest.mark.slow
def test_worker_that_was_killed_after_registering_is_completed(warm):
    """The version is there: saying "failed" would be wrong."""
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    version = warm.registry.register(SLUG, warm.staged(), job_id=job_id)
    os.kill(worker_of(job_id).pid, signal.SIGKILL)
    record = ended(job_id)
    assert (record.status, record.result) == ("completed", {"version": version.number})


@pytest.mark.slow
def test_a_job_cancelled_after_registering_is_completed(warm):
    """The version is there: saying that nothing was changed would be wrong."""
    job_id = submit(mode="deaf", steps=10_000, sleep_s=0.01)
    training(job_id)
    version = warm.registry.register(SLUG, warm.staged(), job_id=job_id)
    jobs.cancel(job_id, grace_s=0)
    record = ended(job_id)
    assert (record.status, record.result) == ("completed", {"version": version.number})


@pytest.mark.slow
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
def test_failures_are_explained_and_leave_nothing(warm, mode, code):
    before = numbers(warm)
    job_id = submit(mode=mode)
    record = ended(job_id)
    assert (record.status, record.error_code) == ("failed", code)
    assert record.hint or code == "model.broken"
    assert not uploads.job_folder(job_id).exists()
    assert numbers(warm) == before
    log = (warm.home / "logs" / "vitrine.log").read_text()
    assert "Zhang" not in str(record.error) + log + (warm.home / "logs" / "supervisor.out").read_text()
    if mode == "secret":
        assert record.error.params["reference"] in log
    if mode == "oom":
        assert "4" in str(record.error)


@pytest.mark.slow
def test_out_of_memory_is_tried_again_with_half_the_batch(warm):
    job_id = submit(mode="oom_once")
    assert ended(job_id).status == "completed"
    (said,) = [event for event in jobs.events(job_id) if event.kind == "log"]
    assert said.data["params"] == {"size": 4}


def test_options_that_do_not_fit_are_refused(warm):
    record = ended(submit(no_such_option=1))
    assert (record.status, record.error_code) == ("failed", "job.config")


@pytest.mark.slow
def test_a_second_supervisor_gives_way(warm):
    before = warm.supervisor()
    code = subprocess.run([sys.executable, "-m", "core.jobs.supervisor"], cwd=ROOT, timeout=30, check=False)
    assert code.returncode == 0
    assert warm.supervisor() == before


def test_wrong_requests_are_refused(warm):
    for call, code in (
        (lambda: jobs.submit("dance", {"sector": SLUG}), "job.unknown_kind"),
        (lambda: jobs.submit("train", {"sector": "nowhere"}), "registry.unknown_sector"),
        (lambda: submit(slot="cuda:7"), "job.unknown_slot"),
        (lambda: jobs.status("../x"), "job.unknown"),
    ):
        with pytest.raises((JobError, StoreError)) as caught:
            call()
        assert caught.value.code == code
    assert not any(job.live for job in jobs.jobs())
