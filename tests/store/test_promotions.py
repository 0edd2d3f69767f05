"""Who may move the champion, with which reason, and what is kept of it."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from sqlalchemy import text

from core import doctor
from core.access import AccessRefused, Actor, acting_as
from core.errors import StoreError
from core.store import audit
from core.store.database import open_store
from core.store.reconcile import reconcile
from tests.jobs.fake_sector import SLUG
from tests.store.test_audit import tamper

PASS, FAIL, UNDECIDED = ({"result": result} for result in ("pass", "fail", "undecided"))
VIEWER, PRESENTER, ADMIN = (Actor(role, role) for role in ("viewer", "presenter", "admin"))
REASON = "the slice of children is better"


@pytest.fixture
def three(house):
    """Three versions, none of them promoted."""
    for content in (b"one", b"two", b"three"):
        house.registry.register(SLUG, house.staged(content))
    return house


def actions() -> list[str]:
    return [entry.action for entry in audit.entries(100)]


class TestGate:
    @pytest.mark.parametrize("actor", [PRESENTER, ADMIN])
    def test_what_passed_may_be_promoted_by_who_may_train(self, three, actor):
        with acting_as(actor):
            assert three.registry.promote(SLUG, 1, verdict=PASS).number == 1
        assert three.registry.history(SLUG)[0].actor == actor.id

    @pytest.mark.parametrize(
        ("actor", "verdict"),
        [(VIEWER, PASS), (VIEWER, None), (PRESENTER, FAIL), (PRESENTER, UNDECIDED), (PRESENTER, None), (PRESENTER, {})],
    )
    def test_the_rest_is_refused_and_on_record(self, three, actor, verdict):
        with acting_as(actor), pytest.raises(AccessRefused):
            three.registry.promote(SLUG, 1, reason=REASON, verdict=verdict)
        assert three.registry.resolve(SLUG).number == 0
        assert three.registry.history(SLUG) == []
        entry = audit.entries(1)[0]
        assert (entry.action, entry.actor, entry.code) == ("access.refused", actor.id, "access.role")

    @pytest.mark.parametrize("verdict", [FAIL, UNDECIDED, {}, {"result": 7}])
    @pytest.mark.parametrize("reason", ["", "too short", " " * 40, "a" + " " * 40 + "b"])
    def test_against_the_gate_an_admin_needs_a_reason(self, three, verdict, reason):
        with pytest.raises(StoreError) as caught:
            three.registry.promote(SLUG, 1, reason=reason, verdict=verdict)
        assert caught.value.code == "registry.reason_needed"
        assert three.registry.resolve(SLUG).number == 0

    def test_reason_and_verdict_are_kept(self, three):
        three.registry.promote(SLUG, 2, reason=f"  {REASON} ", verdict={**FAIL, "checks": [{"name": "accuracy"}]})
        (move,) = three.registry.history(SLUG)
        assert (move.number, move.previous, move.reason, move.actor) == (2, 0, REASON, "local")
        assert move.verdict == {"result": "fail", "checks": [{"name": "accuracy"}]}
        entry = audit.entries(1)[0]
        assert entry.details == {"previous": "bundled", "verdict": "fail", "reason": REASON}

    def test_long_reasons_are_cut(self, three):
        three.registry.promote(SLUG, 2, reason="x" * 2000, verdict=FAIL)
        assert len(three.registry.history(SLUG)[0].reason) == 500


class TestHistory:
    def test_newest_first_with_what_was_undone(self, three):
        registry = three.registry
        registry.promote(SLUG, 1)
        registry.promote(SLUG, 2)
        registry.rollback(SLUG)
        assert [(move.number, move.previous, move.undone) for move in registry.history(SLUG)] == [
            (2, 1, True),
            (1, 0, False),
        ]
        assert actions()[:3] == ["rollback", "promote", "promote"]

    def test_promoting_the_champion_again_leaves_no_trace(self, three):
        for _ in range(2):
            three.registry.promote(SLUG, 1)
        assert len(three.registry.history(SLUG)) == 1
        assert actions().count("promote") == 1

    def test_rolling_back_takes_a_presenter_and_the_champion_one_saw(self, three):
        three.registry.promote(SLUG, 1)
        with acting_as(VIEWER), pytest.raises(AccessRefused):
            three.registry.rollback(SLUG)
        with pytest.raises(StoreError) as caught:
            three.registry.rollback(SLUG, expected=3)
        assert caught.value.code == "registry.champion_moved"
        with acting_as(PRESENTER):
            assert three.registry.rollback(SLUG, expected=1).number == 0

    def test_unknown_sector(self, house):
        with pytest.raises(StoreError) as caught:
            house.registry.history("nowhere")
        assert caught.value.code == "registry.unknown_sector"


class TestUnwritable:
    @pytest.mark.slow
    @pytest.mark.parametrize("move", ["promote", "rollback", "delete", "register"])
    def test_what_cannot_be_audited_is_not_done(self, three, move):
        registry = three.registry
        registry.promote(SLUG, 1)
        staged = three.staged(b"four")
        with open_store().write() as connection:
            connection.execute(text("ALTER TABLE audit RENAME TO gone"))
        calls = {
            "promote": lambda: registry.promote(SLUG, 2),
            "rollback": lambda: registry.rollback(SLUG),
            "delete": lambda: registry.delete(SLUG, 2),
            "register": lambda: registry.register(SLUG, staged),
        }
        with pytest.raises(StoreError) as caught:
            calls[move]()
        assert caught.value.code == "audit.unwritable"
        assert registry.resolve(SLUG).number == 1
        assert [version.number for version in registry.versions(SLUG)] == [3, 2, 1, 0]
        assert len(list(registry.folder.glob("*/*"))) == 3


class TestDelete:
    def test_only_an_admin_and_never_what_is_in_use(self, three):
        registry = three.registry
        registry.promote(SLUG, 1)
        with acting_as(PRESENTER), pytest.raises(AccessRefused):
            registry.delete(SLUG, 2)
        for number, code in ((1, "in_use"), (0, "in_use"), (9, "unknown_version")):
            with pytest.raises(StoreError) as caught:
                registry.delete(SLUG, number)
            assert caught.value.code == f"registry.{code}"
        assert len(list(registry.folder.glob("*/*"))) == 3

    def test_files_go_and_the_number_is_not_given_twice(self, three):
        registry = three.registry
        sha256 = registry.resolve(SLUG, "3").sha256
        registry.delete(SLUG, 3)
        assert [version.number for version in registry.versions(SLUG)] == [2, 1, 0]
        assert len(list(registry.folder.glob("*/*"))) == 2
        assert list(registry.staging.iterdir()) == []
        with pytest.raises(StoreError):
            registry.resolve(SLUG, "challenger")
        with pytest.raises(StoreError):
            registry.promote(SLUG, 3)
        with pytest.raises(StoreError):
            registry.delete(SLUG, 3)
        assert registry.register(SLUG, three.staged(b"four")).number == 4
        entry = next(entry for entry in audit.entries(10) if entry.action == "delete")
        assert (entry.version, entry.sha256) == ("3", sha256)

    def test_a_version_whose_files_are_gone_can_be_deleted(self, three):
        shutil.rmtree(three.registry.resolve(SLUG, "2").path)
        three.registry.delete(SLUG, 2)
        assert "registry.files_missing" not in [finding.name for finding in doctor.check()]

    def test_rolling_back_passes_over_deleted_champions(self, three):
        registry = three.registry
        for number in (1, 2, 3):
            registry.promote(SLUG, number)
        registry.delete(SLUG, 2)
        assert registry.rollback(SLUG).number == 1
        assert [move.undone for move in registry.history(SLUG)] == [True, True, False]
        assert registry.rollback(SLUG).number == 0
        assert not registry.can_roll_back(SLUG)

    def test_when_every_earlier_champion_is_deleted_the_bundled_one_answers(self, three):
        registry = three.registry
        registry.promote(SLUG, 1)
        registry.promote(SLUG, 2)
        registry.delete(SLUG, 1)
        assert registry.rollback(SLUG).number == 0

    def test_what_a_crash_left_of_it_is_found_and_removed(self, three, monkeypatch):
        folder = three.registry.resolve(SLUG, "2").path
        monkeypatch.setattr(three.registry, "remove", lambda folder: None)
        three.registry.delete(SLUG, 2)
        monkeypatch.undo()
        three.registry.forget_trouble()
        assert folder.is_dir()
        assert "versions.deleted" in [finding.name for finding in doctor.check() if finding.repairable]
        assert [repair.action for repair in reconcile(three.registry)] == ["deleted_version_removed"]
        assert not folder.exists()


class TestDoctor:
    def findings(self):
        return {finding.name: finding for finding in doctor.check() if finding.level == "error"}

    def test_an_edited_log_is_named_and_not_repaired(self, three):
        tamper(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))
        finding = self.findings()["audit.changed"]
        assert (finding.repairable, finding.message.params) == (False, {"count": 1, "row": 2})
        doctor.check(repair=True)
        assert "audit.changed" in self.findings()

    def test_a_log_cut_off_is_named(self, three):
        tamper(text("DELETE FROM audit WHERE seq = 3"))
        assert self.findings()["audit.missing"].message.params == {"count": 1, "row": 3}

    def test_an_exchanged_key_is_named(self, three):
        from core.store import secret

        (three.home / "secret.key").write_text("11" * 32)
        secret._secret.cache_clear()
        assert "audit.key" in self.findings()
        secret._secret.cache_clear()

    @pytest.mark.skipif(os.name == "nt", reason="needs POSIX rights")
    def test_a_key_that_others_can_read_is_closed(self, three):
        key = three.home / "secret.key"
        key.chmod(0o644)
        assert self.findings()["secret.readable"].repairable
        assert "repair.key_closed" in [finding.name for finding in doctor.check(repair=True) if finding.repaired]
        assert key.stat().st_mode & 0o777 == 0o600
        assert self.findings() == {}

    @pytest.mark.sqlite
    def test_a_rebuilt_database_begins_a_log_that_names_the_old_one(self, three):
        from core.store.database import close_stores

        three.registry.promote(SLUG, 1)
        old = audit.verify().head
        close_stores()
        (three.home / "vitrine.db").write_bytes(b"nonsense" * 1000)
        for version in three.registry.folder.glob("*/*/registration.json"):
            version.write_text(json.dumps({**json.loads(version.read_text()), "owner": ""}))
            os.utime(version.parent, (1, 1))
        doctor.check(repair=True)
        assert audit.verify().intact
        first = audit.entries(100)[-1]
        assert (first.action, first.details["head"]) == ("audit.restart", old)
        assert three.registry.history(SLUG)[0].reason
