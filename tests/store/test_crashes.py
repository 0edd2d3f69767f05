"""Processes that die while they register: what they leave is put right, and nothing is half there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text

from core.errors import ModelRefused
from core.store import audit, files
from core.store.database import close_stores, open_store
from core.store.reconcile import reconcile
from core.store.schema import jobs
from tests.jobs import fake_sector
from tests.jobs.fake_sector import SLUG


class TestReconcile:
    def orphan(self, house, job_id=""):
        """A whole folder whose process died before it had a row."""
        version = house.registry.register(SLUG, house.staged(os.urandom(8)), job_id=job_id)
        with open_store().write() as connection:
            connection.execute(text("DELETE FROM aliases"))
            connection.execute(text("DELETE FROM versions WHERE number = :n"), {"n": version.number})
        origin = version.path / "registration.json"
        registration = json.loads(origin.read_text())
        registration["owner"] = _dead_process()
        origin.write_text(json.dumps(registration))
        return version.path

    def job(self, status):
        row = {"kind": "train", "sector": SLUG, "slot": "auto", "key": "", "args": {}, "stage": "", "step": 0}
        row |= {"total": 0, "result": {}, "supervisor": "", "worker": "", "lease": "", "beats": 0}
        with open_store().write() as connection:
            connection.execute(insert(jobs).values(id="j", status=status, created=datetime.now(UTC), **row))

    def test_a_whole_folder_without_a_row_becomes_a_version(self, house):
        folder = self.orphan(house)
        assert [repair.action for repair in reconcile(house.registry)] == ["version_adopted"]
        assert house.registry.resolve(SLUG, "challenger").path == folder
        assert reconcile(house.registry) == []

    def test_two_processes_that_start_together_adopt_a_folder_once(self, house):
        folder = self.orphan(house)
        found = [house.registry.adopt(SLUG, folder).number for _ in range(2)]
        assert found[0] == found[1]

    @pytest.mark.parametrize(
        ("status", "action"),
        [
            ("failed", ["folder_removed"]),
            ("lost", ["folder_removed"]),
            ("running", []),
            ("completed", ["version_adopted"]),
        ],
    )
    def test_the_record_of_the_job_decides(self, house, status, action):
        folder = self.orphan(house, job_id="j")
        self.job(status)
        assert [repair.action for repair in reconcile(house.registry)] == action
        assert folder.exists() == (action != ["folder_removed"])

    def test_a_damaged_folder_is_put_aside(self, house):
        folder = self.orphan(house)
        (folder / "model.safetensors").write_bytes(b"?")
        assert [repair.action for repair in reconcile(house.registry)] == ["folder_quarantined"]
        assert (house.registry.quarantine / folder.name).is_dir()
        assert [version.number for version in house.registry.versions(SLUG)] == [0]

    def test_what_a_living_process_makes_is_left_alone(self, house):
        house.registry.register(SLUG, house.staged())
        mine = files.staging_folder(house.registry.staging)
        mine.mkdir()
        foreign = house.registry.staging / "another-host@1@x-1@00"
        foreign.mkdir()
        dead = house.registry.staging / ("@".join(_dead_process().split("|")) + "@00")
        dead.mkdir()
        stray = house.registry.staging / ".tmpAbC"
        stray.write_text("")
        os.utime(stray, (0, 0))
        assert {repair.path for repair in reconcile(house.registry)} == {dead, stray}
        assert mine.is_dir()
        assert foreign.is_dir()

    @pytest.mark.sqlite
    def test_everything_comes_back_when_the_database_is_lost(self, house):
        for content in (b"one", b"two", b"three"):
            version = house.registry.register(SLUG, house.staged(content))
            origin = json.loads((version.path / "registration.json").read_text())
            (version.path / "registration.json").write_text(json.dumps({**origin, "owner": _dead_process()}))
            os.utime(version.path, (version.number, version.number))
        close_stores()
        for file in house.home.glob("vitrine.db*"):
            file.unlink()
        assert len(reconcile(house.registry)) == 3
        assert [version.number for version in house.registry.versions(SLUG)] == [3, 2, 1, 0]


def _dead_process() -> str:
    from core.store.owners import owner_of

    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        owner = str(owner_of(process.pid))
        process.kill()
    return owner


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_kill_sweep_leaves_no_version_half_made(house, seed):
    """Kill registering processes at random moments: what was acknowledged is there, nothing is half there."""
    import random

    chance = random.Random(seed)
    house.registry.register(SLUG, house.staged(b"warm"))  # lazy imports done: the kills hit the work
    champion = house.registry.promote(SLUG, 1)
    acknowledged = house.home / "acknowledged"
    acknowledged.write_text("")
    duration = _time_of_one(house)
    killed = 0
    for _ in range(25):
        close_stores()
        child = os.fork()
        if child == 0:
            _register_for_ever(house, acknowledged)
        time.sleep(chance.uniform(0.2, 3.0) * duration)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
    assert killed == 25
    found = {version.sha256: version for version in house.registry.versions(SLUG)}
    reconcile(house.registry)
    after = {version.sha256: version for version in house.registry.versions(SLUG)}
    assert set(acknowledged.read_text().split()) <= set(found) <= set(after)
    for version in after.values():
        version.check()
    assert len(after) > 2  # a busy machine kills most of them before they begin
    assert {path.name for path in house.registry.folder.glob("fake/*")} == {
        version.path.name for version in after.values() if version.number
    }
    assert list(house.registry.staging.iterdir()) == []
    assert house.registry.resolve(SLUG) == champion
    assert audit.verify().intact
    if open_store().sqlite:
        with open_store().read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


@pytest.mark.slow
def test_the_kill_sweep_would_notice_a_naive_writer(house):
    """Control: written in place without staging, some folders are left half."""
    folder = house.home / "naive"
    for n in range(15):
        child = os.fork()
        if child == 0:
            while True:
                content = os.urandom(2_000_000)
                target = fake_sector.write_checkpoint(folder / f"{n}-{os.urandom(4).hex()}", content)
                with (target / "model.safetensors").open("wb") as file:
                    for start in range(0, len(content), 1000):
                        file.write(content[start : start + 1000])
                        file.flush()
        time.sleep(0.05)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    broken = 0
    for made in folder.iterdir():
        try:
            files.checked_manifest(made)
        except ModelRefused:
            broken += 1
    assert broken > 0


def _time_of_one(house) -> float:
    began = time.monotonic()
    house.registry.register(SLUG, house.staged(os.urandom(200_000)))
    return time.monotonic() - began


def _register_for_ever(house, acknowledged) -> None:
    try:
        while True:
            version = house.registry.register(SLUG, house.staged(os.urandom(200_000)))
            with acknowledged.open("a") as file:
                file.write(version.sha256 + "\n")
    finally:
        os._exit(1)
