"""Rows written behind the answer they tell of: a visitor waits neither for the disk nor for another writer.

A thread writes what waits as soon as it is put, all of it in one transaction. At a normal end of the process the rest
is written. SIGKILL or a power cut loses the rows of the last transaction that had not ended: those of a few
milliseconds, or, while the database is locked or gone, all that wait for it (`MOST` at the most, older ones first in
line; what does not fit any more is counted in the log).
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable
from itertools import islice, takewhile
from typing import Any, Final

from core.errors import StoreError
from core.log import log_event

MOST: Final = 10_000
AT_ONCE: Final = 200
RETRY_S: Final = 1.0
EXIT_S: Final = 5.0
"""For so long the end of the process waits for the rest to be written."""

Row = dict[str, Any]


class Backlog:
    """Rows that wait for `write(url, rows)`, in order. Safe for threads; a forked process begins with an empty one."""

    def __init__(self, write: Callable[[str, list[Row]], None]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._waiting: deque[tuple[str, Row]] = deque()
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._dropped = 0
        self._hurry = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)
        atexit.register(self._at_exit)

    def put(self, url: str, row: Row) -> None:
        """Add a row for the database at `url`; never waits and never raises."""
        with self._changed:
            if len(self._waiting) >= MOST:
                self._dropped += 1
                return
            self._waiting.append((url, row))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-backlog", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is written that was put before; False when that takes longer, or cannot be done."""
        with self._changed:
            failures = self._failures
            self._hurry = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._waiting or self._failures > failures, timeout_s)
            return not self._waiting

    def _forget(self) -> None:
        """In a forked process: the parent's thread is not here, and what waits is the parent's to write."""
        self._changed = threading.Condition()
        self._waiting.clear()
        self._thread = None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                url, rows = self._next()
            written = self._written(url, rows)
            with self._changed:
                if written:
                    for _ in rows:
                        self._waiting.popleft()
                else:
                    self._failures += 1
                    self._hurry = False
                self._changed.notify_all()
                if not written:
                    self._changed.wait_for(lambda: self._hurry, RETRY_S)

    def _next(self) -> tuple[str, list[Row]]:
        """The longest part from the front of the line that goes into one database, and its address."""
        first = self._waiting[0][0]
        part = takewhile(lambda entry: entry[0] == first, islice(self._waiting, AT_ONCE))
        return first, [row for _, row in part]

    def _written(self, url: str, rows: list[Row]) -> bool:
        try:
            self._write(url, rows)
        except (StoreError, OSError) as error:
            code = error.code if isinstance(error, StoreError) else type(error).__name__
            log_event("audit_unwritable", level="ERROR", code=code, waiting=len(self._waiting), dropped=self._dropped)
            return False
        return True

    def _at_exit(self) -> None:
        if self._waiting and not self.flush(EXIT_S):
            log_event("audit_lost", level="ERROR", rows=len(self._waiting), dropped=self._dropped)
