"""Texts over the JSON routes: as JSON, as a file or as a form, with the limits and errors of images and tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import api, api_texts
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from tests.test_api import check_error
from tests.text_cases import CASES, TOO_LONG, Case

ROUTE = "/api/predict/sentiment"
PRAISE, BLAME = "A wonderful film with a great cast.", "A dull and boring film, a waste of time."


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    monkeypatch.setenv("VITRINE_DEVICE", "cpu")
    settings.cache_clear()
    with TestClient(Starlette(routes=list(api.ROUTES)), raise_server_exceptions=False) as made:
        yield made
    audit.flush(1)
    close_stores()


def post(client: TestClient, body: Any, query: str = "") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"{ROUTE}?{query}", content=content, headers={"content-type": "application/json"})


@pytest.mark.slow  # imports torch
def test_json_lists_tables_and_forms_give_the_same(client: TestClient) -> None:
    sent = post(client, {"texts": [PRAISE, BLAME]}).json()
    lines = f"{PRAISE}\n{BLAME}\n".encode()
    table = f'text\n"{PRAISE}"\n"{BLAME}"\n'.encode()
    others = [
        client.post(ROUTE, content=lines, headers={"content-type": "text/plain; charset=utf-8"}).json(),
        client.post(ROUTE, content=table).json(),
        client.post(f"{ROUTE}?name=a.txt", content=lines).json(),
        client.post(ROUTE, files={"file": ("a.csv", table, "text/csv")}).json(),
    ]
    assert [row["decision"] for row in sent["results"]] == ["positive", "negative"]
    assert [row["input"] for row in sent["results"]] == ["text 1", "text 2"]
    for other in others:
        assert [row["scores"] for row in other["results"]] == [row["scores"] for row in sent["results"]]
        assert [row["language"] for row in other["results"]] == ["en", "en"]
    assert sent["notice"].startswith("Research")


def test_options_stand_in_query_and_form(client: TestClient) -> None:
    table = f'x,review\n"{PRAISE}",1\n'.encode()
    found = client.post(f"{ROUTE}?column=text%3Dx&threshold=0.99999&coverage=0.99", content=table).json()
    assert [row["decision"] for row in found["results"]] == ["negative"]
    form = client.post(ROUTE, data={"column": "text=x"}, files={"file": ("a.csv", table, "text/csv")}).json()
    assert [row["decision"] for row in form["results"]] == ["positive"]
    check_error(post(client, {"texts": ["good"]}, "threshold=2"), 400, "api.threshold")
    check_error(post(client, {"texts": ["good"]}, "coverage=0.1"), 400, "api.coverage")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_odd_text_gets_an_answer_or_a_reason(client: TestClient, case: Case) -> None:
    response = post(client, {"texts": [case.text]})
    assert response.status_code == 200, response.text
    (row,) = response.json()["results"]
    if case.abstained:
        assert row["decision"] is None and row["abstained"]["code"] == case.abstained
    assert case.said in " ".join(row["notices"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"[" * 100_000,
        b"{}",
        b'{"texts": []}',
        b'{"texts": "good"}',
        b'{"texts": [1]}',
        b'{"texts": [null]}',
        b'{"texts": [["good"]]}',
        b'{"texts": ["\xff"]}',
    ],
)
def test_what_is_no_such_json_is_refused(client: TestClient, body: bytes) -> None:
    check_error(post(client, body), 422, "api.json")


def test_texts_that_are_too_long_are_listed_and_the_others_answered(client: TestClient) -> None:
    found = post(client, {"texts": [PRAISE, TOO_LONG]}).json()
    assert [row["input"] for row in found["results"]] == ["text 1"]
    assert [(row["input"], row["code"]) for row in found["refused"]] == [("text 2", "text.too_long")]
    check_error(post(client, {"texts": [TOO_LONG]}), 422, "text.too_long")


def test_too_many_texts_are_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_texts, "ROWS_MAX", 2)
    assert len(post(client, {"texts": ["good"] * 2}).json()["results"]) == 2
    check_error(post(client, {"texts": ["good"] * 3}), 422, "api.too_many_rows")
    check_error(client.post(f"{ROUTE}?name=a.txt", content=b"good\n" * 3), 422, "api.too_many_rows")


def test_files_that_are_no_texts_are_refused_and_put_on_record(client: TestClient) -> None:
    check_error(client.post(f"{ROUTE}?name=a.txt", content=b"%PDF-1.7 x"), 422, "text.wrong_kind")
    check_error(client.post(ROUTE, content=b"text,label\n"), 422, "table.no_rows")
    audit.flush(5)
    rows = audit.entries(10, 0, "sentiment")
    assert [(row.action, row.code) for row in rows] == [
        ("upload.refused", "table.no_rows"),
        ("upload.refused", "text.wrong_kind"),
    ]
