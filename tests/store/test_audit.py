"""The log of who did what: nothing in it can be changed, taken out or cut off unnoticed."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from core import access
from core.access import AccessRefused, Actor, acting_as
from core.errors import StoreError
from core.settings import ROOT
from core.store import audit, backlog, secret
from core.store.database import close_stores, open_store
from core.store.schema import audit as table
from tests.house import until


def fill(count: int) -> None:
    with audit.change(open_store()) as ledger:
        for number in range(count):
            ledger.record("promote", sector="fake", version=str(number), details={"reason": f"better, {number} fixed"})


def unlock(connection) -> None:
    """What somebody with the database file in hand would do first."""
    if open_store().sqlite:
        for action in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{action}"))
    else:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))


def tamper(*statements) -> None:
    with open_store().write() as connection:
        unlock(connection)
        for statement in statements:
            connection.execute(statement)


class TestRows:
    def test_a_row_says_who_when_what(self, house):
        with acting_as(Actor("ann@example.org", "admin", "models")):
            assert audit.record("export", sector="fake", version="3", sha256="ab", n_items=2, job="j") == 1
        (entry,) = audit.entries(10)
        assert (entry.seq, entry.actor, entry.role, entry.action) == (1, "ann@example.org", "admin", "export")
        assert (entry.page, entry.sector, entry.version, entry.sha256) == ("models", "fake", "3", "ab")
        assert (entry.n_items, entry.job, entry.code, entry.details) == (2, "j", "ok", {})
        assert entry.time.tzinfo is not None
        assert entry.app_version

    def test_numbers_have_no_gap_whoever_writes(self, house):
        threads = [threading.Thread(target=lambda: [audit.record("promote") for _ in range(10)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [entry.seq for entry in audit.entries(100)] == list(range(40, 0, -1))
        assert audit.verify().intact

    def test_newest_first_after_a_number_and_by_sector(self, house):
        fill(5)
        audit.record("promote", sector="other")
        assert [entry.seq for entry in audit.entries(2)] == [6, 5]
        assert [entry.seq for entry in audit.entries(10, after=3, sector="fake")] == [5, 4]

    def test_only_an_admin_reads_them_and_the_attempt_is_on_record(self, house):
        with acting_as(Actor("eve", "presenter")), pytest.raises(AccessRefused):
            audit.entries(10)
        (entry,) = audit.entries(10)
        assert (entry.actor, entry.action, entry.code) == ("eve", "access.refused", "access.role")
        assert entry.details == {"needed": "admin"}

    @pytest.mark.parametrize(
        "odd", ["nul\0", "line\nbreak", "\x1b[31mred", "lone \ud800", "left\u202eright", "x" * 9000, "胸片 {0} <b>"]
    )
    def test_odd_texts_are_held_by_every_database(self, house, odd):
        audit.record("promote", sector=odd, version=odd, page=odd, code=odd, details={odd: [odd, {"deep": (odd, 1.5)}]})
        (entry,) = audit.entries(1)
        assert entry.sector.isprintable()
        assert len(entry.sector) <= 64
        assert audit.verify().intact

    def test_figures_that_json_does_not_know(self, house):
        audit.record("promote", details={"value": float("nan"), "low": float("inf"), "n": 3, "none": None, "yes": True})
        assert audit.entries(1)[0].details == {"value": None, "low": None, "n": 3, "none": None, "yes": True}

    def test_inputs_stand_for_themselves_as_keyed_hashes(self, house):
        assert audit.input_hmac("no") == audit.input_hmac(b"no") != audit.input_hmac("yes")
        import hashlib

        assert audit.input_hmac("no") != hashlib.sha256(b"no").hexdigest()
        audit.record("export", input_hmac=audit.input_hmac("no"))
        assert audit.entries(1)[0].input_hmac == audit.input_hmac("no")


@pytest.mark.sqlite
class TestSecret:
    def test_it_is_made_once_for_its_owner_alone(self, house):
        first = secret.subkey("audit")
        file = house.home / "secret.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret._secret.cache_clear()
        assert secret.subkey("audit") == first != secret.subkey("input")
        assert [path.name for path in house.home.glob(".secret*")] == []

    @pytest.mark.parametrize("content", ["", "no hex", "abcd", "\xff" * 64])
    def test_a_damaged_key_stops_changes_and_is_named(self, house, content):
        house.home.mkdir()
        (house.home / "secret.key").write_text(content, encoding="latin-1")
        with pytest.raises(StoreError) as caught:
            audit.record("promote")
        assert caught.value.code == "audit.unwritable"
        assert "secret.unusable" in str(caught.value.message)

    @pytest.mark.slow
    def test_processes_that_start_together_share_one(self, house):
        code = "from core.store.secret import subkey; print(subkey('x').hex())"
        started = [
            subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        assert len({process.communicate(timeout=60)[0] for process in started}) == 1


class TestChain:
    def test_an_untouched_log_is_intact(self, house):
        assert audit.verify() == audit.AuditReport(0, [], [], "")
        fill(30)
        report = audit.verify()
        assert (report.rows, report.broken, report.missing, report.intact) == (30, [], [], True)
        assert report.head == (house.home / "audit.head").read_text().strip()

    @pytest.mark.parametrize("statement", ["UPDATE audit SET code = 'x' WHERE seq = 1", "DELETE FROM audit"])
    def test_the_database_itself_refuses_changes(self, house, statement):
        fill(2)
        with pytest.raises((StoreError, IntegrityError)), open_store().write() as connection:
            connection.execute(text(statement))
        assert audit.verify().intact

    @pytest.mark.slow
    def test_100_of_100_edited_rows_are_found(self, house):
        """One row and one column each time, as an owner of the database file without the key can change them."""
        fill(100)
        rng = random.Random(0)
        columns = [column.name for column in table.columns if column.name not in ("seq", "hash", "previous")]
        with open_store().read() as connection:
            saved = {row["seq"]: dict(row) for row in connection.execute(select(table)).mappings()}
        found = 0
        for seq in range(1, 101):
            column = rng.choice(columns)
            value = {"time": saved[seq]["time"].replace(year=1999), "n_items": 77, "details": {"reason": "none"}}
            tamper(update(table).where(table.c.seq == seq).values({column: value.get(column, "edited")}))
            found += audit.verify().broken == [seq]
            tamper(update(table).where(table.c.seq == seq).values({column: saved[seq][column]}))
        assert found == 100
        assert audit.verify().intact

    def test_a_chain_made_anew_without_the_key_is_found(self, house, monkeypatch):
        fill(10)
        monkeypatch.setattr(audit, "subkey", lambda purpose: b"guessed")
        with open_store().read() as connection:
            rows = [dict(row) for row in connection.execute(select(table).order_by(table.c.seq)).mappings()]
        rows[4]["details"] = {"reason": "nobody knows"}
        changes, previous = [], rows[3]["hash"]
        for row in rows[4:]:
            row["previous"] = previous
            previous = row["hash"] = audit._seal(row)
            changes.append(update(table).where(table.c.seq == row["seq"]).values(row))
        monkeypatch.undo()
        tamper(*changes)
        assert audit.verify().broken == [5, 6, 7, 8, 9, 10]

    @pytest.mark.parametrize("gone", [[1], [50], [3, 4, 5], [2, 98]])
    def test_deleted_rows_are_found(self, house, gone):
        fill(100)
        tamper(table.delete().where(table.c.seq.in_(gone)))
        report = audit.verify()
        assert (report.missing, report.broken) == (gone, [])

    @pytest.mark.slow
    def test_swapped_rows_are_found(self, house):
        fill(10)
        tamper(
            update(table).where(table.c.seq == 3).values(seq=-3),
            update(table).where(table.c.seq == 7).values(seq=3),
            update(table).where(table.c.seq == -3).values(seq=7),
        )
        assert {3, 7} <= set(audit.verify().broken)

    def test_a_tail_cut_off_is_found_against_the_noted_head(self, house):
        fill(20)
        tamper(table.delete().where(table.c.seq > 17))
        assert audit.verify().missing == [18, 19, 20]

    def test_a_tail_cut_off_with_its_head_is_found_against_one_kept_elsewhere(self, house):
        fill(20)
        kept = audit.verify().head
        tamper(table.delete().where(table.c.seq > 17))
        (house.home / "audit.head").unlink()
        assert audit.verify().intact
        assert audit.verify(head=kept).missing == [18, 19, 20]
        fill(3)
        assert audit.verify(head=kept).broken == [20]

    def test_a_head_left_behind_is_as_good(self, house):
        fill(5)
        old = (house.home / "audit.head").read_text()
        fill(5)
        (house.home / "audit.head").write_text(old)
        assert audit.verify().intact
        for odd in ("", "x", "7", ":", "²:a", "9" * 40 + ":a"):
            (house.home / "audit.head").write_text(odd)
            assert audit.verify().intact

    def test_another_key_is_told_from_edited_rows(self, house):
        fill(5)
        (house.home / "secret.key").write_text("00" * 32)
        secret._secret.cache_clear()
        assert audit.verify().other_key
        secret._secret.cache_clear()

    @pytest.mark.sqlite
    def test_a_new_log_names_the_head_of_the_old_one(self, house):
        fill(5)
        old = audit.verify().head
        close_stores()
        for file in house.home.glob("vitrine.db*"):
            file.unlink()
        audit.restart({"why": "damaged"})
        (entry,) = audit.entries(5)
        assert (entry.action, entry.details) == ("audit.restart", {"why": "damaged", "head": old})
        assert audit.verify().intact


class TestTogether:
    def test_a_row_is_there_only_with_what_it_tells_of(self, house):
        with pytest.raises(ZeroDivisionError), audit.change(open_store()) as ledger:
            ledger.record("promote")
            raise ZeroDivisionError
        assert audit.entries(5) == []
        assert not (house.home / "audit.head").exists()

    def test_without_the_log_nothing_is_changed(self, house):
        with open_store().write() as connection:
            connection.execute(text("DROP TABLE audit"))
        with pytest.raises(StoreError) as caught, audit.change(open_store()) as ledger:
            ledger.connection.execute(text("INSERT INTO supervisors VALUES ('h', 'o', '2020-01-01 00:00:00.000000')"))
            ledger.record("promote")
        assert caught.value.code == "audit.unwritable"
        with open_store().read() as connection:
            assert connection.execute(text("SELECT count(*) FROM supervisors")).scalar() == 0

    def test_viewing_goes_on_and_is_written_once_it_can_be(self, house, monkeypatch):
        monkeypatch.setattr(backlog, "RETRY_S", 0.05)
        open_store()
        with open_store().write() as connection:
            connection.execute(text("ALTER TABLE audit RENAME TO gone"))
        assert audit.record("predict", sector="fake") == 0
        assert not audit.flush(5)
        with open_store().write() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO audit"))
        until(lambda: audit.flush(5))
        assert [entry.action for entry in audit.entries(5)] == ["predict"]


class TestBacklog:
    def test_a_database_that_is_gone_holds_up_no_other_and_no_error_ends_the_thread(self):
        written: list[int] = []

        def write(url, rows):
            if url == "gone":
                raise ZeroDivisionError
            written.extend(row["n"] for row in rows)

        line = backlog.Backlog(write)
        line.put("gone", {"n": 0})
        line.put("there", {"n": 1})
        assert line.flush(5, "there")
        assert not line.flush(5)
        line.put("there", {"n": 2})
        assert line.flush(5, "there") and written == [1, 2]
        with line._changed:
            line._lines.clear()  # nothing is left for the end of the process

    def test_rows_keep_their_order_and_their_actor(self, house):
        for number in range(300):
            with acting_as(Actor(f"session {number}", "viewer")):
                audit.record("predict", n_items=number)
        entries = audit.entries(500)
        assert [entry.n_items for entry in entries] == list(range(299, -1, -1))
        assert [entry.actor for entry in entries] == [f"session {number}" for number in range(299, -1, -1)]
        assert audit.verify().intact

    def test_a_full_line_drops_and_counts(self, house, monkeypatch):
        monkeypatch.setattr(backlog, "MOST", 3)
        held = threading.Event()
        written: list[dict] = []

        def write(url, rows):
            held.wait(10)
            written.extend(rows)

        line = backlog.Backlog(write)
        for number in range(5):
            line.put("url", {"n": number})
        held.set()
        assert line.flush(5)
        assert [row["n"] for row in written] == [0, 1, 2]
        assert line._dropped == 2

    def test_rows_for_two_databases_do_not_mix_or_wait_for_each_other(self, monkeypatch):
        monkeypatch.setattr(backlog, "RETRY_S", 60.0)
        written, broken = [], {"b"}

        def write(url, rows):
            if url in broken:
                raise StoreError("store.corrupt", "damaged")
            written.append((url, [row["n"] for row in rows]))

        line = backlog.Backlog(write)
        for number, url in enumerate(["b", "a", "b", "a"]):
            line.put(url, {"n": number})
        until(lambda: [n for _, numbers in written for n in numbers] == [1, 3])
        assert not line.flush(5)
        broken.clear()
        assert line.flush(5)
        assert written[-1] == ("b", [0, 2])

    @pytest.mark.slow
    def test_a_database_that_is_gone_is_tried_ever_less_often(self, monkeypatch):
        monkeypatch.setattr(backlog, "RETRY_S", 0.02)
        tries = []

        def write(url, rows):
            tries.append(time.monotonic())
            raise StoreError("store.corrupt", "damaged")

        backlog.Backlog(write).put("url", {})
        until(lambda: len(tries) >= 5)
        assert tries[4] - tries[3] > 2 * (tries[1] - tries[0])

    @pytest.mark.slow
    def test_a_process_that_ends_writes_the_rest(self, house):
        code = "from core.store import audit\nfor n in range(50): audit.record('predict', sector='fake', n_items=n)\n"
        environment = os.environ | {"VITRINE_HOME": str(house.home)}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True)
        assert [entry.n_items for entry in audit.entries(100)] == list(range(49, -1, -1))

    @pytest.mark.slow
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_a_forked_process_has_a_line_of_its_own(self, house):
        code = (
            "import os\n"
            "from core.store import audit\n"
            "from core.store.database import close_stores\n"
            "audit.record('predict', n_items=1); audit.flush(); close_stores()\n"
            "child = os.fork()\n"
            "audit.record('predict', n_items=2 if child else 3)\n"
            "assert audit.flush(10)\n"
            "child and os.waitpid(child, 0)\n"
        )
        environment = os.environ | {"VITRINE_HOME": str(house.home)}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True)
        assert sorted(entry.n_items for entry in audit.entries(100)) == [1, 2, 3]
        assert audit.verify().intact


def test_a_refusal_is_witnessed(monkeypatch):
    seen = []
    monkeypatch.setattr(access, "_witnesses", [lambda actor, needed: seen.append((actor.id, needed))])
    with acting_as(Actor("eve", "viewer")), pytest.raises(AccessRefused):
        access.require("admin")
    assert seen == [("eve", "admin")]
