"""Versions and aliases: numbers, champion, challenger, promotion and rollback."""

from __future__ import annotations

import threading
from datetime import UTC

import pytest

from core.errors import StoreError
from tests.jobs.fake_sector import SLUG, Task
from tests.store.refusals import code_of


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
