"""The server is killed with SIGKILL in the midst of a training, and started again: the job goes on and registers.

Everything is done as a visitor does it, on real pages; the browser is Streamlit's protocol without its drawing.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import zipfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bench import intact, shapes
from core import jobs
from core.jobs import launcher
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from core.store.registry import registry
from tests.house import House, end_supervisor, until
from tests.jobs.driving import worker_of
from tests.load.server import Server, serving
from tests.load.session import Session

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
Outcome = TypeVar("Outcome")


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """In a thread of its own: browser tests of the same session leave their event loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("VITRINE_HOME", str(folder))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    monkeypatch.setenv("VITRINE_JOB_IDLE_EXIT_S", "120")
    settings.cache_clear()
    launcher._started.clear()
    yield folder
    end_supervisor(House(folder, settings().assets))
    close_stores()
    settings.cache_clear()


def shapes_zip(tmp_path: Path) -> bytes:
    folder, buffer = shapes.write_folder(tmp_path / "shapes", count=60), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


async def start_training(server: Server, content: bytes) -> None:
    """Choose an upload of one's own, let it be checked, and press the button."""
    async with Session(server.address, "medical", query="view=improve&lang=en", timeout_s=180) as visitor:
        await visitor.rerun()
        radio = visitor.find("radio", "medical.data")
        visitor.keep(radio.id).string_value = radio.options[-1]
        await visitor.rerun()
        await visitor.upload(visitor.find("file_uploader", "medical.data_upload"), "mine.zip", content)
        await visitor.click("medical.start")


async def page_of(server: Server, job_id: str) -> str:
    """What somebody reads who opens the link of the job in a browser that has never been here."""
    async with Session(server.address, "medical", query=f"job={job_id}&lang=en", timeout_s=180) as visitor:
        await visitor.rerun()
        return " ".join(visitor.texts())


def test_a_training_outlives_its_server(home: Path, tmp_path: Path) -> None:
    variables = {"VITRINE_HOME": str(home), "VITRINE_DEVICE": "cpu", "VITRINE_OFFLINE": "true"}
    with serving(variables=variables) as server:
        run(start_training(server, shapes_zip(tmp_path)))
        job_id = until(lambda: [job.id for job in jobs.jobs("medical")], 30)[0]
        until(lambda: jobs.status(job_id).stage == "train" and jobs.status(job_id).step > 0, 180)
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
    step = jobs.status(job_id).step
    worker = worker_of(job_id)
    assert jobs.status(job_id).status == "running" and worker.alive()
    with serving(variables=variables) as server:
        assert "Training job: running" in run(page_of(server, job_id))
        record = jobs.status(job_id)
        assert record.status == "running" and record.step >= step
        until(lambda: not jobs.status(job_id).live, 600)
        record = jobs.status(job_id)
        assert record.status == "completed", record.error
        number = record.result["version"]
        assert f"Version {number} is registered as challenger" in run(page_of(server, job_id))
    registry().resolve("medical", str(number)).check()
    until(lambda: not worker.alive(), 5)
    assert list(intact.orphans()) == []
    assert not list((home / "uploads").iterdir())
    assert audit.verify().intact
