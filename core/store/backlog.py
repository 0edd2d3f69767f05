"""Rows written behind the answer they tell of: a visitor waits neither for the disk nor for another writer.

A thread writes what waits as soon as it is put, all of it in one transaction. At a normal end of the process the rest
is written. SIGKILL or a power cut loses the rows of the transaction that had not ended: those of a few milliseconds,
or, while the database is locked or gone, all that wait for it: `MOST` at the most, what comes after them is dropped
and counted in the program's log.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from core.errors import StoreError
from core.log import log_event

MOST: Final = 10_000
AT_ONCE: Final = 200
RETRY_S: Final = 1.0
RETRY_MAX_S: Final = 60.0
"""A database that could not be written is tried again after the first time, and ever less often up to the second."""
EXIT_S: Final = 5.0
"""For so long the end of the process waits for the rest to be written."""

Row = dict[str, Any]


class _Line:
    """The rows that wait for one database."""

    def __init__(self) -> None:
        self.rows: deque[Row] = deque()
        self.failures = 0
        self.due = 0.0


class Backlog:
    """Rows that wait for `write(url, rows)`, in order. Safe for threads; a forked process begins with an empty one."""

    def __init__(self, write: Callable[[str, list[Row]], None]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._lines: dict[str, _Line] = {}
        self._thread: threading.Thread | None = None
        self._dropped = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)
        atexit.register(self._at_exit)

    def put(self, url: str, row: Row) -> None:
        """Add a row for the database at `url`; never waits and never raises."""
        with self._changed:
            line = self._lines.setdefault(url, _Line())
            if len(line.rows) >= MOST:
                self._dropped += 1
                return
            line.rows.append(row)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-backlog", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float, only: str = "") -> bool:
        """Try to write all that was put before; False when that takes longer, or cannot be done.

        Args:
            timeout_s: How long to wait for it.
            only: Address of the one database that matters; empty for all.
        """

        def waiting() -> dict[str, _Line]:
            return {url: line for url, line in self._lines.items() if only in ("", url)}

        with self._changed:
            tried = {url: line.failures for url, line in waiting().items()}
            for line in waiting().values():
                line.due = 0.0
            self._changed.notify_all()

            def settled() -> bool:
                return all(line.failures > tried.get(url, 0) for url, line in waiting().items())

            self._changed.wait_for(settled, timeout_s)
            return not waiting()

    def _forget(self) -> None:
        """In a forked process: the parent's thread is not here, and what waits is the parent's to write."""
        self._changed = threading.Condition()
        self._lines = {}
        self._thread = None

    def _run(self) -> None:
        while True:
            with self._changed:
                url = self._next()
                line = self._lines[url]
                rows = list(islice(line.rows, AT_ONCE))
            written = self._written(url, rows)
            with self._changed:
                if written:
                    for _ in rows:
                        line.rows.popleft()
                    line.failures = 0
                    if not line.rows:
                        del self._lines[url]
                else:
                    line.due = time.monotonic() + min(RETRY_S * 2**line.failures, RETRY_MAX_S)
                    line.failures += 1
                self._changed.notify_all()

    def _next(self) -> str:
        """Wait for rows whose database may be tried, and name it."""
        while True:
            now = time.monotonic()
            url = min(self._lines, key=lambda name: self._lines[name].due, default=None)
            if url is not None and self._lines[url].due <= now:
                return url
            self._changed.wait(None if url is None else self._lines[url].due - now)

    def _written(self, url: str, rows: list[Row]) -> bool:
        try:
            self._write(url, rows)
        except Exception as error:  # noqa: BLE001  (whatever it was: this thread writes for all databases, and goes on)
            code = error.code if isinstance(error, StoreError) else type(error).__name__
            log_event("audit_unwritable", level="ERROR", code=code, rows=len(rows), dropped=self._dropped)
            return False
        return True

    def _at_exit(self) -> None:
        if self._lines and not self.flush(EXIT_S):
            rows = sum(len(line.rows) for line in self._lines.values())
            log_event("audit_lost", level="ERROR", rows=rows, dropped=self._dropped)
