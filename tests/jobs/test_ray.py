"""Jobs on a real Ray cluster: a head and two worker nodes on the loopback, with token authentication."""

from __future__ import annotations

import json
import os
import platform
import secrets
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from importlib.util import find_spec

import psutil
import pytest
from sqlalchemy import select

from core import jobs
from core.errors import JobError
from core.jobs import ray_backend, uploads
from core.settings import ROOT, settings
from core.store.database import open_store
from core.store.owners import parse_owner
from core.store.schema import jobs as table
from tests.house import until
from tests.jobs import driving
from tests.jobs.driving import ended, submit, submitted_by_a_killed_server, worker_of
from tests.jobs.fake_sector import SLUG
from tests.jobs.ray_nodes import RayNodes

if find_spec("ray") is None:
    pytest.skip("needs Ray: pip install -r requirements/ray.txt", allow_module_level=True)

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
SOON = 90.0
"""Starting takes seconds on a quiet machine and several times as long on a busy one."""


UNKNOWN_CODE = """
import os, sys, time, types

here = sys.path.pop(0)  # Ray would tell the nodes of it
os.environ["RAY_AUTH_MODE"] = "token"
from core.jobs import ray_cluster, ray_supervisor

cluster = ray_supervisor.join()
sys.path.insert(0, here)
import only_here

ray_cluster.JobOnNode = only_here.Job
keeper = cluster.start(types.SimpleNamespace(job_id="stray"), cluster.places()[0])
while not (found := keeper.look()):
    time.sleep(0.1)
print(found.error.code)
keeper.destroy()
"""


@pytest.fixture(scope="module")
def cluster():
    with RayNodes(secrets.token_hex(16)) as nodes:
        nodes.worker()
        nodes.worker()
        yield nodes


@pytest.fixture(scope="module")
def on_ray(cluster, shared_house):
    """A house whose jobs run on the cluster, in a shell that has set Ray's own address to somewhere else."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("VITRINE_RAY_ADDRESS", cluster.address)
        monkeypatch.setenv("VITRINE_RAY_TOKEN", cluster.token)
        monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
        yield shared_house


@pytest.fixture
def warm(on_ray):
    """The house with nothing queued or running in it."""
    for job in jobs.jobs():
        jobs.cancel(job.id, grace_s=0)
    until(lambda: not any(job.live for job in jobs.jobs()), SOON)
    return on_ray


def row_of(job_id):
    with open_store().read() as connection:
        return connection.execute(select(table).where(table.c.id == job_id)).one()


def training(job_id):
    return driving.training(job_id, SOON)


def keeper_of(job_id):
    """The process of the actor: the parent of the job's own."""
    return psutil.Process(worker_of(job_id).pid).parent()


def supervisor():
    from core.store.schema import supervisors

    with open_store().read() as connection:
        own = supervisors.c.host == ray_backend.supervisor_name()
        return parse_owner(connection.execute(select(supervisors.c.owner).where(own)).scalar() or "")


def end_supervisor():
    """Jobs go on without it; the next look at a live one starts another."""
    if (found := supervisor()) is not None and found.alive():
        os.kill(found.pid, signal.SIGTERM)
        until(lambda: not found.alive())


def test_a_job_runs_on_a_node_and_registers_its_version(warm):
    job_id = submit(steps=6, sleep_s=0.05)
    record = ended(job_id, SOON)
    assert (record.status, record.error) == ("completed", None)
    version = warm.registry.resolve(SLUG, "challenger")
    assert (record.result, version.job_id) == ({"version": version.number}, job_id)
    seen = jobs.events(job_id)
    assert [event.data["status"] for event in seen if event.kind == "status"] == ["queued", "running", "completed"]
    assert [event.data["stage"] for event in seen if event.kind == "stage"] == ["read", "train", "compare", "register"]
    last = [event for event in seen if event.kind == "metrics"][-1]
    assert last.data == {"stage": "train", "step": 6, "total": 6, "metrics": {"loss": 1 / 6}}
    row = row_of(job_id)
    assert (row.backend, row.lease.startswith("ray/")) == ("ray", True)
    assert not uploads.job_folder(job_id).exists()


def test_jobs_take_both_nodes_and_the_third_waits_its_turn(warm):
    first, second = submit(steps=10_000, sleep_s=0.01), submit(steps=10_000, sleep_s=0.01)
    training(first), training(second)
    third, fourth = submit(steps=3), submit(steps=3)
    time.sleep(2.0)
    assert [jobs.status(job).position for job in (first, second, third, fourth)] == [0, 0, 1, 2]
    assert row_of(first).lease != row_of(second).lease
    parents = {keeper_of(job).pid for job in (first, second)}
    assert len(parents) == 2
    jobs.cancel(first)
    jobs.cancel(third)
    assert jobs.status(third).status == "cancelled"
    assert ended(fourth, SOON).status == "completed"
    jobs.cancel(second)


def test_the_job_sees_one_of_its_own_and_none_of_rays_secrets(warm, cluster):
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    worker = psutil.Process(worker_of(job_id).pid)
    assert worker.nice() == 19
    environment = worker.environ()
    assert cluster.token not in environment.values()
    assert environment["VITRINE_HOME"] == str(settings().home)
    assert not [mapped.path for mapped in worker.memory_maps() if "/ray/" in mapped.path]
    assert row_of(job_id).args == {
        "sector": SLUG,
        "config": {"steps": 10_000, "sleep_s": 0.01},
        "data": "/nowhere",
        "name": "mine",
    }
    jobs.cancel(job_id)


def test_cancel_stops_within_two_seconds(warm):
    for mode in ("ok", "deaf"):
        job_id = submit(mode=mode, steps=10_000, sleep_s=0.01)
        training(job_id)
        worker, keeper = worker_of(job_id), keeper_of(job_id)
        began = time.monotonic()
        jobs.cancel(job_id)
        record = ended(job_id)
        assert time.monotonic() - began < 2
        assert (record.status, record.error) == ("cancelled", None)
        until(lambda worker=worker: not worker.alive(), 2)  # one that stops by itself says so before it ends
        until(lambda keeper=keeper: not keeper.is_running() or keeper.status() == psutil.STATUS_ZOMBIE, 5)


def test_a_stopped_worker_and_a_stopped_keeper_are_ended_by_force(warm):
    job_id = submit(mode="deaf", steps=10_000, sleep_s=0.01)
    training(job_id)
    worker, keeper = worker_of(job_id), keeper_of(job_id)
    os.kill(worker.pid, signal.SIGSTOP)
    keeper.suspend()
    began = time.monotonic()
    jobs.cancel(job_id)
    assert ended(job_id).status == "cancelled"
    assert time.monotonic() - began < 2
    until(lambda: not worker.alive(), 10)


@pytest.mark.parametrize("victim", ["worker", "keeper"])
def test_killed_from_outside(warm, victim):
    job_id = submit(steps=10_000, sleep_s=0.01)
    training(job_id)
    worker, keeper = worker_of(job_id), keeper_of(job_id)
    began = time.monotonic()
    os.kill(worker.pid if victim == "worker" else keeper.pid, signal.SIGKILL)
    record = ended(job_id)
    assert time.monotonic() - began < 5
    expected = {"worker": ("failed", "job.killed"), "keeper": ("lost", "ray.node_lost")}
    assert (record.status, record.error_code) == expected[victim]
    assert record.hint
    until(lambda: not worker.alive(), 2)
    assert ended(submit(steps=1), SOON).status == "completed"


@pytest.mark.parametrize(
    ("mode", "code"), [("nan", "job.loss_not_finite"), ("crash", "job.crashed"), ("oom", "job.out_of_memory")]
)
def test_failures_are_explained(warm, mode, code):
    record = ended(submit(mode=mode), SOON)
    assert (record.status, record.error_code) == ("failed", code)


def test_the_server_killed_in_mid_training(warm):
    """The process that submitted the job and the one that looks after it are killed; another one finds it again."""
    job_id = submitted_by_a_killed_server(steps=300, timeout=SOON)
    before = supervisor()
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: not before.alive())
    seen = jobs.events(job_id)[-1].seq
    assert jobs.status(job_id).status == "running"
    assert ended(job_id, SOON).status == "completed"
    assert supervisor() != before
    assert [event.data["step"] for event in jobs.events(job_id, seen) if event.kind == "metrics"][-1] == 300


def test_a_job_that_outlived_its_supervisor_can_be_cancelled(warm):
    job_id = submit(mode="deaf", steps=100_000, sleep_s=0.01)
    training(job_id)
    worker, before = worker_of(job_id), supervisor()
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: not before.alive())
    until(
        lambda: jobs.status(job_id) and supervisor() != before and row_of(job_id).supervisor == str(supervisor()), SOON
    )
    began = time.monotonic()
    jobs.cancel(job_id)
    assert ended(job_id).status == "cancelled"
    assert time.monotonic() - began < 2
    assert not worker.alive()


def test_a_cancelled_job_goes_on_where_it_stopped(warm):
    job_id = submit(data="/usr", epochs=400, sleep_s=0.02)
    until(lambda: jobs.epochs_kept(job_id) >= 2, SOON)
    jobs.cancel(job_id)
    assert ended(job_id).resumable
    done = jobs.epochs_kept(job_id)
    new_id = jobs.resume(job_id, changes={"epochs": done + 3})
    record = ended(new_id, SOON)
    assert (record.status, record.resumes) == ("completed", job_id)
    first = next(event.data["step"] for event in jobs.events(new_id) if event.kind == "metrics")
    assert first > done


def test_a_node_that_cannot_load_the_program_says_so(warm, tmp_path):
    """Job code has to be importable on the nodes; here it lies where only the one who sends it finds it."""
    (tmp_path / "only_here.py").write_text(
        "class Job:\n    def __init__(self, order): pass\n    def outcome(self, wait_s): pass\n"
    )
    program = tmp_path / "program.py"
    program.write_text(UNKNOWN_CODE)
    command = [sys.executable, str(program)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1:] == ["ray.code"], done.stderr


def test_a_gpu_is_not_waited_for_where_there_is_none(warm):
    record = ended(submit(slot="cuda:0"), SOON)
    assert (record.status, record.error_code) == ("failed", "ray.no_gpu")


def test_a_node_switched_off(warm, cluster):
    extra = cluster.worker()
    busy = [submit(steps=100_000, sleep_s=0.01) for _ in range(3)]
    for job_id in busy:
        training(job_id)
    pids = {process.pid for process in extra.processes()}
    (job_id,) = [job_id for job_id in busy if worker_of(job_id).pid in pids]
    began = time.monotonic()
    extra.kill()
    record = ended(job_id, 60)
    print(f"node gone: told after {time.monotonic() - began:.1f} s")
    assert (record.status, record.error_code) == ("lost", "ray.node_lost")
    for other in set(busy) - {job_id}:
        assert jobs.status(other).status == "running"
        jobs.cancel(other)


def test_another_cluster_of_this_machine_is_left_alone_and_an_open_one_refused(warm, cluster, monkeypatch):
    """It is started later, so that a bare init would join it; a `ray stop` would end it."""
    with RayNodes(token="") as stranger:
        end_supervisor()  # the next one has to connect anew
        job_id = submit(steps=10_000, sleep_s=0.01)
        training(job_id)
        ours = {process.pid for node in cluster.nodes for process in node.processes()}
        assert worker_of(job_id).pid in ours
        jobs.cancel(job_id)
        ended(job_id)
        end_supervisor()
        assert stranger.nodes[0].process.poll() is None
        assert all(process.is_running() for process in stranger.nodes[0].processes())
        monkeypatch.setenv("VITRINE_RAY_ADDRESS", stranger.address)
        settings.cache_clear()
        record = ended(submit(steps=1), SOON)
        assert (record.status, record.error_code) == ("failed", "ray.open")


def test_a_wrong_token_is_said(warm, monkeypatch):
    end_supervisor()
    monkeypatch.setenv("VITRINE_RAY_TOKEN", "0" * 32)
    settings.cache_clear()
    began = time.monotonic()
    job_id = submit(steps=1)
    record = ended(job_id, SOON)
    print(f"wrong token: told after {time.monotonic() - began:.1f} s")
    assert (record.status, record.error_code) == ("failed", "ray.token_refused")


@pytest.mark.parametrize("ray, python", [("1.0.0", platform.python_version()), (version("ray"), "3.9.1"), (None, None)])
def test_other_versions_are_said(ray, python):
    from core.jobs.ray_cluster import check_versions

    check_versions(json.dumps({"ray_version": version("ray"), "python_version": platform.python_version()}).encode())
    with pytest.raises(JobError) as caught:
        check_versions(json.dumps({"ray_version": ray, "python_version": python}).encode())
    assert caught.value.code == "ray.version"
    assert f"Ray {ray} on Python {python}" in str(caught.value)
