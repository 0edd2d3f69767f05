"""The real task through the queue: a job that was cancelled or killed and resumed registers the very same weights."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import shapes
from core import device, jobs
from core.jobs import launcher
from core.settings import settings
from core.store.database import close_stores
from core.store.registry import registry
from tests.house import House, end_supervisor, until
from tests.jobs.driving import ended, worker_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CONFIG = {**shapes.CONFIG, "epochs": 40, "early_stopping": 0, "augmentation": "strong", "dropout": 0.3, "seed": 3}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shapes.write_folder(tmp_path_factory.mktemp("data") / "shapes", count=80)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose supervisor serves all tests of this module."""
    folder = tmp_path_factory.mktemp("house") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_HOME", str(folder))
        patch.setenv("VITRINE_DEVICE", "cpu")
        patch.setenv("VITRINE_TORCH_THREADS", "1")
        patch.setenv("VITRINE_JOB_IDLE_EXIT_S", "120")
        settings.cache_clear()
        device.pick_device.cache_clear()
        launcher._started.clear()
        yield folder
        end_supervisor(House(folder, settings().assets))
        close_stores()
    settings.cache_clear()


def submit(data: Path) -> str:
    return jobs.submit("train", {"sector": "medical", "config": CONFIG, "data": str(data), "name": "shapes"})


def weights(job_id: str) -> bytes:
    record = ended(job_id, 300)
    assert record.status == "completed", record.error
    return (registry().resolve("medical", str(record.result["version"])).path / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def expected(home: Path, data: Path) -> bytes:
    return weights(submit(data))


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_resumed_job_registers_the_same_weights(home, data, expected, how):
    job_id = submit(data)
    for _ in range(2):  # interrupted twice
        before = jobs.epochs_kept(job_id)
        until(lambda job=job_id, n=before: jobs.epochs_kept(job) > n, 120)
        if how == "cancelled":
            jobs.cancel(job_id)
        else:
            os.kill(worker_of(job_id).pid, signal.SIGKILL)
        record = ended(job_id, 60)
        assert record.status == ("cancelled" if how == "cancelled" else "failed")
        assert record.resumable and 0 < jobs.epochs_kept(job_id) < CONFIG["epochs"]
        job_id = jobs.resume(job_id)
    assert weights(job_id) == expected


def test_other_images_under_the_same_name_are_refused(home, data, tmp_path):
    other = shapes.write_folder(tmp_path / "shapes", count=80, seed=1)
    job_id = submit(other)
    until(lambda: jobs.epochs_kept(job_id) > 0, 120)
    jobs.cancel(job_id)
    ended(job_id)
    shapes.write_folder(other, count=80, seed=2)
    record = ended(jobs.resume(job_id), 120)
    assert (record.status, record.error_code) == ("failed", "train.other_data")
