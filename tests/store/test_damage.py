"""Changed files, lost folders and a database that is damaged or locked: what still works, and what is said."""

from __future__ import annotations

import sqlite3
import time

import pytest

from core.store import audit, database
from core.store.database import close_stores
from tests.jobs.fake_sector import SLUG
from tests.store.refusals import code_of


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


@pytest.mark.slow
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
