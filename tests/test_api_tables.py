"""Transactions over the JSON routes: as a file, as a form or as JSON, with the limits and errors of images."""

from __future__ import annotations

import json
import tracemalloc
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


def test_threshold_and_columns_of_a_form(client: TestClient) -> None:
    files = {"table": ("a.csv", b"x17,name\n900,b\n1,a\n", "text/csv")}
    fields = {"threshold": "0.7", "column": ["amount=x17", "id=name"]}
    found = client.post(ROUTE, data=fields, files=files).json()
    assert found["threshold"] == 0.7 and {row["input"] for row in found["results"]} == {"a", "b"}
    check_error(client.post(ROUTE, data={"threshold": "7"}, files=files), 400, "api.threshold")


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
    monkeypatch.setattr(api_tables, "ROWS_MAX", 19)
    check_error(client.post(ROUTE, content=CSV), 422, "api.too_many_rows")
    check_error(post(client, as_json([{"amount": 1}] * 20)), 422, "api.too_many_rows")
    monkeypatch.setenv("VITRINE_LIMIT_TABLE_BYTES", "1000")
    settings.cache_clear()
    check_error(client.post(ROUTE, content=b"x" * 500_000), 413, "api.too_large")


def test_cells_of_json_come_through_as_they_were() -> None:
    rows = [{"a": 'x,"y"\nz', "b": True}, {"a": None, "c": 1.5}]
    sent = table_of_json(as_json(rows))
    assert sent.data.decode() == 'sep=,\r\na,b,c\r\n"x,""y""\nz",1,\r\n,,1.5\r\n'
    with pytest.raises(InputRefused):
        api_tables.parse_columns(["amount"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "rows",
    [
        [{f"c{n}": 1} for n in range(2_001)],
        [{"amount": 1}] * 49_999 + [{f"c{n}": 1 for n in range(110)}],
    ],
)
def test_few_bytes_do_not_become_a_large_table(client: TestClient, rows: list[Any]) -> None:
    body = as_json(rows)
    tracemalloc.start()
    with pytest.raises(InputRefused) as caught:
        table_of_json(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "api.too_many_cells" and peak < 40 * len(body)
    check_error(post(client, body), 422, "api.too_many_cells")


def test_json_may_have_fewer_bytes_than_a_file(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "JSON_BYTES", 1000)
    large = CSV + b"p21,1,2026-01-31 10:00:00,c1,t1,0\n" * 5_000
    check_error(post(client, b" " * 200_000), 413, "api.too_large")
    assert client.post(ROUTE, content=large).status_code == 200


def test_names_of_columns_may_be_figures_and_texts_may_hold_other_separators(client: TestClient) -> None:
    found = post(client, as_json([{"2024": 2}, {"2024": 300}], columns={"amount": "2024"})).json()
    assert [row["decision"] for row in found["results"]] == ["genuine", "fraud"]
    rows = [{"amount": 300, "id": f"a;{n};b"} for n in range(9)]
    assert [row["input"] for row in post(client, as_json(rows)).json()["results"]] == [row["id"] for row in rows]


def test_half_a_character_is_refused(client: TestClient) -> None:
    check_error(post(client, b'{"transactions": [{"amount": 1, "id": "\\ud800"}]}'), 422, "api.json")


@pytest.mark.parametrize("full", [{"_WAITING_MAX": 0}, {"_HELD_MAX": len(CSV) - 1}])
def test_a_body_is_not_read_before_there_is_a_place_for_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, full: dict[str, int]
) -> None:
    async def read(*_args: object) -> bytes:
        raise AssertionError("read before it was let in")

    for name, value in full.items():
        monkeypatch.setattr(api, name, value)
    monkeypatch.setattr(api, "_read_bounded", read)
    check_error(client.post(ROUTE, content=CSV), 503, "api.busy")
    unannounced = (CSV[at : at + 100] for at in range(0, len(CSV), 100))
    check_error(client.post(ROUTE, content=unannounced), 503, "api.busy")


def test_a_place_is_given_back(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_WAITING_MAX", 1)
    monkeypatch.setattr(api, "_HELD_MAX", len(CSV))
    for _ in range(2):
        assert client.post(ROUTE, content=b"no table").status_code == 422
        assert client.post(ROUTE, content=CSV).status_code == 200
