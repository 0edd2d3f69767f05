"""Transactions over the JSON routes: as a file, as a form or as JSON, with the limits and errors of images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import api, api_tables
from core.api_tables import table_of_json
from core.errors import InputRefused
from core.settings import settings
from tests.fake_payments import CSV, SLUG, payments
from tests.house import House
from tests.test_api import check_error

__all__ = ["payments"]
ROUTE = f"/api/predict/{SLUG}"


@pytest.fixture
def client(payments: House) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=list(api.ROUTES)), raise_server_exceptions=False) as made:
        yield made


def as_json(rows: list[Any], **more: Any) -> bytes:
    return json.dumps({"transactions": rows, **more}).encode()


def post(client: TestClient, body: bytes, query: str = "") -> Any:
    return client.post(f"{ROUTE}?{query}", content=body, headers={"content-type": "application/json"})


def test_a_file_a_form_and_json_give_the_same(client: TestClient) -> None:
    raw = client.post(ROUTE, content=CSV).json()
    form = client.post(ROUTE, files={"table": ("bank.csv", CSV, "text/csv")}).json()
    names = CSV.decode().splitlines()[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in CSV.decode().splitlines()[1:]]
    sent = post(client, as_json(rows)).json()
    assert len(raw["results"]) == 20
    assert raw["results"] == form["results"] == sent["results"]
    assert raw["results"][0].keys() >= {"input", "decision", "label", "score", "scores"}
    assert raw["notice"] == "Synthetic payments."


def test_threshold_and_columns(client: TestClient) -> None:
    rows = [{"x17": 300, "name": "a"}, {"x17": 10.5, "name": "b", "more": None}]
    found = post(client, as_json(rows, columns={"amount": "x17", "id": "name"}), "threshold=0.7").json()
    assert [(row["input"], row["decision"]) for row in found["results"]] == [("a", "fraud"), ("b", "genuine")]
    table = b"x17,name\n300,a\n10.5,b\n"
    again = client.post(f"{ROUTE}?threshold=0.7&column=amount%3Dx17&column=id%3Dname", content=table).json()
    assert again["results"] == found["results"]


@pytest.mark.parametrize("threshold", ["nan", "2", "-1", "abc"])
def test_threshold_has_bounds(client: TestClient, threshold: str) -> None:
    check_error(client.post(f"{ROUTE}?threshold={threshold}", content=CSV), 400, "api.threshold")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"transactions": []}',
        b'{"transactions": {"amount": 1}}',
        b'{"transactions": [[1]]}',
        b'{"transactions": [{"amount": NaN}]}',
        b'{"transactions": [{"amount": 1e999}]}',
        b'{"transactions": [{"amount": [1]}]}',
        b'{"transactions": [{"amount": 1}], "columns": ["amount"]}',
        b'{"transactions": [{"amount": 1}], "columns": {"amount": 3}}',
    ],
)
def test_json_that_is_no_table_is_refused(client: TestClient, body: bytes) -> None:
    check_error(post(client, body), 422, "api.json")


def test_a_table_that_cannot_be_read_is_refused_by_the_intake(client: TestClient) -> None:
    response = client.post(ROUTE, content=b"%PDF-1.4 hello")
    assert response.status_code == 422 and set(response.json()) == {"code", "message", "hint", "reference"}


def test_limits(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_ROWS_MAX", 19)
    check_error(client.post(ROUTE, content=CSV), 422, "api.too_many_rows")
    monkeypatch.setenv("VITRINE_LIMIT_TABLE_BYTES", "1000")
    settings.cache_clear()
    check_error(client.post(ROUTE, content=b"x" * 500_000), 413, "api.too_large")


def test_cells_of_json_come_through_as_they_were() -> None:
    rows = [{"a": 'x,"y"\nz', "b": True}, {"a": None, "c": 1.5}]
    sent = table_of_json(as_json(rows))
    assert sent.data.decode() == 'a,b,c\r\n"x,""y""\nz",1,\r\n,,1.5\r\n'
    with pytest.raises(InputRefused):
        api_tables.parse_columns(["amount"])
