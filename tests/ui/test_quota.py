"""The books on uploads, at the door and on the page."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.errors import InputRefused
from core.settings import settings
from core.ui import quota
from core.ui.quota import UploadLedger, UploadQuota, charge_upload, data_bytes, megabytes

LIMIT = 1_000_000


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> UploadLedger:
    monkeypatch.setenv("VITRINE_LIMIT_SESSION_BYTES", str(LIMIT))
    settings.cache_clear()
    return UploadLedger()


@pytest.fixture
def client(ledger: UploadLedger) -> TestClient:
    async def accept(request: Request) -> Response:
        body = await request.body()
        return Response(status_code=400 if body.startswith(b"bad") else 204)

    inner = Starlette(routes=[Route("/_stcore/upload_file/{session}/{file}", accept, methods=["PUT", "DELETE"])])
    return TestClient(UploadQuota(inner, ledger))


def url(session: str, file: int) -> str:
    return f"/_stcore/upload_file/{session}/{file}"


def test_a_session_is_stopped_at_its_limit_and_others_are_not(client: TestClient, ledger: UploadLedger) -> None:
    assert client.put(url("a", 1), content=b"x" * 600_000).status_code == 204
    assert client.put(url("a", 2), content=b"x" * 600_000).status_code == 413
    assert client.put(url("b", 1), content=b"x" * 600_000).status_code == 204
    assert ledger.held("a") == 600_000


def test_a_removed_file_makes_room(client: TestClient, ledger: UploadLedger) -> None:
    client.put(url("a", 1), content=b"x" * 900_000)
    client.delete(url("a", 1))
    assert ledger.held("a") == 0
    assert client.put(url("a", 2), content=b"x" * 900_000).status_code == 204


def test_a_file_of_exactly_the_limit_passes(client: TestClient) -> None:
    assert client.put(url("a", 1), content=b"x" * LIMIT).status_code == 204


def test_an_upload_that_the_server_refused_is_not_booked(client: TestClient, ledger: UploadLedger) -> None:
    assert client.put(url("a", 1), content=b"bad" + b"x" * 900_000).status_code == 400
    assert ledger.held("a") == 0


def test_an_upload_without_a_length_is_counted_as_it_comes(client: TestClient, ledger: UploadLedger) -> None:
    def chunks():
        for _ in range(30):
            yield b"x" * 100_000

    with pytest.raises(Exception):  # noqa: B017 - the connection ends in the middle of the body
        client.put(url("a", 1), content=chunks())
    assert ledger.held("a") == 0


def test_the_books_forget_old_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_MAX_SESSIONS", 3)
    ledger = UploadLedger()
    for number in range(10):
        ledger.set(str(number), "f", 1)
    assert [ledger.held(str(number)) for number in range(10)] == [0] * 7 + [1] * 3


@pytest.mark.usefixtures("ledger")
def test_the_page_says_both_figures() -> None:
    charge_upload(LIMIT)
    with pytest.raises(InputRefused) as refused:
        charge_upload(3 * 2**20)
    assert refused.value.code == "upload.quota"
    assert "3 MB" in str(refused.value)


def test_every_uploader_says_its_own_limit() -> None:
    calls = [
        node
        for path in Path(quota.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "file_uploader"
    ]
    assert len(calls) >= 6
    assert all("max_upload_size" in {keyword.arg for keyword in call.keywords} for call in calls)


def test_an_uploader_takes_what_the_page_and_the_server_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "get_option", lambda name: 200)
    assert [megabytes(size) for size in (100 * 2**20, 2 * 2**30, 1_000)] == [100, 200, 1]
    limits = settings().limits
    assert [data_bytes(slug) for slug in ("medical", "fraud", "sentiment")] == [
        limits.archive_bytes,
        limits.table_bytes,
        limits.table_bytes,
    ]
