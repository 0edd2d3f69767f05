from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, text

from core.errors import ModelRefused, StoreError
from core.store import audit, database, files
from core.store.database import close_stores, open_store
from core.store.reconcile import reconcile
from core.store.schema import jobs
from tests.jobs import fake_sector
from tests.jobs.fake_sector import SLUG, Task


def code_of(call) -> str:
    with pytest.raises((StoreError, ModelRefused)) as caught:
        call()
    assert str(caught.value.message)
    assert "/home" not in str(caught.value.message)
    return caught.value.code


def test_the_bundled_preset_is_champion_until_another_is_promoted(house):
    bundled = house.registry.resolve(SLUG)
    assert (bundled.number, bundled.name, bundled.ref, bundled.aliases) == (0, "bundled", "bundled", ("champion",))
    assert [version.ref for version in house.registry.versions(SLUG)] == ["bundled"]
    for ref in ("bundled", "0"):
        assert house.registry.resolve(SLUG, ref).number == 0
    bundled.check()


def test_register_makes_a_challenger_that_is_found_by_number_and_alias(house):
    staged = house.staged(architecture="net")
    version = house.registry.register(SLUG, staged, job_id="j", verify=lambda folder: Task().load(folder, "cpu"))
    assert (version.number, version.name, version.aliases, version.job_id) == (1, "net", ("challenger",), "j")
    assert not staged.exists()
    second = house.registry.register(SLUG, house.staged(b"more"), name="mine")
    assert (second.number, second.name) == (2, "mine")
    assert house.registry.resolve(SLUG, "challenger") == second
    assert house.registry.resolve(SLUG, "1").aliases == ()
    assert [version.number for version in house.registry.versions(SLUG)] == [2, 1, 0]
    assert house.registry.of_job("j").number == 1
    assert second.created.tzinfo is UTC
    second.check()


def test_promote_and_rollback_walk_through_the_champions(house):
    registry = house.registry
    for content in (b"one", b"two"):
        registry.register(SLUG, house.staged(content))
    assert registry.promote(SLUG, 1).number == 1
    assert registry.resolve(SLUG, "challenger").number == 2
    assert registry.promote(SLUG, 2, expected=1).aliases == ("champion",)
    assert code_of(lambda: registry.resolve(SLUG, "challenger")) == "registry.no_challenger"
    assert registry.rollback(SLUG).number == 1
    assert registry.resolve(SLUG, "challenger").number == 2
    assert registry.rollback(SLUG).number == 0
    assert code_of(lambda: registry.rollback(SLUG)) == "registry.nothing_to_roll_back"
    assert registry.promote(SLUG, 2).number == 2
    assert registry.promote(SLUG, 2).number == 2
    assert registry.promote(SLUG, 0).number == 0
    assert registry.rollback(SLUG).number == 2


@pytest.mark.parametrize(
    "ref", ["7", "-1", "1.5", "no", "", "../etc/passwd", "²", "99999999999", "challenger", "<b>", "{sector.slug}"]
)
def test_unknown_versions_are_refused_in_words(house, ref):
    code = code_of(lambda: house.registry.resolve(SLUG, ref))
    assert code in ("registry.unknown_version", "registry.no_challenger")


def test_unknown_sector_and_missing_bundled_model(house):
    assert code_of(lambda: house.registry.resolve("nowhere")) == "registry.unknown_sector"
    (house.assets / "models" / "fake").rename(house.assets / "gone")
    assert code_of(lambda: house.registry.resolve(SLUG)) == "registry.files_missing"
    assert house.registry.versions(SLUG) == []


def test_promote_is_a_compare_and_swap(house):
    for content in (b"one", b"two", b"three"):
        house.registry.register(SLUG, house.staged(content))
    won, refused = [], []

    def promote(number):
        try:
            house.registry.promote(SLUG, number, expected=0)
            won.append(number)
        except StoreError as error:
            refused.append(error.code)

    racing = [threading.Thread(target=promote, args=(number,)) for number in (1, 2, 3)]
    for thread in racing:
        thread.start()
    for thread in racing:
        thread.join()
    assert len(won) == 1
    assert refused == ["registry.champion_moved"] * 2
    assert house.registry.resolve(SLUG).number == won[0]


def _no_weights(folder):
    (folder / "model.safetensors").unlink()


def _flip(folder):
    (folder / "model.safetensors").write_bytes(b"weighty")


def _no_manifest(folder):
    (folder / "manifest.json").unlink()


def _bad_manifest(folder):
    (folder / "manifest.json").write_text("[1, 2")


def _list_manifest(folder):
    (folder / "manifest.json").write_text("[]")


def _huge_manifest(folder):
    (folder / "manifest.json").write_text(json.dumps({"x": "x" * files.MANIFEST_BYTES}))


def _no_checksum(folder):
    (folder / "manifest.json").write_text("{}")


def _link(folder):
    (folder / "evaluation.npz").symlink_to("/etc/hosts")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_no_weights, "model.missing"),
        (_flip, "model.changed"),
        (_no_manifest, "model.missing"),
        (_bad_manifest, "model.manifest"),
        (_list_manifest, "model.manifest"),
        (_huge_manifest, "model.manifest"),
        (_no_checksum, "model.manifest"),
        (_link, "model.link"),
    ],
)
def test_what_is_not_whole_is_not_registered(house, damage, code):
    staged = house.staged()
    damage(staged)
    assert code_of(lambda: house.registry.register(SLUG, staged)) == code
    nothing_left(house)


def test_empty_weights_are_refused(house):
    assert code_of(lambda: house.registry.register(SLUG, house.staged(b""))) == "model.empty"


def test_what_does_not_load_is_not_registered(house):
    staged = house.staged(b"broken")
    assert code_of(lambda: house.registry.register(SLUG, staged, verify=lambda f: Task().load(f, "cpu"))) == (
        "model.broken"
    )
    nothing_left(house)


def nothing_left(house):
    assert [version.number for version in house.registry.versions(SLUG)] == [0]
    assert list(house.registry.staging.iterdir()) == []
    assert list(house.registry.folder.glob("*/*")) == []


def test_a_missing_folder_is_refused(house):
    assert code_of(lambda: house.registry.register(SLUG, house.home / "nothing")) == "model.missing"


def test_a_failed_insert_leaves_no_folder(house, monkeypatch):
    def locked(*_):
        raise StoreError("store.locked", "busy")

    monkeypatch.setattr(house.registry, "_insert", locked)
    assert code_of(lambda: house.registry.register(SLUG, house.staged())) == "store.locked"
    nothing_left(house)


@pytest.mark.parametrize("call", ["open", "fsync", "rename", "mkdir"])
def test_every_failing_system_call_leaves_all_or_nothing(house, monkeypatch, call):
    """The n-th call fails with "no space left", for every n until one run passes."""
    house.registry.register(SLUG, house.staged(b"first"))
    real = {"open": os.open, "fsync": os.fsync, "rename": os.rename, "mkdir": os.mkdir}[call]
    for n in range(1, 60):
        staged = house.staged(f"weights {n}".encode())
        seen = 0

        def failing(*args, limit=n, **kwargs):
            nonlocal seen
            seen += 1
            if seen == limit:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        before = len(house.registry.versions(SLUG))
        with monkeypatch.context() as patch:
            patch.setattr(os, call, failing)
            try:
                house.registry.register(SLUG, staged)
            except (OSError, ModelRefused):
                assert seen >= n
            else:
                break
        assert len(house.registry.versions(SLUG)) == before
        assert list(house.registry.staging.iterdir()) == []
    else:
        pytest.fail("no run passed")
    assert house.registry.resolve(SLUG, "challenger").number == 2


def test_changed_files_are_noticed_and_not_promoted(house):
    version = house.registry.register(SLUG, house.staged())
    weights = version.path / "model.safetensors"
    weights.write_bytes(b"Weights")
    assert code_of(lambda: house.registry.promote(SLUG, 1)) == "model.changed"
    weights.write_bytes(b"weights")
    version.check()
    manifest = version.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace("tiny", "tinY"))
    assert code_of(version.check) == "model.changed"
    assert house.registry.resolve(SLUG).number == 0


def test_a_version_without_its_folder_is_named(house):
    version = house.registry.register(SLUG, house.staged())
    house.registry.promote(SLUG, 1)
    version.path.rename(house.home / "elsewhere")
    assert code_of(lambda: house.registry.resolve(SLUG)) == "registry.files_missing"
    assert [version.ref for version in house.registry.versions(SLUG)] == ["bundled"]


@pytest.mark.sqlite
class TestDamagedDatabase:
    def damage(self, house):
        close_stores()
        for file in house.home.glob("vitrine.db*"):
            file.unlink()
        (house.home / "vitrine.db").write_bytes(b"no database at all" * 100)
        house.registry.forget_trouble()

    def test_the_last_champion_is_served_and_it_is_said(self, house):
        house.registry.register(SLUG, house.staged())
        house.registry.register(SLUG, house.staged(b"other"))
        champion = house.registry.promote(SLUG, 1)
        self.damage(house)
        assert house.registry.resolve(SLUG) == champion
        assert "damaged" in str(house.registry.trouble)
        assert [version.ref for version in house.registry.versions(SLUG)] == ["1", "bundled"]
        assert code_of(lambda: house.registry.resolve(SLUG, "2")) == "store.corrupt"
        assert house.registry.resolve(SLUG, "bundled").number == 0
        assert code_of(lambda: house.registry.rollback(SLUG)) == "store.corrupt"

    def test_without_a_known_champion_the_bundled_one_is_served(self, house):
        house.home.mkdir()
        self.damage(house)
        assert house.registry.resolve(SLUG).aliases == ("champion",)
        assert house.registry.trouble is not None

    def test_a_damaged_cache_is_no_harm(self, house):
        house.registry.register(SLUG, house.staged())
        house.registry.promote(SLUG, 1)
        for content in ("{", "[]", '{"fake": {"folder": 1}}', '{"fake": 3}'):
            (house.home / "champions.json").write_text(content)
            self.damage(house)
            assert house.registry.resolve(SLUG).number == 0

    def test_trouble_ends_with_the_damage(self, house, monkeypatch):
        house.registry.resolve(SLUG)
        saved = (house.home / "vitrine.db").read_bytes()
        self.damage(house)
        house.registry.resolve(SLUG)
        (house.home / "vitrine.db").write_bytes(saved)
        monkeypatch.setattr("core.store.registry.RETRY_S", 0.0)
        house.registry._ask_again = 0.0
        house.registry.resolve(SLUG)
        assert house.registry.trouble is None


@pytest.mark.sqlite
def test_a_locked_database_lets_everybody_look_and_nobody_change(house, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    for content in (b"one", b"two"):
        house.registry.register(SLUG, house.staged(content))
    champion = house.registry.promote(SLUG, 1)
    other = sqlite3.connect(house.home / "vitrine.db")
    other.execute("BEGIN IMMEDIATE")
    assert house.registry.resolve(SLUG) == champion
    assert house.registry.trouble is None
    for change in (
        lambda: house.registry.promote(SLUG, 2),
        lambda: house.registry.rollback(SLUG),
        lambda: house.registry.delete(SLUG, 2),
    ):
        assert code_of(change) == "store.locked"
    assert code_of(lambda: audit.record("export")) == "audit.unwritable"
    began = time.monotonic()
    audit.record("predict", sector=SLUG)
    assert time.monotonic() - began < 0.1, "looking waits for nobody"
    other.rollback()
    other.close()
    assert audit.flush(10)
    assert audit.entries(1)[0].action == "predict"
    assert house.registry.promote(SLUG, 2).number == 2


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
