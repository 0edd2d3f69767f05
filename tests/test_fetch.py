"""Downloads against a server on the loopback that misbehaves in every way we know of."""

from __future__ import annotations

import hashlib
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core import fetch as module
from core.data.catalog import DATA_SETS, DataFile, DataSet, called_like, data_set, limits_for, local_path, shares_source
from core.errors import AppError, NetworkUnavailable
from core.fetch import Patience, fetch, fetch_file
from core.settings import settings

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 4000 + b"PK\x05\x06" + bytes(18)
TABLE = b"EVENT_ID,order_price,EVENT_LABEL\n1,12.50,0\n"
QUICK = Patience(connect_s=0.5, stall_s=0.5, attempts=3, pause_s=0.0)


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[str] = []
        self.release = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        mode = self.path.strip("/")
        self.server.requests.append(self.headers.get("Range", "whole"))
        first = len(self.server.requests) == 1
        if mode == "broken" or (mode == "broken_once" and first):
            self._answer(500, b"sorry")
        elif mode == "gated":
            self._answer(403, b"no")
        elif mode == "login":
            self._answer(200, b"<!DOCTYPE html><html>log in</html>")
        elif mode == "other":
            self._answer(200, CONTENT[:-1] + b"!")
        elif mode == "endless":
            self._answer(200, CONTENT + bytes(3 * 2**20))
        elif mode == "cut" or (mode in {"cut_once", "no_ranges"} and first):
            self._answer(200, CONTENT[: len(CONTENT) // 2], len(CONTENT))
        elif mode == "stall":
            self._answer(200, CONTENT[:5000], len(CONTENT), close=False)
            self.server.release.wait(10)
        elif mode == "slow":
            time.sleep(0.3)
            self._answer(200, CONTENT)
        elif mode == "table":
            self._answer(200, TABLE)
        elif mode == "moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
        else:
            self._ranged(ranges=mode != "no_ranges")

    def _ranged(self, ranges: bool) -> None:
        asked = self.headers.get("Range")
        if not asked or not ranges:
            self._answer(200, CONTENT)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        self._answer(206 if start < len(CONTENT) else 416, CONTENT[start:])

    def _answer(self, status: int, body: bytes, stated: int | None = None, close: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if stated is None else stated))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = close


@pytest.fixture
def server() -> Iterator[_Server]:
    running = _Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.release.set()
    running.shutdown()
    running.server_close()
    thread.join()


def _file(server: _Server, mode: str, checksum: str = "") -> DataFile:
    return DataFile(
        name="data.npz",
        url=f"http://127.0.0.1:{server.server_port}/{mode}",
        checksum=checksum or f"md5:{hashlib.md5(CONTENT).hexdigest()}",
        size_mb=1.0,
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["good", "moved", "broken_once", "cut_once", "no_ranges"])
def test_arrives_whole(server: _Server, mode: str, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    path = fetch_file(_file(server, mode), tmp_path, lambda *how_far: told.append(how_far), QUICK)
    assert path.read_bytes() == CONTENT
    assert [found.name for found in tmp_path.glob("[!.]*")] == ["data.npz"]
    assert told[-1][1:] == (len(CONTENT), len(CONTENT))
    if mode == "cut_once":
        asked_from = int(server.requests[1].removeprefix("bytes=").rstrip("-"))
        assert len(CONTENT) // 2 - 2**14 < asked_from <= len(CONTENT) // 2


@pytest.mark.slow
def test_is_not_fetched_twice(server: _Server, tmp_path: Path) -> None:
    for _ in range(2):
        fetch_file(_file(server, "good"), tmp_path, None, QUICK)
    assert len(server.requests) == 1


@pytest.mark.slow
def test_sha256_and_absent_checksums(server: _Server, tmp_path: Path) -> None:
    fetch_file(_file(server, "good", f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"), tmp_path, None, QUICK)
    (tmp_path / "data.npz").unlink()
    unchecked = DataFile("data.npz", _file(server, "good").url, "", 1.0)
    assert fetch_file(unchecked, tmp_path, None, QUICK).read_bytes() == CONTENT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "says", "attempts"),
    [
        ("broken", "500", 3),
        ("gated", "403", 1),
        ("login", "HTML", 1),
        ("other", "checksum", 3),
        ("endless", "more", 1),
        ("cut", "broke off", 3),
        ("stall", "stalled", 3),
    ],
)
def test_gives_up_in_words(server: _Server, mode: str, says: str, attempts: int, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(NetworkUnavailable) as caught:
        fetch_file(_file(server, mode), tmp_path, None, QUICK)
    assert time.monotonic() - started < 5
    assert says in str(caught.value.message)
    assert str(caught.value.hint)
    assert len(server.requests) == attempts
    assert not (tmp_path / "data.npz").exists()


@pytest.mark.slow
def test_a_stale_part_of_another_file_is_started_afresh(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "data.npz.incomplete").write_bytes(b"PK\x03\x04" + b"x" * 500)
    assert fetch_file(_file(server, "good"), tmp_path, None, QUICK).read_bytes() == CONTENT
    (tmp_path / "data.npz").unlink()
    (tmp_path / "data.npz.incomplete").write_bytes(CONTENT + b"more than all")
    assert fetch_file(_file(server, "good"), tmp_path, None, QUICK).read_bytes() == CONTENT


@pytest.mark.slow
def test_takes_too_long(server: _Server, tmp_path: Path) -> None:
    never = Patience(connect_s=0.5, stall_s=0.5, slowest_kb_per_s=1e12, least_s=0.0)
    with pytest.raises(NetworkUnavailable) as caught:
        fetch_file(_file(server, "good"), tmp_path, None, never)
    assert "too long" in str(caught.value.message)


def test_refused_unknown_and_silent_hosts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        for url in (f"http://127.0.0.1:{taken.getsockname()[1]}/x", "http://nowhere.invalid/x"):
            with pytest.raises(NetworkUnavailable) as caught:
                fetch_file(DataFile("a.npz", url, "md5:0", 1.0), tmp_path, None, QUICK)
            assert "cannot be reached" in str(caught.value.message)


def test_bad_proxy_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", "nonsense://::")
    with pytest.raises(NetworkUnavailable):
        fetch_file(DataFile("a.npz", "http://nowhere.invalid/x", "md5:0", 1.0), tmp_path, None, QUICK)


def _fetch_in_process(file: DataFile, folder: Path) -> None:
    fetch_file(file, folder, None, Patience(pause_s=0.0))


@pytest.mark.slow
def test_two_processes_one_download(server: _Server, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    arguments = (_file(server, "slow"), tmp_path)
    workers = [context.Process(target=_fetch_in_process, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert len(server.requests) == 1


@pytest.mark.slow
def test_offline_asks_nobody(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_OFFLINE", "1")
    settings.cache_clear()
    with pytest.raises(NetworkUnavailable) as caught:
        fetch_file(_file(server, "good"), tmp_path, None, QUICK)
    assert "offline" in str(caught.value.message)
    assert server.requests == []


@pytest.mark.slow
def test_a_full_disk_is_said(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "data_set", lambda name: _entry(server))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(AppError) as caught:
        fetch("x", tmp_path, None, QUICK)
    assert caught.value.code == "fetch.disk"
    assert "space" in str(caught.value.message)


def _entry(server: _Server) -> DataSet:
    return replace(data_set("pneumoniamnist_28"), files=(_file(server, "good"),))


@pytest.mark.slow
def test_fetch_by_name_then_found(server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.delenv("VITRINE_DATA", raising=False)
    settings.cache_clear()
    monkeypatch.setattr(module, "data_set", lambda name: _entry(server))
    folder = fetch("pneumoniamnist_28", patience=QUICK)
    assert folder == tmp_path / "data" / "pneumoniamnist_28"
    assert local_path("pneumoniamnist_28") is None  # the stand-in has another name
    (folder / "pneumoniamnist.npz").write_bytes(b"x")
    assert local_path("pneumoniamnist_28") == folder
    assert limits_for(folder).archive_bytes > limits_for(tmp_path / "jobs" / "sent.zip").archive_bytes


@pytest.mark.slow
def test_a_table_is_fetched_and_found_by_its_file(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.delenv("VITRINE_DATA", raising=False)
    settings.cache_clear()
    entry = data_set("aws_synthetic_transactions")
    file = replace(
        entry.files[0], url=_file(server, "table").url, checksum=f"sha256:{hashlib.sha256(TABLE).hexdigest()}"
    )
    monkeypatch.setattr(module, "data_set", lambda name: replace(entry, files=(file,)))
    folder = fetch(entry.name, patience=QUICK)
    assert local_path(entry.name) == folder / file.name
    with pytest.raises(NetworkUnavailable) as caught:
        fetch_file(replace(file, name="other.csv", url=_file(server, "login").url), tmp_path, None, QUICK)
    assert "HTML" in str(caught.value.message)


def test_a_table_that_was_laid_down_is_found_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path / "data"))
    settings.cache_clear()
    assert local_path("handbook_simulated") is None
    table = tmp_path / "data" / "fraud" / "handbook_simulated" / "transactions.parquet"
    table.parent.mkdir(parents=True)
    assert local_path("handbook_simulated") is None
    table.write_bytes(b"PAR1")
    assert local_path("handbook_simulated") == table
    assert shares_source(table, "handbook_simulated")
    assert limits_for(table).archive_bytes > limits_for(tmp_path / "home" / "jobs" / "sent.csv").archive_bytes


def test_what_cannot_be_downloaded_says_where_it_is() -> None:
    with pytest.raises(AppError) as caught:
        fetch("chest_xray_224")
    assert caught.value.code == "fetch.by_hand"
    assert "mendeley" in str(caught.value.hint)
    with pytest.raises(AppError) as caught:
        fetch("handbook_simulated")
    assert caught.value.code == "fetch.by_hand"
    assert "pickles" in str(caught.value.hint)
    assert "VITRINE_DATA/fraud/handbook_simulated/transactions.parquet" in str(caught.value.hint)
    with pytest.raises(KeyError):
        fetch("nothing")


@pytest.mark.parametrize("entry", DATA_SETS, ids=lambda entry: entry.name)
def test_catalogue_entries_are_complete(entry: object) -> None:
    for field in ("title", "summary", "licence", "attribution", "homepage"):
        assert getattr(entry, field)
    assert all(file.url.startswith("https://") for file in entry.files)


def test_forms_of_the_same_images_are_known_to_share_their_source(tmp_path, monkeypatch):
    monkeypatch.setenv("VITRINE_DATA", str(tmp_path))
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    for name in ("chest_xray_224", "pneumoniamnist_28", "own"):
        (tmp_path / "medical" / name).mkdir(parents=True)
    small = tmp_path / "medical" / "pneumoniamnist_28" / "pneumoniamnist.npz"
    assert shares_source(small, "chest_xray_224")
    assert shares_source(tmp_path / "medical" / "chest_xray_224", "chest_xray_224")
    assert not shares_source(tmp_path / "medical" / "own", "chest_xray_224")
    assert not shares_source(small, "never_heard_of")


@pytest.mark.parametrize(
    ("said", "like"),
    [("chest_xray_224", True), ("PneumoniaMNIST.npz", True), ("ChestXRay2017.zip", True), ("cats.zip", False)],
)
def test_names_of_forms_of_the_same_images(said, like):
    assert called_like(said, "chest_xray_224") is like
