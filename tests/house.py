"""A home of its own, with one fake sector in the catalogue, for tests of the store, the jobs and the serving."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from core import catalog, device
from core.errors import StoreError
from core.jobs import launcher
from core.settings import Settings, settings
from core.store import audit
from core.store.database import close_stores, open_store
from core.store.owners import parse_owner
from core.store.registry import Registry, registry
from core.store.schema import supervisors
from tests.jobs import fake_sector


@dataclass
class House:
    home: Path
    assets: Path

    @property
    def registry(self) -> Registry:
        return registry()

    def staged(self, content: bytes = b"weights", **manifest) -> Path:
        folder = self.home / "made" / os.urandom(4).hex()
        return fake_sector.write_checkpoint(folder, content, **manifest)

    def supervisor(self):
        with open_store().read() as connection:
            return parse_owner(connection.execute(select(supervisors.c.owner)).scalar() or "")


@contextmanager
def open_house(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house below `folder`, closed at the end of the block."""
    home, assets = folder / "home", folder / "assets"
    monkeypatch.setenv("VITRINE_HOME", str(home))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    monkeypatch.setenv("VITRINE_TORCH_THREADS", "0")
    monkeypatch.setenv("VITRINE_JOB_IDLE_EXIT_S", "60")
    monkeypatch.setenv("VITRINE_JOB_PRELOAD", '["tests.jobs.preload"]')
    monkeypatch.setattr(Settings, "assets", property(lambda _: assets))
    monkeypatch.setattr(catalog, "SECTORS", (fake_sector.sector(),))
    for name, module in fake_sector.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    settings.cache_clear()
    device.pick_device.cache_clear()
    fake_sector.write_checkpoint(assets / "models" / "fake" / "bundled", b"bundled weights")
    launcher._started.clear()
    made = House(home, assets)
    yield made
    end_supervisor(made)
    audit.flush(1)
    close_stores()
    settings.cache_clear()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """An empty house for one test."""
    with open_house(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for all tests of a module: its supervisor is started once. Do not use `house` in the same module."""
    with pytest.MonkeyPatch.context() as monkeypatch, open_house(tmp_path_factory.mktemp("house"), monkeypatch) as made:
        yield made


def end_supervisor(made: House) -> None:
    if not settings().database_url and not (made.home / "vitrine.db").exists():
        return
    try:
        owner = made.supervisor()
    except StoreError:  # a test may have damaged the database
        return
    for process, _ in launcher._started:
        if owner is None and process.poll() is None:
            process.terminate()
    if owner and owner.alive():
        os.kill(owner.pid, signal.SIGTERM)
        until(lambda: not owner.alive())


def until(condition: Callable[[], object], timeout: float = 20.0):
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
    return found
