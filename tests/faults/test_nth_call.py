"""Every call that the registry makes to disk or database fails in turn, once and for good, until nothing fails.

After each fault: no version half there, the alias where it was or where it was put, the audit log whole, nothing left
over once the ordinary recovery ran, and the same act succeeds when the fault is gone.
"""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import sqlite3.dbapi2
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import intact
from core.errors import AppError
from core.jobs import keeping, uploads
from core.store.database import close_stores, open_store
from core.store.reconcile import reconcile
from tests.jobs.fake_sector import SLUG

pytestmark = pytest.mark.slow

FILE_CALLS = ("open", "fsync", "rename", "replace", "mkdir")
SQL_ERRORS = {
    errno.ENOSPC: "database or disk is full",
    errno.EIO: "disk I/O error",
    errno.EMFILE: "unable to open database file",
    errno.EBUSY: "database is locked",
}
LIMIT = 400


class Faults:
    """Counts calls below the registry and lets the n-th of them, or all from there on, fail with an error number."""

    def __init__(self) -> None:
        self.calls = 0
        self.nth = 0
        self.number = 0
        self.for_good = False
        self.struck = False
        self.thread = threading.get_ident()

    @contextmanager
    def armed(self, nth: int, number: int, for_good: bool) -> Iterator[None]:
        self.calls, self.nth, self.number, self.for_good, self.struck = 0, nth, number, for_good, False
        try:
            yield
        finally:
            self.nth = 0

    def fails(self) -> bool:
        if not self.nth or threading.get_ident() != self.thread:
            return False
        self.calls += 1
        fails = self.calls == self.nth or (self.for_good and self.calls > self.nth)
        self.struck |= fails
        return fails

    def file_call(self, real: Callable) -> Callable:
        def called(*args, **kwargs):
            if self.number != errno.EBUSY and self.fails():
                raise OSError(self.number, os.strerror(self.number))
            return real(*args, **kwargs)

        return called

    def sql_call(self) -> None:
        if self.fails():
            raise sqlite3.OperationalError(SQL_ERRORS[self.number])


@pytest.fixture
def faults(house, monkeypatch) -> Faults:
    made = Faults()
    for name in FILE_CALLS:
        monkeypatch.setattr(os, name, made.file_call(getattr(os, name)))
    monkeypatch.setattr(io, "open", made.file_call(io.open))

    class Cursor(sqlite3.Cursor):
        def execute(self, *args):
            made.sql_call()
            return super().execute(*args)

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

        def commit(self):
            made.sql_call()
            super().commit()

    real = sqlite3.dbapi2.connect
    connect = lambda *args, **kwargs: real(*args, **(kwargs | {"factory": Connection}))  # noqa: E731
    monkeypatch.setattr(sqlite3.dbapi2, "connect", connect)
    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr(uploads, "YOUNG_S", 0.0)
    monkeypatch.setattr("core.store.database.BUSY_TIMEOUT_S", 0.05)
    close_stores()
    return made


def act(house, name: str, number: int, checkpoint: Path) -> int:
    """Do it; returns the version that must be in use afterwards (register: the one that must exist)."""
    if name == "register":
        return house.registry.register(SLUG, checkpoint).number
    if name == "promote":
        return house.registry.promote(SLUG, number, reason="because the test wants it").number
    return house.registry.rollback(SLUG).number


def recover(house) -> None:
    house.registry.forget_trouble()
    close_stores()
    # A process that goes on would keep what it is still at; the next one would not.
    for folder in house.registry.staging.glob("*"):
        folder.rename(folder.with_name("|".join(["x", "1", "x"]).replace("|", "@") + "@" + folder.name[-12:]))
    reconcile(house.registry)
    keeping.sweep(open_store())


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EBUSY], ids=errno.errorcode.get)
@pytest.mark.parametrize("name", ["register", "promote", "rollback"])
def test_every_call_may_fail(house, faults, name, number, for_good):
    told: dict[int, str] = {}
    for _ in range(2):
        version = house.registry.register(SLUG, house.staged(os.urandom(8)))
        told[version.number] = version.sha256
    house.registry.promote(SLUG, 1, reason="because the test wants it")
    failed = 0
    for nth in range(1, LIMIT):
        house.registry.promote(SLUG, 1, reason="because the test wants it")
        if name == "rollback":
            house.registry.promote(SLUG, 2, reason="because the test wants it")
        before = house.registry.resolve(SLUG).number
        error, after, checkpoint = None, before, house.staged(os.urandom(8))
        with faults.armed(nth, number, for_good):
            try:
                after = act(house, name, 2, checkpoint)
            except (AppError, OSError) as caught:
                error = caught
        recover(house)
        if error is None and name == "register":
            told[after] = house.registry.resolve(SLUG, str(after)).sha256
        champions = {before} if name == "register" else {after} if error is None else {before, 1, 2}
        found = [*intact.problems(SLUG, told, champions), *intact.orphans()]
        assert found == [], f"call {nth}: {error}"
        failed += error is not None
        if not faults.struck:
            assert error is None
            break
    else:
        pytest.fail(f"no clean pass within {LIMIT} calls")
    assert failed > 5, "hardly anything failed: the faults do not strike where they should"
    assert nth > 10
    act(house, name, 2, house.staged(os.urandom(8)))
