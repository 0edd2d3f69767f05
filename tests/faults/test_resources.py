"""Memory and disk that really run out, below a real worker; a main thread that hangs while its pulse goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from core import jobs
from core.jobs import uploads
from core.settings import ROOT, settings
from tests.house import until
from tests.jobs.driving import ended, submit, worker_of

pytestmark = pytest.mark.slow


def test_memory_that_ran_out_is_tried_again_with_half_the_batch(house):
    """The allocator's own refusal, at a limit of the process: 8 x 100 MB do not fit, 4 x 100 MB do."""
    job_id = submit(mode="memory", batch_size=8)
    record = ended(job_id, 60)
    assert record.status == "completed", record.error
    (said,) = [event.data["params"] for event in jobs.events(job_id) if event.kind == "log"]
    assert said == {"size": 4}


def test_memory_that_never_suffices_ends_with_a_reason(house):
    record = ended(submit(mode="memory", batch_size=64), 60)
    assert (record.status, record.error_code) == ("failed", "job.out_of_memory")
    assert "32" in str(record.error)
    assert not uploads.job_folder(record.id).exists()


def test_weights_that_do_not_fit_on_the_disk(house):
    record = ended(submit(mode="fill"), 60)
    assert (record.status, record.error_code) == ("failed", "job.disk_full")
    assert not uploads.job_folder(record.id).exists()
    assert not list(house.home.rglob(".tmp*"))
    assert ended(submit(steps=1)).status == "completed"


def test_a_run_whose_main_thread_hangs_is_ended(house, monkeypatch):
    monkeypatch.setenv("VITRINE_JOB_STALL_MINUTES", "0.02")
    settings.cache_clear()
    job_id = submit(steps=1, sleep_s=600)
    record = ended(job_id, 60)
    assert (record.status, record.error_code) == ("failed", "job.hung")
    assert "0.02" in str(record.error)
    until(lambda: not worker_of(job_id).alive())  # it says why before it ends


FULL = """
import sys, time
from tests.jobs import preload
from core import jobs
from core.store import audit
from core.store.registry import registry

def run(**config):
    job_id = jobs.submit("train", {"sector": "fake", "config": config, "data": "/usr", "name": "x"})
    while jobs.status(job_id).live:
        time.sleep(0.05)
    return jobs.status(job_id)

assert run(steps=1).status == "completed"
full = run(mode="fill_tmpfs")
assert (full.status, full.error_code) in (("failed", "job.disk_full"), ("failed", "store.disk_full")), full
again = run(steps=1)
assert again.status == "completed", again
assert audit.verify().intact
assert [version.number for version in registry().versions("fake")][:2] == [2, 1]
for version in registry().versions("fake")[:2]:
    version.check()
print("passed")
"""


def test_a_disk_that_is_full_to_the_last_byte(house, tmp_path):
    """A file system of 24 MB, which the run fills; database, audit log and registry lie on it too."""
    if os.name == "nt" or not shutil.which("unshare"):
        pytest.skip("needs Linux namespaces")
    home = tmp_path / "small"
    home.mkdir()
    mounted = f"mount -t tmpfs -o size=24m tmpfs {home}"
    if subprocess.run(["unshare", "-Urm", "sh", "-c", mounted], capture_output=True, check=False).returncode:
        pytest.skip("this machine forbids mounts in a namespace of one's own")
    program = tmp_path / "full.py"
    program.write_text(FULL)
    environment = os.environ | {"VITRINE_HOME": str(home), "PYTHONPATH": str(ROOT), "VITRINE_JOB_IDLE_EXIT_S": "1"}
    command = f"{mounted} && exec {sys.executable} {program}"
    done = subprocess.run(
        ["unshare", "-Urm", "--kill-child", "-p", "-f", "--mount-proc", "sh", "-c", command],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "passed", done.stderr[-3000:]
