from __future__ import annotations

import json
import os
import subprocess

import pytest
from sqlalchemy import text

from core import device, doctor
from core.log import log_error, log_event, new_reference
from core.settings import settings
from core.store.database import close_stores, open_store
from core.store.owners import owner_of
from tests.jobs.fake_sector import SLUG


def problems():
    return {finding.name: finding for finding in doctor.check() if finding.level == "error"}


def repaired():
    return [finding for finding in doctor.check(repair=True) if finding.repaired]


@pytest.fixture
def trained(house):
    house.registry.register(SLUG, house.staged(b"one"))
    house.registry.register(SLUG, house.staged(b"two"))
    house.registry.promote(SLUG, 1)
    return house


def test_a_healthy_house_has_no_finding(trained):
    assert problems() == {}
    assert all(str(finding.message) for finding in doctor.check())
    assert repaired() == []


def test_damaged_files_are_found(trained):
    first, second = (trained.registry.resolve(SLUG, ref) for ref in "12")
    (first.path / "model.safetensors").write_bytes(b"changed")
    (second.path / "card.md").write_text("added")
    found = [finding for finding in doctor.check() if finding.level == "error"]
    assert [finding.name for finding in found] == ["model.changed", "model.changed"]
    assert "Version 1 of fake" in str(found[0].message)


def test_missing_folders_are_found(trained):
    trained.registry.resolve(SLUG, "2").path.rename(trained.home / "gone")
    assert list(problems()) == ["registry.files_missing"]


def test_a_missing_bundled_model_is_found(trained):
    (trained.assets / "models" / "fake").rename(trained.assets / "gone")
    assert "registry.files_missing" in problems()


@pytest.mark.sqlite
def test_broken_references_are_found(trained):
    close_stores()
    import sqlite3

    connection = sqlite3.connect(trained.home / "vitrine.db")
    connection.execute("INSERT INTO aliases VALUES ('fake', 'odd', 77)")
    connection.commit()
    connection.close()
    assert "foreign keys" in str(problems()["database.damaged"].message)


def test_leftovers_are_found_and_removed(trained):
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        owner = owner_of(process.pid)
        process.kill()
    (trained.registry.staging / f"{owner.host}@{owner.pid}@{owner.token}@00").mkdir()
    old = trained.home / "jobs" / "0123"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert problems()["staging.stale"].repairable
    assert {finding.name for finding in repaired()} == {"repair.staging_removed", "repair.job_folder_removed"}
    assert problems() == {}


@pytest.mark.sqlite
def test_a_damaged_database_is_rebuilt_from_the_folders(trained):
    champion = trained.registry.resolve(SLUG)
    for version in trained.registry.versions(SLUG)[:2]:
        file = version.path / "registration.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "owner": ""}))
        os.utime(version.path, (version.number, version.number))
    close_stores()
    (trained.home / "vitrine.db").write_bytes(b"nonsense" * 1000)
    assert problems()["database.damaged"].repairable
    codes = [finding.name for finding in repaired()]
    assert codes[0] == "repair.database_set_aside"
    assert codes[-1] == "repair.champion_restored"
    assert trained.registry.resolve(SLUG).path == champion.path
    assert trained.registry.resolve(SLUG).sha256 == champion.sha256
    assert len(trained.registry.versions(SLUG)) == 3
    assert len(list(trained.home.glob("vitrine.db.damaged-*"))) >= 1
    assert problems() == {}


def test_waiting_jobs_without_a_supervisor_are_found(trained):
    with open_store().write() as connection:
        connection.execute(
            text(
                "INSERT INTO jobs (id, kind, sector, slot, key, status, args, stage, step, total, created, result, "
                "supervisor, worker, lease, beats) VALUES ('x', 'train', 'fake', 'auto', '', 'queued', '{}', '', 0, 0, "
                "'2026-01-01 00:00:00.000000', '{}', '', '', '', 0)"
            )
        )
    assert problems()["jobs.unattended"].message.params == {"count": 1}


def test_full_disks_and_unreadable_catalogues_are_found(house, monkeypatch):
    monkeypatch.setattr(doctor, "DISK_ERROR_MB", 10**12)
    folder = house.assets / "locales" / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "vitrine.po").write_text("")
    assert {"disk.full", "catalogue"} <= set(problems())


@pytest.mark.sqlite
class TestLog:
    def lines(self, house):
        return [json.loads(line) for line in (house.home / "logs" / "vitrine.log").read_text().splitlines()]

    def test_one_line_per_event(self, house, capsys):
        log_event("predicted", inputs=3, name="胸片\n{}")
        log_event("hidden", level="DEBUG")
        (line,) = self.lines(house)
        assert (line["event"], line["inputs"], line["level"], line["name"]) == ("predicted", 3, "INFO", "胸片\n{}")
        assert json.loads(capsys.readouterr().err) == line

    def test_an_unexpected_error_leaves_its_place_but_not_its_text(self, house):
        try:
            raise ValueError("patient Zhang San")
        except ValueError as error:
            reference = log_error(error, sector="fake")
        (line,) = self.lines(house)
        assert line["reference"] == reference
        assert line["kind"] == "ValueError"
        assert "test_doctor.py" in line["places"][-1]
        assert "Zhang" not in json.dumps(line)
        assert str(settings().home) not in json.dumps(line)

    def test_references_differ(self):
        assert len({new_reference() for _ in range(100)}) == 100

    def test_a_home_that_cannot_be_written_stops_nobody(self, house, capsys):
        house.home.write_text("a file")
        log_event("still_here")
        assert "still_here" in capsys.readouterr().err


@pytest.mark.sqlite
class TestDevice:
    def test_memory_of_this_process_is_measured(self, house):
        memory = device.memory()
        assert memory.device == "cpu"
        assert memory.name
        assert 0 < memory.process_mb < memory.total_mb
        assert 0 < memory.used_mb < memory.total_mb

    @pytest.mark.parametrize(
        ("wanted", "gpus", "visible", "slots"),
        [
            ("cpu", 2, None, ("cpu",)),
            ("auto", 0, None, ("cpu",)),
            ("auto", 2, None, ("cuda:0", "cuda:1", "cpu")),
            ("auto", 2, "1", ("cuda:0", "cpu")),
            ("auto", 2, "MIG-a,MIG-b,MIG-c", ("cuda:0", "cuda:1", "cuda:2", "cpu")),
            ("auto", 2, "-1", ("cpu",)),
            ("auto", 2, "", ("cpu",)),
            ("cuda", 2, None, ("cuda:0", "cpu")),
            ("cuda:1", 2, None, ("cuda:1", "cpu")),
        ],
    )
    def test_slots(self, monkeypatch, wanted, gpus, visible, slots):
        monkeypatch.setenv("VITRINE_DEVICE", wanted)
        monkeypatch.setattr(device, "_nvml_count", lambda: gpus)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert device.device_slots() == slots
