"""What a run writes into the store, without a process of its own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.contracts import Message
from core.errors import JobError, StoreError
from core.jobs import events, records, status
from core.jobs.run import StoreRun
from core.jobs.supervisor import Supervisor
from core.store.database import Store, open_store
from core.store.owners import owner_of, parse_owner, this_process
from core.store.schema import jobs
from tests.house import until
from tests.jobs.driving import submit


@pytest.fixture
def job_id(house):
    store = open_store()
    job = records.NewJob(records.new_id(), "train", {"sector": "fake"}, "auto", "")
    records.add(store, job, lambda: None)
    with store.write() as connection:
        connection.execute(update(jobs).values(status="running"))
    return job.id


@pytest.fixture
def run(house, job_id):
    return StoreRun(open_store(), job_id, house.home, seed=0, supervisor=this_process())


def metrics(job_id):
    return [event.data for event in records.read_events(open_store(), job_id, 0) if event.kind == "metrics"]


def test_reports_are_thinned_but_no_other_metric_is_lost(run, job_id):
    with run:
        run.stage("train")
        for step in range(100):
            run.report(step, 100, loss=1.0)
            if step == 50:
                run.report(step, 100, auroc=0.9)
    seen = metrics(job_id)
    assert [(entry["step"], list(entry["metrics"])) for entry in seen] == [
        (50, ["loss"]),
        (50, ["auroc"]),
        (99, ["loss"]),
    ]
    record = records.read(open_store(), job_id)
    assert (record.stage, record.step, record.total) == ("train", 99, 100)


def test_reports_appear_while_the_routine_is_silent(run, job_id):
    with run:
        run.report(1, 2, loss=0.5)
        until(lambda: metrics(job_id), 2)


@pytest.mark.slow
def test_no_more_than_five_writes_a_second(run, job_id):
    with run:
        deadline = time.monotonic() + 1.1
        while time.monotonic() < deadline:
            run.report(1, 2, loss=0.5)
    assert len(metrics(job_id)) <= 7


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_ends_the_run(run, value):
    with pytest.raises(JobError) as caught:
        run.report(3, 10, train_loss=value)
    assert caught.value.code == "job.loss_not_finite"
    assert "step 3" in str(caught.value.message)


def test_other_metrics_may_be_undefined(run, job_id):
    with run:
        run.report(1, 1, auroc=float("nan"))
    assert metrics(job_id)[0]["metrics"] == {"auroc": None}


def test_the_wish_to_stop_arrives(run, job_id):
    with run:
        assert not run.should_stop()
        records.ask_to_stop(open_store(), job_id, 3.0)
        began = time.monotonic()
        until(run.should_stop)
        assert time.monotonic() - began < 1


@pytest.mark.slow
def test_it_beats(run, job_id, monkeypatch):
    with run:
        until(lambda: _beats(job_id) > 0)


def _beats(job_id):
    with open_store().read() as connection:
        return connection.execute(select(jobs.c.beats).where(jobs.c.id == job_id)).scalar_one()


def test_what_cannot_be_written_now_is_written_later(run, job_id, monkeypatch):
    def busy(*_):
        raise StoreError("store.locked", "busy")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", busy)
        run.stage("train")
        run.say(Message("Half of {n}.", {"n": 3}))
    with run:
        pass
    kinds = [event.kind for event in records.read_events(open_store(), job_id, 0)]
    assert kinds == ["status", "stage", "log"]


def test_a_sentence_with_odd_values_is_written(run, job_id):
    run.say(Message("{path} is {state}.", {"path": Path("a.png"), "state": Message("fine")}))
    (said,) = [event.data for event in records.read_events(open_store(), job_id, 0) if event.kind == "log"]
    assert str(Message(said["template"], said["params"])) == "a.png is fine."


def test_a_job_ends_once(job_id):
    store = open_store()
    error = JobError("job.x", Message("It was {what}.", {"what": {"odd": 1}}), "Again.")
    assert records.finish(store, job_id, "failed", error)
    assert not records.finish(store, job_id, "completed")
    record = records.read(store, job_id)
    assert (record.status, record.error_code, str(record.hint)) == ("failed", "job.x", "Again.")
    assert str(record.error) == "It was {'odd': 1}."


def test_a_process_is_known_by_its_start_too():
    me = this_process()
    assert me.alive()
    assert parse_owner(str(me)) == me
    assert not parse_owner(f"{me.host}|{me.pid}|another-start").alive()
    assert not parse_owner(f"elsewhere|{me.pid}|{me.token}").alive()
    assert not owner_of(2**22 + 1).alive()
    for text in ("", "a|b|c", "a|1|", "a|1"):
        assert parse_owner(text) is None


def test_a_zombie_does_not_live():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    owner = owner_of(pid)
    until(lambda: not owner.alive())
    os.waitpid(pid, 0)


def test_a_worker_that_cannot_be_started_fails_its_job(house, monkeypatch):
    monkeypatch.setattr("core.jobs.launcher.ensure_supervisor", lambda _: None)
    job_id = submit()
    supervisor = Supervisor(open_store())
    supervisor.turn()
    assert status(job_id).status == "queued"  # its helper process has not imported its modules yet

    def no_handles(*_, **__):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("multiprocessing.context.ForkServerProcess.start", no_handles)
    supervisor._warm.set()
    assert supervisor.register()
    assert not supervisor.retire()
    supervisor.turn()
    record = status(job_id)
    assert (record.status, record.error_code) == ("failed", "job.not_started")
    assert [event.data["status"] for event in events(job_id)] == ["queued", "running", "failed"]
    assert supervisor.retire()
