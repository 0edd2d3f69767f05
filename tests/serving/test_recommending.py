"""Lists through the pool: rows in the audit log, simpler models beside a version, items like another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core.access import AccessRefused, Actor, acting_as
from core.contracts import Ranking, RankingOptions, UserProfile
from core.data.simulated_shop import simulated_shop
from core.errors import InputRefused
from core.serving import recommending, service
from core.settings import settings
from core.store import audit
from core.store.database import close_stores
from core.store.registry import registry
from core.store.versions import Version
from core.tasks.recommendation import same_items
from core.tasks.recommendation.measure import evaluate_part
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.rivals import rival, rivals_of
from core.tasks.recommendation.task import TASK, own_split
from core.tasks.recommendation.tradeoff import STRENGTHS, read_trade_offs
from core.ui import shop_options

SLUG = "recommendations"
VIEWER = Actor("visitor", "viewer")
PROFILE = UserProfile("me", ("0002", "0006", "0011"), sha256="b" * 64)
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    audit.flush(1)
    close_stores()


@pytest.fixture(scope="module")
def folder() -> Path:
    return settings().assets / "models" / SLUG / "bundled"


@pytest.fixture(scope="module")
def predictor(folder: Path) -> RecommenderPredictor:
    return TASK.load(folder, "cpu")


def rows() -> list[audit.Entry]:
    audit.flush()
    return audit.entries(20)[::-1]


def test_a_list_has_reasons_a_history_new_items_and_one_row_in_the_log() -> None:
    listed = recommending.recommend(SLUG, PROFILE, RankingOptions(k=5))
    assert len(listed.ranking.items) == 5 and all(item.reasons for item in listed.ranking.items)
    assert listed.history == PROFILE.liked
    assert len(listed.new.items) == recommending.NEW and listed.new.origin == "attributes"
    (entry,) = rows()
    assert (entry.action, entry.version, entry.n_items, entry.code) == ("predict", "bundled", 1, "ok")


def test_models_side_by_side_answer_the_same_user_with_one_row() -> None:
    sides = recommending.side_by_side(SLUG, PROFILE, RankingOptions(k=5), ("popularity", "item_knn"))
    assert [side.architecture for side in sides] == ["ease", "popularity", "item_knn"]
    assert sides[1].ranking.items != sides[0].ranking.items
    assert not {item.item_id for side in sides for item in side.ranking.items} & set(PROFILE.liked)
    assert [item.item_id for item in sides[0].ranking.items] == [
        item.item_id for item in recommending.recommend(SLUG, PROFILE, RankingOptions(k=5)).ranking.items
    ]
    entry = rows()[0]
    assert entry.details == {"beside": ["popularity", "item_knn"]} and entry.version == "bundled"


def test_an_unknown_model_beside_is_refused_and_noted() -> None:
    with pytest.raises(Exception, match="no version"):
        recommending.side_by_side(SLUG, PROFILE, RankingOptions(), ("oracle",))
    assert rows()[-1].code == "registry.unknown_version"


def test_like_items_are_asked_by_version_and_unknown_ones_refused() -> None:
    ranking = recommending.similar(SLUG, "0001", "bundled", 4)
    assert len(ranking.items) == 4 and "0001" not in {item.item_id for item in ranking.items}
    with pytest.raises(InputRefused) as refused:
        recommending.similar(SLUG, "no such item", "bundled")
    assert refused.value.code == "recommend.unknown_item"
    assert [entry.code for entry in rows()] == ["ok", "recommend.unknown_item"]


def test_the_shelf_is_read_once_for_a_version() -> None:
    first = recommending.shelf(SLUG)
    assert recommending.shelf(SLUG) is first
    assert len(first) == 360 and first.rivals == ("popularity", "item_knn") and not first.notices
    new = [name for name in first.catalogue.ids.tolist() if first.is_new(name)]
    assert len(new) == 28 and first.searchable[first.places[new[0]]]


def test_nearest_items_beside_a_version_are_those_it_was_measured_with(
    folder: Path, predictor: RecommenderPredictor
) -> None:
    manifest = service.choose(SLUG).version.manifest
    data = simulated_shop()
    for kind in rivals_of(manifest):
        beside = rival(predictor, kind, manifest)
        found = evaluate_part(beside, data, own_split(predictor, data), "").summary["ndcg_at_10"].value
        assert found == pytest.approx(manifest["others"][kind]["ndcg_at_10"], abs=1e-4)
    assert predictor.architecture == "ease", "the version itself is as it was"
    with pytest.raises(KeyError):
        rival(predictor, "ease", manifest)


def test_lists_for_everybody_are_a_table_that_a_spreadsheet_can_open() -> None:
    lines = recommending.everyones_lists(SLUG, 2).decode("utf-8-sig").splitlines()
    assert lines[0] == "user_id,rank,item_id,title,version" and len(lines) == 1 + 2 * 2949
    assert lines[1].endswith(",bundled")
    (entry,) = rows()
    assert (entry.n_items, entry.details) == (2949, {"asked": "everyone"})


def test_users_of_data_that_somebody_sent_are_not_for_viewers(monkeypatch: pytest.MonkeyPatch) -> None:
    borrowed = replace(PROFILE, user_id="00005")
    with acting_as(VIEWER):
        assert recommending.recommend(SLUG, borrowed, RankingOptions()).history[:1] != PROFILE.liked[:1]
        monkeypatch.setattr(recommending, "DATA_SETS", ())
        for ask in (
            lambda: recommending.recommend(SLUG, borrowed, RankingOptions()),
            lambda: recommending.side_by_side(SLUG, borrowed, RankingOptions(), ("popularity",)),
            lambda: recommending.everyones_lists(SLUG),
        ):
            with pytest.raises(AccessRefused):
                ask()
        assert recommending.recommend(SLUG, PROFILE, RankingOptions()).ranking.items
    assert recommending.recommend(SLUG, borrowed, RankingOptions()).ranking.items


@pytest.fixture
def beside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[UserProfile]]:
    """Version 1 beside the bundled one: the same model, said to be of other data; what each side was asked."""
    public = service.choose(SLUG).version

    def other(name: str) -> list[UserProfile]:
        manifest = json.loads(json.dumps(public.manifest))
        manifest["data"] |= {"name": name, "fingerprint": "0" * 64}
        version = replace(public, number=1, sha256="e" * 64, manifest=manifest)
        real = registry()
        found = SimpleNamespace(resolve=lambda slug, ref="champion": version if ref == "1" else real.resolve(slug, ref))
        monkeypatch.setattr(recommending, "registry", lambda: found)
        asked: list[UserProfile] = []

        def side(which: Version, name: str, profile: UserProfile, options: RankingOptions) -> recommending.Side:
            asked.append(profile)
            return recommending.Side(name, "ease", Ranking((), "history", ()))

        monkeypatch.setattr(recommending, "_side", side)
        monkeypatch.setattr(recommending, "_leased", lambda which: nullcontext(TASK.load(folder, "cpu")))
        return asked

    return other


def test_a_version_of_other_data_is_asked_about_the_items_of_a_user_and_not_about_his_id(
    beside: Callable[[str], list[UserProfile]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = beside("movielens_100k")
    monkeypatch.setattr(same_items, "_titled", lambda catalogue: {})
    with acting_as(VIEWER):
        sides = recommending.side_by_side(
            SLUG, UserProfile("him", user_id="00005"), RankingOptions(), ("1", "popularity")
        )
    assert [profile.user_id for profile in asked] == ["00005", "", "00005"] and len(asked[1].liked) > 3
    assert sides[0].same is None and set(asked[1].liked) <= (sides[1].same or set())


def test_items_of_one_id_and_two_titles_are_not_the_same(
    beside: Callable[[str], list[UserProfile]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = beside("movielens_100k")
    titles = iter(({"0002": "teapot", "0006": "kettle", "0011": "cup"}, {"0002": "teapot", "0006": "star wars"}))
    monkeypatch.setattr(same_items, "_titled", lambda catalogue: next(titles))
    sides = recommending.side_by_side(SLUG, PROFILE, RankingOptions(), ("1",))
    assert sides[1].same is not None and "0002" in sides[1].same and not {"0006", "0011"} & sides[1].same
    assert asked[1].liked == ("0002",)


def test_a_version_of_data_that_somebody_sent_is_for_trainers_until_it_is_in_use(
    beside: Callable[[str], list[UserProfile]],
) -> None:
    beside("my customers")
    with acting_as(VIEWER), pytest.raises(AccessRefused):
        recommending.side_by_side(SLUG, PROFILE, RankingOptions(), ("1",))
    assert len(recommending.side_by_side(SLUG, PROFILE, RankingOptions(), ("1",))) == 2


def test_a_filter_of_many_items_is_looked_up_once(predictor: RecommenderPredictor) -> None:
    half = frozenset(predictor.model.catalogue.ids[::2].tolist())
    first, second = (
        [item.item_id for item in predictor.predict([PROFILE], RankingOptions(allowed=frozenset(set(half))))[0].items]
        for _ in range(2)
    )
    assert first == second and set(first) <= half
    assert list(predictor._filters) == [half]


@pytest.mark.parametrize("novelty", [0.0, 0.4, 0.8])
def test_what_nobody_took_never_enters_the_main_list(predictor: RecommenderPredictor, novelty: float) -> None:
    model = predictor.model
    cold = set(model.catalogue.ids[model.cold].tolist())
    warm = model.catalogue.ids[~model.cold].tolist()
    assert cold
    for liked in warm[::12]:
        ranking = predictor.predict([UserProfile("one", (liked,))], RankingOptions(novelty=novelty), explained=False)[0]
        assert ranking.origin == "history" and not cold & {item.item_id for item in ranking.items}


def test_clicks_on_what_nobody_took_are_counted_where_they_do_not_count(predictor: RecommenderPredictor) -> None:
    model = predictor.model
    cold = model.catalogue.ids[model.cold].tolist()[:4]
    warm = str(model.catalogue.ids[~model.cold][0])
    ranking = predictor.predict([UserProfile("mixed", (*cold, warm))])[0]
    assert any(notice.params.get("count") == 4 for notice in ranking.notices)


def test_a_large_catalogue_has_popularity_alone_beside_it() -> None:
    assert rivals_of({"items": 10**6, "rivals": {"item_knn": {}}, "architecture": "ease"}) == ("popularity",)
    assert rivals_of({"items": 10, "rivals": {"item_knn": {}}, "architecture": "popularity"}) == ("item_knn",)


def test_every_position_of_the_sliders_was_measured(folder: Path) -> None:
    measured = read_trade_offs(folder)
    assert shop_options.STRENGTHS == STRENGTHS
    assert set(measured) == {(one, other) for one in STRENGTHS for other in STRENGTHS}
    assert measured[0.0, 0.0].cost.value == 0
    assert measured[0.8, 0.0].metrics["diversity"].low > measured[0.0, 0.0].metrics["diversity"].high
    assert measured[0.0, 0.8].cost.high < 0
    costs = [
        (one.metrics["ndcg_at_10"].value - measured[0.0, 0.0].metrics["ndcg_at_10"].value, one.cost.value)
        for one in measured.values()
    ]
    assert np.allclose(*zip(*costs, strict=True), atol=1e-6)
