"""Opens the store: SQLite beside the weights by default, PostgreSQL by address when several servers share it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, inspect, text
from sqlalchemy.engine import make_url

from core.contracts import N_, Message
from core.errors import StoreError
from core.settings import settings
from core.store.schema import HEAD

BUSY_TIMEOUT_S = 5.0
"""How long a writer waits for another one."""

MIGRATIONS = Path(__file__).parent / "migrations"
_WRITER = 0x56495452
"""Number of PostgreSQL's advisory lock that stands for the one writer's lock that SQLite has by itself."""
_IDLE_MS = 60_000
"""A writer that hangs for longer is cut off, so that it cannot stop all others for ever."""

_REPAIR = N_("Run `python -m core doctor`; predictions go on meanwhile with the last good model.")
_REASONS: tuple[tuple[str, str, str], ...] = (
    ("locked", "store.locked", N_("The database is busy: another process holds it for longer than {seconds} seconds.")),
    (
        "lock timeout",
        "store.locked",
        N_("The database is busy: another process holds it for longer than {seconds} seconds."),
    ),
    ("no space left", "store.disk_full", N_("The disk that holds the database is full.")),
    ("full", "store.disk_full", N_("The disk that holds the database is full.")),
    ("malformed", "store.corrupt", N_("The database file is damaged.")),
    ("not a database", "store.corrupt", N_("The database file is damaged.")),
    ("readonly", "store.read_only", N_("The folder of the database cannot be written.")),
    ("read-only", "store.read_only", N_("The folder of the database cannot be written.")),
)


class Store:
    """A migrated database. Safe to use from many threads; every process opens its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)
        self.sqlite = self._engine.dialect.name == "sqlite"
        if self.sqlite:
            event.listen(self._engine, "connect", _prepare)
            event.listen(self._engine, "begin", _begin)
        try:
            self._migrate()
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only looks. Raises `StoreError` when the database cannot be used."""
        with self._transaction(write=False) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the writer's lock from its start, committed at the end of the block.

        There is one such lock, on PostgreSQL as on SQLite: what was read in the block still holds at its end.

        Raises `StoreError` when the database cannot be used; `sqlalchemy.exc.IntegrityError` passes through.
        """
        with self._transaction(write=True) as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, write: bool) -> Iterator[Connection]:
        options: dict[str, Any] = {"write": write}
        if not self.sqlite and not write:
            # Several questions of one transaction are answered from one moment, as SQLite does anyway.
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                if write and not self.sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER})
                yield connection
        except exc.IntegrityError:
            raise
        except exc.SQLAlchemyError as error:
            # A repair puts another file in the place of a damaged one: the next use must open that.
            self._engine.dispose()
            raise _unavailable(error) from error

    def _migrate(self) -> None:
        with self.read() as connection:
            if _revision(connection) == HEAD:
                return
        with self.write() as connection:
            found = _revision(connection)
            if found == HEAD:  # another process was quicker
                return
            if found > HEAD:
                raise StoreError(
                    "store.newer",
                    Message(
                        N_("The database was written by a newer version of this program ({found}, known: {known})."),
                        {"found": found, "known": HEAD},
                    ),
                    N_("Update the program, or point VITRINE_HOME to another folder."),
                )
            _upgrade(connection)


def _engine(url: str) -> Engine:
    """The engine for an address; raises `StoreError` for one that means nothing or whose driver is not installed."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
            return create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
        if parsed.get_backend_name() != "postgresql":
            raise exc.ArgumentError
        options = f"-c lock_timeout={BUSY_TIMEOUT_S * 1000:.0f} -c idle_in_transaction_session_timeout={_IDLE_MS}"
        return create_engine(url, connect_args={"connect_timeout": 5, "options": options}, pool_pre_ping=True)
    except OSError as error:
        raise _unavailable(error) from error
    except (exc.ArgumentError, ImportError) as error:
        raise StoreError(
            "store.address",
            N_("The address of the database cannot be used."),
            N_("VITRINE_DATABASE_URL is empty, or like postgresql+psycopg://user:password@host/database."),
        ) from error


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _prepare(connection: Any, _record: object) -> None:
    """Set up one SQLite connection; transactions are begun by `_begin`, not guessed by the driver."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _use_wal(cursor)
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Switch to the write-ahead log; SQLite's busy handler does not cover this, so two new processes may collide."""
    import sqlite3

    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    # A deferred transaction that later wants to write fails at once when another writer came between.
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _unavailable(error: Exception) -> StoreError:
    said = str(getattr(error, "orig", error)).lower()
    for word, code, template in _REASONS:
        if word in said:
            return StoreError(code, Message(template, {"seconds": f"{BUSY_TIMEOUT_S:.0f}"}), _REPAIR)
    return StoreError("store.unavailable", N_("The database cannot be used."), _REPAIR)


_stores: dict[tuple[int, str], Store] = {}
_opening = threading.Lock()


def open_store(url: str = "") -> Store:
    """The store at `url` (default: the one of the settings), opened and migrated once per process.

    Raises:
        StoreError: the database is damaged, locked, newer than this program, or cannot be written.
    """
    key = (os.getpid(), url or settings().store_url)
    with _opening:
        if key not in _stores:
            _stores[key] = Store(key[1])
        return _stores[key]


def close_stores() -> None:
    """Close every store of this process; the next use opens it again."""
    with _opening:
        for key in [key for key in _stores if key[0] == os.getpid()]:
            _stores.pop(key).close()
