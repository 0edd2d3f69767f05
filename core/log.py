"""Structured log: one JSON line per event, to stderr and to a rotating file below `home/logs`.

Events hold codes, counts, hashes and ids. Never what a visitor sent: no text, no pixels, no names of his files.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

from core.errors import AppError
from core.settings import ROOT, settings

FILE_BYTES = 5 * 2**20
FILES_KEPT = 5

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def log_event(event: str, *, level: Level = "INFO", **fields: object) -> None:
    """Write one line: when, how grave, which process, `event` and its `fields` (plain values only)."""
    logger = _logger(str(settings().home), settings().log_level)
    number = logging.getLevelNamesMapping()[level]
    if logger.isEnabledFor(number):
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "pid": os.getpid()}
        logger.log(number, json.dumps({**line, "event": event, **fields}, default=str, ensure_ascii=False))


def log_error(error: BaseException, **fields: object) -> str:
    """Log an error under a new reference, which is returned for the visitor's message.

    The line names the kind of error and the places in the code. The text of an unexpected error is left out, since
    it may quote what the visitor sent; it is added at log level DEBUG.
    """
    reference = new_reference()
    places = [
        f"{_short(frame.filename)}:{frame.lineno}:{frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, AppError):
        fields["code"] = error.code
    elif settings().log_level == "DEBUG":
        fields["text"] = str(error)
    kind = type(error).__qualname__
    log_event("error", level="ERROR", reference=reference, kind=kind, places=places[-12:], **fields)
    return reference


def new_reference() -> str:
    """A short id that stands both in the log and in the message that a visitor sees."""
    return secrets.token_hex(4)


def _short(filename: str) -> str:
    path = Path(filename)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else "/".join(path.parts[-3:])


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to whatever stderr is now; a test or a server may have replaced it since the start."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


@lru_cache(maxsize=1)
def _logger(home: str, level: str) -> logging.Logger:
    logger = logging.getLogger("vitrine")
    logger.propagate = False
    logger.setLevel(level)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.addHandler(_Stderr())
    try:
        folder = Path(home) / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            folder / "vitrine.log", maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
        )
    except OSError:
        return logger  # a read-only home must not stop the program; stderr has the lines
    logger.addHandler(file)
    return logger
