"""What every test shares: a home of its own, one thread, and the public data where it is present."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before anything reads the settings or imports torch: nothing of the developer's own home may be read or changed,
# and a supervisor that a test has started must not outlive the test session by minutes.
_HOME = Path(tempfile.mkdtemp(prefix="vitrine-test-"))
os.environ["VITRINE_HOME"] = str(_HOME)
os.environ.setdefault("VITRINE_JOB_IDLE_EXIT_S", "5")
os.environ.setdefault("VITRINE_TORCH_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from core.settings import settings  # noqa: E402 - reads the variables set above


def pytest_unconfigure() -> None:
    """Remove the session's home, once nothing waits to be written into it."""
    if "core.store.audit" in sys.modules:
        sys.modules["core.store.audit"].flush(1)
    shutil.rmtree(_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with a reason, what this machine cannot do."""
    without_gpu = pytest.mark.skip(reason="needs a CUDA device")
    without_data = pytest.mark.skip(reason="needs the public data sets: set VITRINE_DATA to their folder")
    data = settings().data
    if data is None or not data.is_dir():
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(without_data)
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not _cuda():
        for item in marked:
            item.add_marker(without_gpu)


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    """A test that sets variables through `monkeypatch` reads its own settings and leaves none behind."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def data_folder() -> Path:
    """The folder of public data sets, or a skip that says what to set."""
    folder = settings().data
    if folder is None or not folder.is_dir():
        pytest.skip("needs the public data sets: set VITRINE_DATA to their folder")
    return folder
