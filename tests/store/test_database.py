from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text, update

from core.errors import StoreError
from core.settings import ROOT
from core.store import database
from core.store.database import Store, close_stores, open_store
from core.store.schema import HEAD, metadata, supervisors


def test_migrations_make_the_tables_of_the_schema(house):
    with open_store().read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


@pytest.mark.sqlite
def test_sqlite_is_safe_against_power_cuts_and_checks_foreign_keys(house):
    with open_store().read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


@pytest.mark.slow
def test_processes_that_open_a_new_store_together_migrate_once(house):
    code = "from core.store.database import open_store; open_store(); print('opened')"
    opening = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in opening:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out.strip(), err) == (0, b"opened", b"")
    with open_store().read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_a_failed_transaction_leaves_nothing(house):
    store = open_store()
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        connection.execute(text("INSERT INTO supervisors VALUES ('h', 'o', '2020-01-01 00:00:00.000000')"))
        raise ZeroDivisionError
    with store.read() as connection:
        assert connection.execute(select(supervisors)).all() == []


@pytest.mark.sqlite
@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_named_as_such(house, content):
    house.home.mkdir()
    (house.home / "vitrine.db").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        open_store()
    assert caught.value.code == "store.corrupt"
    assert "doctor" in str(caught.value.hint)


@pytest.mark.sqlite
def test_a_busy_database_is_named_as_such(house, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    store = open_store()
    other = sqlite3.connect(house.home / "vitrine.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught, store.write():
        pass
    assert caught.value.code == "store.locked"
    with store.read() as connection:  # who only looks need not wait
        connection.execute(select(supervisors)).all()
    other.close()


def test_a_newer_database_is_left_alone(house):
    store = open_store()
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    close_stores()
    with pytest.raises(StoreError) as caught:
        open_store()
    assert caught.value.code == "store.newer"


@pytest.mark.sqlite
def test_a_folder_that_cannot_be_made_is_named(house):
    house.home.parent.joinpath("file").write_text("")
    with pytest.raises(StoreError) as caught:
        Store(f"sqlite:///{house.home.parent / 'file' / 'vitrine.db'}")
    assert caught.value.code == "store.unavailable"


def test_two_writers_take_turns(house):
    import threading
    from datetime import UTC, datetime

    store = open_store()
    with store.write() as connection:
        connection.execute(insert(supervisors).values(host="h", owner="0", started=datetime.now(UTC)))

    def add_one():
        for _ in range(20):
            with store.write() as connection:
                count = int(connection.execute(select(supervisors.c.owner)).scalar_one())
                connection.execute(update(supervisors).values(owner=str(count + 1)))

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert connection.execute(select(supervisors.c.owner)).scalar_one() == "80"


@pytest.mark.sqlite
def test_after_a_failure_the_file_is_opened_again(house):
    """A repair may have put another file in its place."""
    store = open_store()
    with pytest.raises(StoreError), store.read() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    (house.home / "vitrine.db").rename(house.home / "aside")
    for ending in ("-wal", "-shm"):
        (house.home / f"vitrine.db{ending}").unlink(missing_ok=True)
    with pytest.raises(StoreError), store.read() as connection:
        connection.execute(select(supervisors))
    (house.home / "vitrine.db").unlink()
    (house.home / "aside").rename(house.home / "vitrine.db")
    with store.read() as connection:
        assert connection.execute(select(supervisors)).all() == []
