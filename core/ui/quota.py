"""How much a visitor may have uploaded at once.

The server limits one file, but takes any number of them straight into memory, past every page. This keeps the books
at the door: an ASGI middleware counts what each session holds and turns away what goes over the limit.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from threading import Lock
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import get_option
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.catalog import sector
from core.contracts import N_
from core.contracts import Message as Sentence
from core.errors import InputRefused
from core.settings import settings

_UPLOAD: Final = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/(?P<file>[^/]+)$")
_FRAMING_BYTES: Final = 64 * 1024
"""A multipart body is a little longer than the file in it; a file of exactly the limit must pass."""
_MAX_SESSIONS: Final = 2_000
_FORGET_AFTER_S: Final = 24 * 3600.0


class UploadLedger:
    """Bytes held by each session, file by file. Safe for threads."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._seen: dict[str, float] = {}
        self._lock = Lock()

    def held(self, session: str) -> int:
        """Bytes that `session` holds."""
        with self._lock:
            return sum(self._held.get(session, {}).values())

    def set(self, session: str, file: str, n_bytes: int) -> None:
        """Note that `file` of `session` is `n_bytes` long."""
        with self._lock:
            self._held.setdefault(session, {})[file] = n_bytes
            self._held.move_to_end(session)
            self._seen[session] = time.monotonic()
            self._forget()

    def release(self, session: str, file: str) -> None:
        """Note that `file` of `session` is gone."""
        with self._lock:
            self._held.get(session, {}).pop(file, None)

    def _forget(self) -> None:
        """Drop sessions nobody has heard of for long: the server has freed their files at their end."""
        oldest_allowed = time.monotonic() - _FORGET_AFTER_S
        while self._held:
            session = next(iter(self._held))
            if len(self._held) <= _MAX_SESSIONS and self._seen[session] >= oldest_allowed:
                return
            del self._held[session], self._seen[session]


LEDGER: Final = UploadLedger()
"""The books of this process."""


class UploadQuota:
    """ASGI middleware: refuses an upload that would take its session over `Limits.session_bytes` (status 413)."""

    def __init__(self, app: ASGIApp, ledger: UploadLedger = LEDGER) -> None:
        self._app = app
        self._ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but uploads over the quota."""
        found = _UPLOAD.search(scope.get("path", "")) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "PUT":
            await self._put(found["session"], found["file"], scope, receive, send)
        else:
            if scope["method"] == "DELETE":
                self._ledger.release(found["session"], found["file"])
            await self._app(scope, receive, send)

    async def _put(self, session: str, file: str, scope: Scope, receive: Receive, send: Send) -> None:
        limit = settings().limits.session_bytes + _FRAMING_BYTES
        length = dict(scope["headers"]).get(b"content-length", b"")
        announced = int(length) if length.isdigit() else 0
        if self._ledger.held(session) + announced > limit:
            await PlainTextResponse("The uploads of this session are over the limit.", 413)(scope, receive, send)
            return
        # Booked before the body arrives, so that many uploads at once cannot slip through together.
        self._ledger.set(session, file, announced)
        received = 0
        stored = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > announced:
                self._ledger.set(session, file, received)
                if self._ledger.held(session) > limit:
                    return {"type": "http.disconnect"}
            return message

        async def watched(message: Message) -> None:
            nonlocal stored
            stored = stored or (message["type"] == "http.response.start" and message["status"] < 300)
            await send(message)

        try:
            await self._app(scope, counted, watched)
        finally:
            if not stored:
                self._ledger.release(session, file)


def megabytes(limit: int) -> int:
    """`limit` bytes as `st.file_uploader` takes and says them: never more than the server takes."""
    return max(1, min(limit // 2**20, int(get_option("server.maxUploadSize"))))


def data_bytes(slug: str) -> int:
    """The most bytes of a file to train on that a visitor sends: of a table, or of an archive of images."""
    limits = settings().limits
    return limits.archive_bytes if sector(slug).pictured else limits.table_bytes


def charge_upload(n_bytes: int) -> None:
    """Refuse to work on `n_bytes` of uploads when the session holds more than its share.

    Args:
        n_bytes: Size of what the page is about to read, all files of the form together.

    Raises:
        InputRefused: `upload.quota`, with both figures.
    """
    context = get_script_run_ctx(suppress_warning=True)
    held = max(n_bytes, LEDGER.held(context.session_id) if context else 0)
    limit = settings().limits.session_bytes
    if held > limit + _FRAMING_BYTES:
        raise InputRefused(
            "upload.quota",
            Sentence(
                N_("Your uploads take {held_mb:.0f} MB; one visitor may have {limit_mb:.0f} MB at a time."),
                {"held_mb": held / 2**20, "limit_mb": limit / 2**20},
            ),
            Sentence(N_("Remove files you no longer need, or send fewer at once.")),
        )
