"""The JSON routes: right answers, and errors that say what came and what is allowed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from httpx import Response
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import api
from core.contracts import Classification, ImageSample, ModelRef
from core.serving import service
from core.settings import settings
from tests.ui.checkpoints import LABELS, register_version


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    settings.cache_clear()

    def predict(
        slug: str, inputs: Sequence[ImageSample], ref: str = "champion", coverage: float = 0.9
    ) -> list[service.Answer]:
        scores = np.array([0.2, 0.8], dtype=np.float32)
        return [
            service.Answer(
                Classification(LABELS, scores, "pneumonia", ("pneumonia",)), ModelRef(slug, ref, "net", "0" * 64), 1.25
            )
            for _ in inputs
        ]

    monkeypatch.setattr(service, "predict", predict)
    return TestClient(Starlette(routes=list(api.ROUTES)), raise_server_exceptions=False)


@pytest.fixture
def picture() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def check_error(response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"code", "message", "hint", "reference"}
    assert body["code"] == code
    assert len(body["reference"]) == 8


def test_health(client: TestClient) -> None:
    body = client.get("/api/health").json()
    assert body["status"] == "ok"
    assert body["store"] == "ok"


def test_models_lists_versions_with_their_figures(client: TestClient, tmp_path: Path) -> None:
    register_version(tmp_path, seed=1, name="clinic A")
    newest = client.get("/api/models/medical").json()["versions"][0]
    assert (newest["version"], newest["name"], newest["aliases"]) == ("1", "clinic A", ["challenger"])
    assert newest["metrics"]["auroc"]["n"] == 624


def test_predict_takes_the_raw_bytes_and_a_form(client: TestClient, picture: bytes) -> None:
    raw = client.post("/api/predict/medical?name=a.png&model=7", content=picture).json()
    form = client.post("/api/predict/medical?model=7", files={"image": ("a.png", picture, "image/png")}).json()
    assert raw == form
    assert raw["version"] == "7"
    (result,) = raw["results"]
    assert result["input"] == "a.png"
    assert result["decision"] == "pneumonia"
    assert result["scores"] == pytest.approx({"normal": 0.2, "pneumonia": 0.8})
    assert "Not a medical device" in raw["notice"]


def test_fields_of_a_form_are_read_like_the_query(client: TestClient, picture: bytes) -> None:
    def ask(query: str = "", **fields: str) -> Response:
        files = {"image": ("a.png", picture, "image/png")}
        return client.post(f"/api/predict/medical{query}", data=fields, files=files)

    assert ask(model="7").json()["version"] == "7"
    assert ask("?model=5", model="7").json()["version"] == "7"
    check_error(ask(coverage="7"), 400, "api.coverage")
    check_error(ask("?coverage=7", coverage="0.9"), 400, "api.coverage")


@pytest.mark.parametrize("path", ["/api/models/nothing", "/api/predict/nothing"])
def test_unknown_sector(client: TestClient, path: str) -> None:
    check_error(client.request("POST" if "predict" in path else "GET", path), 404, "api.unknown_sector")


def test_what_is_no_image_is_refused_by_the_intake(client: TestClient) -> None:
    response = client.post("/api/predict/medical", content=b"%PDF-1.4 hello")
    assert response.status_code == 422
    assert response.json()["code"].startswith("image.")


@pytest.mark.parametrize("coverage", ["nan", "2", "abc", "0"])
def test_coverage_has_bounds(client: TestClient, picture: bytes, coverage: str) -> None:
    check_error(client.post(f"/api/predict/medical?coverage={coverage}", content=picture), 400, "api.coverage")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_cut_off_while_it_is_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setenv("VITRINE_LIMIT_IMAGE_BYTES", "1000")
    settings.cache_clear()
    body = b"x" * 500_000
    content = (body[i : i + 10_000] for i in range(0, len(body), 10_000)) if chunked else body
    check_error(client.post("/api/predict/medical", content=content), 413, "api.too_large")


def test_a_form_without_a_file(client: TestClient) -> None:
    response = client.post("/api/predict/medical", data={"a": "b"}, files={})
    assert response.status_code in (400, 422)
    boundary = {"content-type": "multipart/form-data; boundary=x"}
    check_error(client.post("/api/predict/medical", content=b"--x--\r\n", headers=boundary), 400, "api.no_file")
    empty = client.post("/api/predict/medical", content=b"")
    check_error(empty, 400, "api.no_file")
    assert "Send a file" in empty.json()["hint"]
    bare = {"content-type": "multipart/form-data"}
    check_error(client.post("/api/predict/medical", content=b"--x--", headers=bare), 400, "api.form")


def test_pages_of_other_sites_are_turned_away(client: TestClient, picture: bytes) -> None:
    stranger = {"origin": "https://evil.example"}
    check_error(client.post("/api/predict/medical", content=picture, headers=stranger), 403, "api.cross_origin")
    own = {"origin": "http://testserver"}
    assert client.post("/api/predict/medical", content=picture, headers=own).status_code == 200


def test_a_full_line_says_so(client: TestClient, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_WAITING_MAX", 0)
    check_error(client.post("/api/predict/medical", content=picture), 503, "api.busy")


def test_an_unexpected_error_keeps_its_text(
    client: TestClient, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError("token=hf_CANARY")

    monkeypatch.setattr(service, "predict", broken)
    response = client.post("/api/predict/medical", content=picture)
    check_error(response, 500, "api.failed")
    assert "CANARY" not in response.text
