"""Parts over the JSON route: verdict, regions in pixels of what was sent, the limit and what it promises."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import api
from core.data.surfaces_simulator import draw_part
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from tests.test_api import check_error

ROUTE = "/api/predict/defects"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("VITRINE_DEVICE", "cpu")
        settings.cache_clear()
        with TestClient(Starlette(routes=list(api.ROUTES)), raise_server_exceptions=False) as made:
            yield made
        audit.flush(1)
        close_stores()


def encoded(pixels: np.ndarray, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


@pytest.fixture(scope="module")
def part() -> bytes:
    return encoded(draw_part("printed_board", seed=31).pixels)


@pytest.fixture(scope="module")
def broken() -> bytes:
    """A board with a white square over a quarter of its width, which no model of boards can miss."""
    pixels = draw_part("printed_board", seed=31).pixels.copy()
    pixels[200:280, 40:120] = 250
    return encoded(pixels)


def ask(client: TestClient, body: bytes, query: str = "") -> Any:
    response = client.post(f"{ROUTE}?{query}", content=body)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.slow  # imports torch
def test_a_part_gets_a_verdict_a_limit_and_its_promise(client: TestClient, part: bytes) -> None:
    body = ask(client, part, "name=a.png")
    (row,) = body["results"]
    assert body["notice"].startswith("Research and teaching demo") and body["version"] == "bundled"
    assert row["input"] == "a.png" and row["verdict"] in ("ok", "unsure")
    assert row["label"] == row["decision"] == "good" or row["verdict"] == "unsure"
    assert body["threshold"] == row["threshold"] == pytest.approx(0.5)
    assert 0 < row["score"] < 0.6 and row["scores"]["defect"] == pytest.approx(row["score"])
    assert 0 <= row["below"]["count"] <= row["below"]["held_out"]
    promise = body["promise"]
    assert promise["asked"] == body["false_alarm_rate"]
    assert promise["held_out"] == row["below"]["held_out"]
    assert "held-out good parts" in promise["words"]


@pytest.mark.slow
def test_regions_are_boxes_of_the_image_that_was_sent(client: TestClient, broken: bytes) -> None:
    (row,) = ask(client, broken)["results"]
    assert row["verdict"] == "defect" and row["score"] > row["threshold"]
    boxes = [region for region in row["regions"] if region["area_pixels"] > 800]
    assert boxes, row["regions"]
    for region in row["regions"]:
        assert 0 <= region["left"] < region["right"] <= 320 and 0 <= region["top"] < region["bottom"] <= 320
        assert region["area_pixels"] == pytest.approx(region["area"] * 320 * 320, abs=1)
    assert any(box["left"] < 80 < box["right"] and box["top"] < 240 < box["bottom"] for box in boxes)
    scores = [region["score"] for region in row["regions"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.slow
def test_a_rate_moves_the_limit_and_a_threshold_promises_nothing(client: TestClient, part: bytes) -> None:
    rare, often = (ask(client, part, f"false_alarm_rate={rate}") for rate in ("0.02", "0.2"))
    assert often["threshold"] < rare["threshold"]
    assert (rare["false_alarm_rate"], rare["promise"]["kept"]) == (0.02, True)
    few = ask(client, part, "false_alarm_rate=0.001")["promise"]
    assert not few["kept"] and few["promised"] > 0.001 and "lowest rate" in few["words"]
    by_hand = ask(client, part, "threshold=0.01")
    assert (by_hand["promise"], by_hand["false_alarm_rate"], by_hand["threshold"]) == (None, None, 0.01)
    assert by_hand["results"][0]["verdict"] == "defect"
    form = {"file": ("a.png", part, "image/png")}
    assert client.post(ROUTE, files=form, data={"threshold": "0.01"}).json()["threshold"] == 0.01


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("false_alarm_rate=0", "api.false_alarm_rate"),
        ("false_alarm_rate=0.6", "api.false_alarm_rate"),
        ("false_alarm_rate=nan", "api.false_alarm_rate"),
        ("threshold=2", "api.threshold"),
        ("threshold=0.5&false_alarm_rate=0.1", "api.two_limits"),
    ],
)
def test_options_have_bounds(client: TestClient, query: str, code: str) -> None:
    check_error(client.post(f"{ROUTE}?{query}", content=b"x"), 400, code)


def test_what_is_no_image_is_refused(client: TestClient) -> None:
    response = client.post(ROUTE, content=b"%PDF-1.4 hello")
    assert response.status_code == 422 and response.json()["code"].startswith("image.")


@pytest.mark.slow
def test_grey_and_colour_upright_and_lying_are_read(client: TestClient) -> None:
    """One picture in four forms of the same pixels gives one score."""
    pixels = draw_part("brushed_metal", seed=32).pixels
    grey = np.rint(pixels.mean(axis=2)).astype(np.uint8)
    turned = Image.fromarray(np.rot90(grey, 1))
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter to the right
    turned.save(file, "PNG", exif=exif)
    forms = (encoded(grey), encoded(grey, "TIFF"), encoded(np.stack([grey] * 3, axis=2)), file.getvalue())
    scores = [ask(client, form)["results"][0]["score"] for form in forms]
    assert scores == pytest.approx([scores[0]] * 4, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["noise", "blank", "ramp"])
def test_what_is_no_part_is_never_called_good(client: TestClient, name: str) -> None:
    """A stand-in for the cat: nothing here looks like any part that the model knows."""
    rng = np.random.default_rng(3)
    ramp = np.linspace(0, 255, 300)
    pictures = {
        "noise": rng.integers(0, 256, (300, 300, 3)),
        "blank": np.full((300, 300, 3), 127),
        "ramp": np.stack([np.outer(ramp, ramp) / 255, np.add.outer(ramp, ramp) / 2, np.tile(ramp, (300, 1))], axis=2),
    }
    (row,) = ask(client, encoded(pictures[name].astype(np.uint8)))["results"]
    assert row["verdict"] in ("declined", "defect"), row
    assert (row["label"] is None) == (row["verdict"] == "declined")
    if row["verdict"] == "declined":
        assert row["abstained"]["code"].startswith("domain.") and row["regions"] == []
