"""How long a training takes to stop after somebody cancelled it: real jobs, real steps, at random moments."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import select

from bench import shapes
from core import jobs
from core.settings import settings
from core.store.database import close_stores, open_store
from core.store.owners import Owner, parse_owner
from core.store.schema import jobs as table
from core.store.schema import supervisors

SECTOR = "medical"
TRIES = 20
CONFIG: dict[str, Any] = {"epochs": 300, "early_stopping": 0}
"""The ordinary recipe on the ordinary network, for longer than anybody waits."""
WINDOW_S = 12.0
"""A cancel comes within this time after the job began to run: while it reads, trains, validates or writes."""
LIMIT_S = 2.0


def once(data: Path, moment_s: float) -> tuple[float, float, str]:
    """Cancel a job so long after its start; seconds until it has ended, until its process is gone, and its stage."""
    job_id = jobs.submit("train", {"sector": SECTOR, "config": CONFIG, "data": str(data), "name": "shapes"})
    while jobs.status(job_id).status == "queued":
        time.sleep(0.01)
    time.sleep(moment_s)
    stage, worker = jobs.status(job_id).stage, _worker(job_id)
    began = time.monotonic()
    jobs.cancel(job_id)
    while jobs.status(job_id).live:
        time.sleep(0.005)
    ended = time.monotonic() - began
    while worker is not None and worker.alive():
        time.sleep(0.005)
    return ended, time.monotonic() - began, stage


def _worker(job_id: str) -> Owner | None:
    with open_store().read() as connection:
        return parse_owner(connection.execute(select(table.c.worker).where(table.c.id == job_id)).scalar_one())


def _end_supervisor() -> None:
    with open_store().read() as connection:
        owner = parse_owner(connection.execute(select(supervisors.c.owner)).scalar() or "")
    if owner is not None and owner.alive():
        os.kill(owner.pid, signal.SIGTERM)
        while owner.alive():
            time.sleep(0.02)


def main() -> dict[str, Any]:
    """Print and return the latencies."""
    rng = random.Random(int(time.time()))
    with tempfile.TemporaryDirectory(prefix="vitrine-cancel-") as temporary:
        data = shapes.write_folder(Path(temporary) / "shapes", count=400)
        with mock.patch.dict(os.environ, {"VITRINE_HOME": f"{temporary}/home"}):
            settings.cache_clear()
            try:
                found = [once(data, rng.uniform(0.0, WINDOW_S)) for _ in range(TRIES)]
            finally:
                _end_supervisor()
                close_stores()
        settings.cache_clear()
    for ended, gone, stage in found:
        print(f"cancelled while {stage or 'starting':10} ended after {ended:.3f} s, process gone after {gone:.3f} s")
    figures = {"tries": TRIES, **_quantiles("ended", [row[0] for row in found])}
    figures |= _quantiles("process_gone", [row[1] for row in found]) | {"limit_s": LIMIT_S}
    print(figures)
    if figures["process_gone_max_s"] > LIMIT_S:
        raise SystemExit(f"a training took longer than {LIMIT_S:.0f} s to stop")
    return figures


def _quantiles(name: str, seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {f"{name}_{key}_s": round(ordered[round(share * (len(ordered) - 1))], 3) for key, share in at.items()}
