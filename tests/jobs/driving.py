"""Words for tests that drive real jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from sqlalchemy import select

from core import jobs
from core.settings import ROOT
from core.store.database import open_store
from core.store.owners import parse_owner
from core.store.schema import jobs as table
from tests.house import until
from tests.jobs.fake_sector import SLUG

SLOW = {"epochs": 400, "sleep_s": 0.02}
"""Options of a run that leaves a snapshot every now and then, for longer than a test waits."""


def submit(key="", data="/nowhere", slot="auto", **config) -> str:
    return jobs.submit("train", {"sector": SLUG, "config": config, "data": data, "name": "mine"}, slot=slot, key=key)


def ended(job_id, timeout=20.0):
    until(lambda: not jobs.status(job_id).live, timeout)
    return jobs.status(job_id)


def training(job_id, timeout=20.0):
    until(lambda: jobs.status(job_id).step > 0 or not jobs.status(job_id).live, timeout)
    record = jobs.status(job_id)
    assert record.step > 0, record
    return record


def cancelled(after_epoch=2, data="/usr", **config):
    """A job that was cancelled after an epoch."""
    job_id = submit(data=data, **(SLOW | config))
    until(lambda: jobs.epochs_kept(job_id) >= after_epoch)
    jobs.cancel(job_id)
    record = ended(job_id)
    assert record.status == "cancelled"
    return record


def worker_of(job_id):
    with open_store().read() as connection:
        return parse_owner(connection.execute(select(table.c.worker).where(table.c.id == job_id)).scalar_one())


def submitted_by_a_killed_server(steps: int, timeout: float = 20.0) -> str:
    """A job in mid training whose server was killed with its whole process group."""
    code = (
        "import time; from tests.jobs import preload; from core import jobs;"
        f"config = {{'steps': {steps}, 'sleep_s': 0.05}};"
        f"print(jobs.submit('train', {{'sector': '{SLUG}', 'config': config, 'data': '/x'}}));"
        "time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    ) as server:
        job_id = server.stdout.readline().decode().strip()
        training(job_id, timeout)
        os.killpg(server.pid, signal.SIGKILL)
    return job_id
