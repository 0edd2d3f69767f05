"""Users over the JSON routes: lists with reasons, several at once, and what is refused or not for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import api
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from core.store.registry import registry
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.task import TASK
from core.training.run import ListedRun
from tests.interaction_cases import PROFILES, Asked
from tests.recommendation_sets import write_clubs
from tests.test_api import check_error

ROUTE = "/api/predict/recommendations"
PROFILE = {"liked": ["0149", "0127"], "removed": ["0132"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all tests here: the bundled recommender is loaded once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def client(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("VITRINE_HOME", str(home))
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
def test_a_profile_gets_a_list_with_reasons_however_it_is_sent(client: TestClient) -> None:
    found = post(client, PROFILE).json()
    assert (found["version"], found["architecture"], found["refused"]) == ("bundled", "ease", [])
    (result,) = found["results"]
    listed = [item["item_id"] for item in result["items"]]
    assert len(set(listed)) == 10 and not {"0149", "0127", "0132"} & set(listed)
    assert sum(reason["share"] for reason in result["items"][0]["reasons"]) == pytest.approx(1, abs=1e-3)
    form = client.post(ROUTE, data={"k": "3"}, files={"file": ("me.json", json.dumps(PROFILE), "application/json")})
    (shorter,) = form.json()["results"]
    assert (shorter["input"], [item["item_id"] for item in shorter["items"]]) == ("me.json", listed[:3])


@pytest.mark.slow
def test_several_are_answered_and_the_others_named(client: TestClient) -> None:
    sent = {"profiles": [PROFILE, {"wanted": []}, {"liked": ["ghost"]}, {"user_id": "nobody"}, {"user_id": "00001"}]}
    found = post(client, sent, "k=5").json()
    assert [result["input"] for result in found["results"]] == [f"profile {number}" for number in (1, 3, 4, 5)]
    assert [result["origin"] for result in found["results"]] == ["history", "popularity", "popularity", "history"]
    assert found["results"][1]["unknown"] == ["ghost"]
    assert "nobody is not in the training" in found["results"][2]["notices"][0]
    assert [(row["input"], row["code"]) for row in found["refused"]] == [("profile 2", "profile.field")]


@pytest.mark.slow
def test_the_options_shape_the_lists(client: TestClient) -> None:
    plain, varied = (post(client, PROFILE, query).json()["results"][0] for query in ("k=20", "k=20&diversity=1"))
    assert {item["item_id"] for item in plain["items"]} != {item["item_id"] for item in varied["items"]}


@pytest.mark.slow
@pytest.mark.parametrize("asked", PROFILES, ids=lambda asked: asked.name)
def test_every_odd_profile_gets_a_list_or_a_reason(client: TestClient, asked: Asked) -> None:
    response = post(client, asked.body)
    if asked.code:
        check_error(response, 422, asked.code)
        return
    (result,) = response.json()["results"]
    assert (result["origin"], len(result["items"])) == (asked.origin, 0 if "No item is left" in asked.says else 10)
    assert asked.says in " ".join(result["notices"])


@pytest.mark.parametrize(
    ("body", "query", "status", "code"),
    [
        ({"profiles": []}, "", 422, "profile.form"),
        ({"profiles": [[]]}, "", 422, "profile.form"),
        ({"profiles": [{}] * 501}, "", 422, "api.too_many_rows"),
        (b" " * (9 * 2**20), "", 413, "api.too_large"),
        (PROFILE, "k=0", 400, "api.k"),
        (PROFILE, "k=2.5", 400, "api.k"),
        (PROFILE, "novelty=nan", 400, "api.novelty"),
        (PROFILE, "diversity=2", 400, "api.diversity"),
        (PROFILE, "model=99", 404, "registry.unknown_version"),
    ],
)
def test_what_cannot_be_answered_is_said(client: TestClient, body: Any, query: str, status: int, code: str) -> None:
    check_error(post(client, body, query), status, code)


@pytest.mark.slow
def test_users_of_data_that_somebody_sent_are_not_told_to_programs(client: TestClient, tmp_path: Path) -> None:
    data = write_clubs(tmp_path / "ratings.csv")
    folder = TASK.train(RecommendationConfig(tune=False, compare=False), data, ListedRun(tmp_path))
    version = registry().register("recommendations", folder)
    # Until it is in use, its items are for those alone who may train.
    check_error(post(client, {"liked": ["001"]}, f"model={version.ref}"), 403, "access.role")
    registry().promote("recommendations", version.number)
    liked = post(client, {"liked": ["001"]}, f"model={version.ref}").json()["results"][0]
    assert liked["origin"] == "history"
    for user in ("0001", "nobody"):
        check_error(post(client, {"profiles": [{}, {"user_id": user}]}, f"model={version.ref}"), 403, "access.role")
