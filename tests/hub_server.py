"""A model hub on the loopback: the routes that `huggingface_hub` asks, with the faults that a real one has."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Hub:
    """What it holds, how it behaves, and what it was asked."""

    endpoint: str = ""
    models: dict[str, Path] = field(default_factory=dict)
    """`owner/name` -> folder with its files."""
    revision: str = "0123456789abcdef0123456789abcdef01234567"
    status: int = 200
    """Of every answer; others are errors."""
    page: bytes | None = None
    """In place of every answer about a model, as where a network asks to sign in first."""
    cut: float = 1.0
    """Share of a file after which the connection breaks."""
    asked: list[str] = field(default_factory=list)

    def files(self) -> list[str]:
        """Names of the files that were sent."""
        return [path.rsplit("/", 1)[-1] for path in self.asked if path.startswith("GET") and "/resolve/" in path]


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub that runs until the block is left."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(head=True)

        def do_GET(self) -> None:
            self._answer(head=False)

        def _answer(self, head: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(f"{self.command} {path}")
            name = "/".join(path.removeprefix("/api/models").strip("/").split("/")[:2])
            if hub.status != 200 or name not in hub.models:
                missing = {"X-Error-Code": "RepoNotFound"} if hub.status == 200 else {}
                return self._send(404 if hub.status == 200 else hub.status, b"{}", missing, head)
            folder, revision = hub.models[name], {"X-Repo-Commit": hub.revision}
            if path.startswith("/api/"):
                files = [path for path in sorted(folder.iterdir()) if path.is_file()]
                tree = [{"type": "file", "path": f.name, "size": f.stat().st_size, "oid": _oid(f)} for f in files]
                whole = {"id": name, "sha": hub.revision, "siblings": [{"rfilename": f.name} for f in files]}
                if hub.page is not None:
                    return self._send(200, hub.page, {"Content-Type": "application/json"}, head)
                said = tree if "/tree/" in path else whole
                return self._send(200, json.dumps(said).encode(), {"Content-Type": "application/json"}, head)
            file = folder / path.rsplit("/", 1)[-1]
            if not file.is_file():
                return self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, head)
            return self._send(200, file.read_bytes(), {**revision, "ETag": f'"{_oid(file)}"'}, head)

        def _send(self, status: int, body: bytes, headers: dict[str, str], head: bool) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if head:
                return
            self.wfile.write(body[: int(len(body) * hub.cut)])
            if hub.cut < 1:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Say nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _oid(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()
