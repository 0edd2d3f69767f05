"""Jobs that ended and go on: what is kept of them, for how long, and who may do it."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from core import access, doctor, jobs
from core.access import AccessRefused, Actor
from core.errors import AppError
from core.jobs import keeping, uploads
from core.settings import settings
from core.store import audit
from core.store.database import open_store
from core.store.schema import jobs as table
from tests.house import until
from tests.jobs.driving import SLOW, cancelled, ended, submit, training, worker_of
from tests.jobs.fake_sector import SLUG

pytestmark = pytest.mark.slow


@pytest.fixture
def warm(shared_house):
    """The shared house, with nothing queued, running or kept in it."""
    for job in jobs.jobs():
        jobs.cancel(job.id, grace_s=0)
    until(lambda: not any(job.live for job in jobs.jobs()))
    for job in jobs.jobs():
        if job.kept_until:
            jobs.forget(job.id)
    return shared_house


def first_step(job_id):
    return next(event.data["step"] for event in jobs.events(job_id) if event.kind == "metrics")


def refused(call) -> str:
    with pytest.raises(AppError) as caught:
        call()
    return caught.value.code


def test_a_cancelled_job_goes_on_from_its_last_snapshot(warm):
    old = cancelled()
    assert old.resumable and old.data_kept
    done = jobs.epochs_kept(old.id)
    hours = (old.kept_until - datetime.now(UTC)) / timedelta(hours=1)
    assert 23.9 < hours < 24
    new_id = jobs.resume(old.id, changes={"epochs": done + 3})
    record = ended(new_id)
    assert (record.status, record.resumes) == ("completed", old.id)
    assert record.args["config"]["epochs"] == done + 3
    assert first_step(new_id) in range(done + 1, done + 4)  # reports of one pulse are thinned to the last
    old = jobs.status(old.id)
    assert (old.resumable, old.kept_until) == (False, None)
    assert not uploads.job_folder(old.id).exists()


def test_nothing_but_the_snapshot_is_kept(warm):
    old = cancelled()
    found = sorted(str(path.relative_to(uploads.job_folder(old.id))) for path in uploads.job_folder(old.id).rglob("*"))
    assert found == [
        "run", "run/snapshot", "run/snapshot/network", "run/snapshot/network/one.safetensors",
        "run/snapshot/network/state.json",
    ]  # fmt: skip


def test_an_upload_is_kept_for_the_resumed_run_and_deleted_after_it(warm):
    path = jobs.keep_upload(b"uploaded", "mine.zip")
    old = cancelled(data=str(path))
    assert old.data_kept
    assert (uploads.job_folder(old.id) / "mine.zip").read_bytes() == b"uploaded"
    new_id = jobs.resume(old.id, changes={"epochs": jobs.epochs_kept(old.id) + 1, "mode": "read"})
    assert ended(new_id).status == "completed"
    assert [path.name for path in uploads.job_folder(new_id).iterdir()] == ["run"]
    assert not jobs.status(new_id).data_kept


def test_a_killed_job_goes_on(warm):
    job_id = submit(data="/usr", **SLOW)
    until(lambda: jobs.epochs_kept(job_id) >= 2)
    os.kill(worker_of(job_id).pid, signal.SIGKILL)
    record = ended(job_id)
    assert (record.status, record.resumable) == ("failed", True)
    new_id = jobs.resume(job_id, changes={"epochs": jobs.epochs_kept(job_id) + 1})
    assert ended(new_id).status == "completed"


def test_a_lost_job_goes_on(warm):
    job_id = submit(data="/usr", **SLOW)
    until(lambda: jobs.epochs_kept(job_id) >= 2)
    supervisor = warm.supervisor()
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not supervisor.alive())
    record = jobs.status(job_id)
    assert (record.status, record.resumable) == ("lost", True)
    new_id = jobs.resume(job_id, changes={"epochs": jobs.epochs_kept(job_id) + 1})
    assert ended(new_id, 60).status == "completed"


def test_a_finished_run_takes_more_epochs(warm):
    job_id = submit(data="/usr", epochs=3)
    record = ended(job_id)
    assert record.status == "completed" and record.resumable
    assert refused(lambda: jobs.resume(job_id)) == "job.finished"
    assert refused(lambda: jobs.resume(job_id, changes={"epochs": 3})) == "job.finished"
    longer = jobs.resume(job_id, changes={"epochs": 5})
    assert ended(longer).status == "completed"
    assert first_step(longer) >= 4
    assert jobs.epochs_kept(longer) == 5


def test_a_finished_run_on_an_upload_asks_for_the_data_again(warm):
    job_id = submit(data=str(jobs.keep_upload(b"uploaded", "mine.zip")), epochs=3)
    assert ended(job_id).status == "completed"
    more = {"epochs": 4, "mode": "read"}
    assert refused(lambda: jobs.resume(job_id, changes=more)) == "job.data_gone"
    again = jobs.keep_upload(b"uploaded", "mine.zip")
    new_id = jobs.resume(job_id, data=again, changes=more)
    assert ended(new_id).status == "completed"
    assert first_step(new_id) == 4
    assert not again.exists()


def test_afresh_means_from_the_beginning(warm):
    old = cancelled()
    new_id = jobs.resume(old.id, changes={"epochs": 3}, afresh=True)
    assert ended(new_id).status == "completed"
    assert jobs.epochs_kept(new_id) == 3


def test_afresh_needs_no_snapshot(warm):
    job_id = submit(data="/usr", mode="crash")
    record = ended(job_id)
    assert (record.resumable, record.kept_until) == (False, None)
    assert refused(lambda: jobs.resume(job_id)) == "job.no_snapshot"
    assert ended(jobs.resume(job_id, changes={"mode": "ok"}, afresh=True)).status == "completed"


def test_a_double_click_resumes_once(warm):
    old = cancelled()
    found = []
    clicks = [threading.Thread(target=lambda: found.append(jobs.resume(old.id))) for _ in range(5)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert len(set(found)) == 1
    training(found[0])
    assert jobs.resume(cancelled_again(found[0])) != found[0]


def cancelled_again(job_id):
    jobs.cancel(job_id)
    assert ended(job_id).status == "cancelled"
    return job_id


def test_a_resumed_job_that_is_cancelled_in_the_queue_takes_nothing(warm):
    old = cancelled()
    busy = submit(steps=10_000, sleep_s=0.01)
    training(busy)
    waiting = jobs.resume(old.id)
    assert refused(lambda: jobs.forget(old.id)) == "job.in_use"
    jobs.cancel(waiting)
    assert jobs.status(waiting).status == "cancelled"
    assert jobs.status(old.id).resumable
    jobs.cancel(busy)


def test_a_live_job_cannot_be_resumed_or_forgotten(warm):
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    assert refused(lambda: jobs.resume(job_id)) == "job.in_use"
    assert refused(lambda: jobs.forget(job_id)) == "job.in_use"
    assert refused(lambda: jobs.resume("../x")) == "job.unknown"
    assert refused(lambda: jobs.forget("../x")) == "job.unknown"
    jobs.cancel(job_id)


def test_forgetting_deletes_at_once(warm):
    old = cancelled(data=str(jobs.keep_upload(b"uploaded", "mine.zip")))
    jobs.forget(old.id)
    assert not uploads.job_folder(old.id).exists()
    record = jobs.status(old.id)
    assert (record.kept_until, record.resumable, record.data_kept) == (None, False, False)
    assert refused(lambda: jobs.resume(old.id)) == "job.data_gone"


def keep_until(job_id, moment):
    with open_store().write() as connection:
        connection.execute(update(table).where(table.c.id == job_id).values(kept_until=moment))


def test_the_janitor_keeps_what_is_kept_and_removes_it_afterwards(warm, monkeypatch):
    monkeypatch.setattr(uploads, "YOUNG_S", 0.0)
    old = cancelled(data=str(jobs.keep_upload(b"uploaded", "mine.zip")))
    stranger = uploads.job_folder("0123456789abcdef")
    stranger.mkdir()
    half = settings().home / ".champions.json.1a2b3c4d"
    half.write_text("{")
    assert set(keeping.sweep(open_store())) == {stranger, half}
    assert doctor.check(repair=True)
    assert jobs.status(old.id).resumable
    keep_until(old.id, datetime.now(UTC) - timedelta(seconds=1))
    assert keeping.sweep(open_store()) == [uploads.job_folder(old.id)]
    assert jobs.status(old.id).kept_until is None


def test_what_a_waiting_job_goes_on_from_outlives_its_time(warm, monkeypatch):
    monkeypatch.setattr(uploads, "YOUNG_S", 0.0)
    old = cancelled()
    busy = submit(steps=10_000, sleep_s=0.01)
    training(busy)
    waiting = jobs.resume(old.id, changes={"epochs": jobs.epochs_kept(old.id) + 1})
    keep_until(old.id, datetime.now(UTC) - timedelta(seconds=1))
    assert keeping.sweep(open_store()) == []
    jobs.cancel(busy)
    assert ended(waiting).status == "completed"
    assert first_step(waiting) > 2


def test_who_may_only_look_starts_and_ends_nothing(warm):
    old, running = cancelled(), submit(steps=10_000, sleep_s=0.01)
    training(running)
    calls = (submit, lambda: jobs.cancel(running), lambda: jobs.resume(old.id), lambda: jobs.forget(old.id))
    with access.acting_as(Actor("somebody", "viewer")):
        for call in calls:
            with pytest.raises(AccessRefused):
                call()
    assert jobs.status(running).live and not jobs.status(running).cancelling
    assert jobs.status(old.id).resumable
    assert sum(job.live for job in jobs.jobs()) == 1
    audit.flush()
    refusals = [entry for entry in audit.entries(10) if entry.action == "access.refused"]
    assert [entry.actor for entry in refusals] == ["somebody"] * 4
    jobs.cancel(running)


def test_each_act_is_on_record_once(warm):
    before = max((entry.seq for entry in audit.entries(1)), default=0)
    with access.acting_as(Actor("presenter", "presenter")):
        old = cancelled()
        new_id = jobs.resume(old.id)
        assert jobs.resume(old.id) == new_id
        training(new_id)
        jobs.cancel(new_id)
        ended(new_id)
        jobs.forget(new_id)
    rows = [entry for entry in reversed(audit.entries(50, after=before)) if entry.action.startswith("job.")]
    assert [(row.action, row.job) for row in rows] == [
        ("job.submit", old.id), ("job.cancel", old.id), ("job.resume", new_id), ("job.cancel", new_id),
        ("job.forget", new_id),
    ]  # fmt: skip
    assert {(row.actor, row.sector, row.code) for row in rows} == {("presenter", SLUG, "ok")}
    assert audit.verify().intact


def test_a_job_is_not_queued_when_that_cannot_be_put_on_record(warm, monkeypatch):
    def unwritable(*_, **__):
        raise audit.unwritable(OSError("disk"))

    count = len(jobs.jobs())
    monkeypatch.setattr(audit.Change, "record", unwritable)
    assert refused(lambda: submit(data=str(jobs.keep_upload(b"uploaded", "mine.zip")))) == "audit.unwritable"
    assert len(jobs.jobs()) == count


def test_a_run_at_half_the_batch_goes_on_with_it(warm):
    """Memory was short when it began; it goes on with the batches that it has learned from so far."""
    job_id = submit(data="/usr", mode="oom_once", **SLOW)
    until(lambda: jobs.epochs_kept(job_id) >= 2)
    jobs.cancel(job_id)
    ended(job_id)
    new_id = jobs.resume(job_id, changes={"epochs": jobs.epochs_kept(job_id) + 1})
    record = ended(new_id)
    assert record.status == "completed"
    assert not [event for event in jobs.events(new_id) if event.kind == "log"]  # memory did not run out again


def test_rows_of_jobs_are_read_with_what_is_kept(warm):
    old = cancelled()
    with open_store().read() as connection:
        assert connection.execute(select(table.c.kept_until).where(table.c.id == old.id)).scalar_one()
    assert next(job for job in jobs.jobs() if job.id == old.id) == jobs.status(old.id)
