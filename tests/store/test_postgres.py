"""One database for several servers: processes that share a PostgreSQL registry are both right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text, update

from core.contracts import ModelRef
from core.errors import StoreError
from core.settings import ROOT, settings
from core.store import audit, database, removals
from core.store.database import Store, close_stores, open_store
from core.store.registry import Registry
from core.store.schema import metadata, versions
from core.store.schema import removals as removed
from tests.house import House, open_house, until
from tests.jobs.fake_sector import SLUG
from tests.store import postgres

LISTED_BY = ModelRef(SLUG, "1", "ease", "a" * 64)

pytestmark = pytest.mark.skipif(not postgres.URL, reason=postgres.REASON)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house on PostgreSQL."""
    with postgres.fresh_database() as url:
        monkeypatch.setenv("VITRINE_DATABASE_URL", url)
        with open_house(tmp_path, monkeypatch) as made:
            yield made


ANOTHER_SERVER = """
import json, os, sys
from pathlib import Path
from core import catalog
from core.settings import Settings
from tests.jobs import fake_sector

Settings.assets = property(lambda self: Path(os.environ["FAKE_ASSETS"]))
fake_sector.install()
from core.errors import AppError
from core.store.registry import registry

print("ready", flush=True)
sys.stdin.readline()
done = []
for n in range(int(sys.argv[1])):
    folder = Path(os.environ["VITRINE_HOME"]) / "made" / os.urandom(6).hex()
    version = registry().register(fake_sector.SLUG, fake_sector.write_checkpoint(folder, os.urandom(16)))
    done.append(version.number)
    try:
        registry().promote(fake_sector.SLUG, version.number, expected=registry().resolve(fake_sector.SLUG).number)
    except AppError as error:
        assert error.code == "registry.champion_moved", error
from core.store.database import close_stores
close_stores()
print(json.dumps(done))
"""


def start_server(house: House, count: int) -> subprocess.Popen[str]:
    environment = os.environ | {
        "VITRINE_HOME": str(house.home),
        "FAKE_ASSETS": str(house.assets),
        "VITRINE_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen(
        [sys.executable, "-c", ANOTHER_SERVER, str(count)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_servers_that_register_and_promote_together_give_every_number_once(shared):
    servers = [start_server(shared, 10) for _ in range(3)]
    for server in servers:
        assert server.stdout.readline() == "ready\n", server.stderr.read()
    for server in servers:
        server.stdin.write("go\n")
        server.stdin.flush()
    numbers: list[int] = []
    for server in servers:
        out, err = server.communicate(timeout=120)
        assert (server.returncode, err) == (0, "")
        numbers += json.loads(out)
    assert sorted(numbers) == list(range(1, 31))
    assert audit.verify().intact
    history = shared.registry.history(SLUG)
    assert all(newer.previous == older.number for newer, older in pairwise(history))
    assert shared.registry.resolve(SLUG).number == history[0].number


def test_a_promotion_of_one_server_is_seen_by_the_other(shared, monkeypatch):
    here, there = shared.registry, Registry(shared.registry.url, shared.home)
    for content in (b"one", b"two"):
        here.register(SLUG, shared.staged(content))
    assert there.resolve(SLUG).number == 0
    here.promote(SLUG, 1)
    assert until(lambda: there.resolve(SLUG).number == 1, timeout=5)
    with pytest.raises(StoreError) as caught:
        there.promote(SLUG, 2, expected=0)
    assert caught.value.code == "registry.champion_moved"
    there.rollback(SLUG, expected=1)
    assert until(lambda: here.resolve(SLUG).number == 0, timeout=5)


def test_one_writer_at_a_time_and_a_hanging_one_is_named(shared, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.3)
    held, release = threading.Event(), threading.Event()
    store, other = open_store(), Store(open_store().url)

    def hold() -> None:
        with store.write():
            held.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with pytest.raises(StoreError) as caught, other.write():
        pass
    assert caught.value.code == "store.locked"
    with other.read() as connection:  # who only looks need not wait
        assert connection.execute(select(versions)).all() == []
    release.set()
    holder.join()
    with other.write():
        pass
    other.close()


def test_a_reader_sees_one_moment(shared):
    shared.registry.register(SLUG, shared.staged())
    with open_store().read() as connection:
        count = select(versions.c.number)
        assert len(connection.execute(count).all()) == 1
        shared.registry.register(SLUG, shared.staged(b"other"))
        assert len(connection.execute(count).all()) == 1


def test_a_reader_cannot_write(shared):
    with pytest.raises(StoreError) as caught, open_store().read() as connection:
        connection.execute(text("DELETE FROM aliases"))
    assert caught.value.code == "store.read_only"


def test_rows_of_the_log_cannot_be_truncated(shared):
    audit.record("promote")
    with pytest.raises(StoreError), open_store().write() as connection:
        connection.execute(text("TRUNCATE audit"))
    assert audit.verify().rows == 1


def test_a_server_that_is_gone_leaves_the_last_champion(shared, monkeypatch):
    shared.registry.register(SLUG, shared.staged())
    champion = shared.registry.promote(SLUG, 1)
    close_stores()
    monkeypatch.setattr(shared.registry, "url", "postgresql+psycopg://nobody@/nothing?host=/nowhere")
    shared.registry.forget_trouble()
    assert shared.registry.resolve(SLUG) == champion
    assert "database" in str(shared.registry.trouble)
    with pytest.raises(StoreError) as caught:
        shared.registry.promote(SLUG, 0)
    assert caught.value.code == "store.unavailable"
    assert "nobody" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://user:secret@host/db", "postgresql+nodriver://user:secret@host/db"]
)
def test_addresses_that_mean_nothing(url):
    with pytest.raises(StoreError) as caught:
        Store(url)
    assert caught.value.code == "store.address"
    assert "secret" not in str(caught.value)


def test_migrations_make_the_tables_of_the_schema(shared):
    with open_store().read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.slow
def test_an_older_database_gains_the_removals_and_keeps_its_versions(shared):
    shared.registry.register(SLUG, shared.staged())
    with open_store().write() as connection:
        connection.execute(text("DROP TABLE removals"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    close_stores()
    assert removals.removals(SLUG) == []
    with open_store().read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == database.HEAD
    removals.add(LISTED_BY, "0007", 1)
    assert [entry.item for entry in removals.removals(SLUG)] == ["0007"]
    assert [version.number for version in shared.registry.versions(SLUG)] == [1, 0]


@pytest.mark.slow
def test_removals_are_kept_replaced_and_emptied_whatever_the_servers_clock_shows(shared):
    with open_store().write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET timezone TO 'Asia/Shanghai'"))
    close_stores()
    began = datetime.now(UTC)
    for item, rank in (("商品😀", 3), ("商品😀", 1), ("i" * 300, 2)):
        removals.add(LISTED_BY, item, rank, ["0001", "é\u2028"])
    newest, first = removals.removals(SLUG)
    assert (newest.item, first.item, first.rank) == ("i" * 200, "商品😀", 1)
    assert list(first.liked) == ["0001", "é\u2028"]
    assert began <= first.created <= newest.created <= datetime.now(UTC)
    old = began - timedelta(days=settings().correction_days + 1)
    with open_store().write() as connection:
        connection.execute(update(removed).where(removed.c.rank == 1).values(created=old))
    assert (removals.sweep(), removals.sweep()) == (1, 0)
    assert removals.most_removed(SLUG) == [("i" * 200, 1), ("商品😀", 1)]
    removals.withdraw(SLUG, "商品😀")
    assert [entry.rank for entry in removals.removals(SLUG)] == [2]


@pytest.mark.slow
def test_two_servers_that_remove_the_same_item_leave_one_entry(shared):
    def remove(rank: int) -> None:
        removals.add(LISTED_BY, "0007", rank)

    threads = [threading.Thread(target=remove, args=(rank,)) for rank in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.item for entry in removals.removals(SLUG)] == ["0007"]
    assert audit.verify().intact
