"""The bundled recommender: small, quick, and as good as its manifest says."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from core.contracts import RankingOptions, UserProfile
from core.data.shop_goods import CATEGORIES, TOGETHER
from core.data.shop_pictures import SIDE
from core.data.simulated_shop import product_picture, simulated_shop
from core.settings import settings
from core.tasks.recommendation.measure import evaluate_part
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.task import TASK, own_split
from core.training.evaluation import load_evaluation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder() -> Path:
    return settings().assets / "models" / "recommendations" / "bundled"


@pytest.fixture(scope="module")
def predictor(folder: Path) -> RecommenderPredictor:
    return TASK.load(folder, "cpu")


def test_it_is_small_and_beats_popularity(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert sum(file.stat().st_size for file in folder.iterdir()) < 4 * 2**20
    assert manifest["licence"] == "CC0-1.0"
    assert manifest["others"]["popularity"]["ahead"]["low"] > 0


def test_its_figures_can_be_repeated(folder: Path, predictor: RecommenderPredictor) -> None:
    data, stored = simulated_shop(), load_evaluation(folder)
    assert data.sha256 == predictor.trained_on
    found = evaluate_part(predictor, data, own_split(predictor, data), "")
    assert stored is not None
    assert found.data.fingerprint == stored.data.fingerprint
    assert found.summary["ndcg_at_10"].value == pytest.approx(stored.summary["ndcg_at_10"].value, abs=1e-4)


def test_five_clicks_make_a_list_at_once(predictor: RecommenderPredictor) -> None:
    liked = ("0001", "0006", "0011", "0031", "0036")
    predictor.predict([UserProfile("warm", liked)])
    began = time.perf_counter()
    for clicks in range(1, 6):
        ranking = predictor.predict([UserProfile("new", liked[:clicks])], RankingOptions(diversity=0.3))[0]
        assert len(ranking.items) == 10
        assert all(item.reasons is not None for item in ranking.items)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("category", [entry.name for entry in CATEGORIES])
def test_five_likes_of_a_category_are_answered_with_that_category(
    predictor: RecommenderPredictor, category: str
) -> None:
    catalogue = predictor.model.catalogue
    kind_of = dict(zip(catalogue.ids.tolist(), catalogue.attributes["category"], strict=True))
    bought = [item for item in catalogue.ids[~predictor.model.cold].tolist() if kind_of[item] == category]
    generator = np.random.default_rng(11)
    profiles = [UserProfile(str(draw), tuple(generator.choice(bought, 5, replace=False))) for draw in range(20)]
    lists = [[kind_of[item.item_id] for item in ranking.items] for ranking in predictor.predict(profiles)]
    own = np.array([[name == category for name in names] for names in lists])
    friends = {category} | {name for pair in coupled() if category in pair for name in pair}
    assert own.mean() >= 0.5
    assert np.mean([names[0] in friends for names in lists]) >= 0.9


def coupled() -> list[tuple[str, str]]:
    """Categories some goods of which are often bought together, as the simulator has it."""
    category_of = {kind: entry.name for entry in CATEGORIES for kind, _, _ in entry.kinds}
    return [(category_of[one], category_of[other]) for one, other in TOGETHER]


def test_every_listed_product_has_a_picture(predictor: RecommenderPredictor) -> None:
    for item in predictor.predict([UserProfile("new", ("0001",))])[0].items:
        assert product_picture(predictor.attributes_of(item.item_id), item.title).shape == (SIDE, SIDE, 3)


def test_the_map_holds_all_that_was_bought(predictor: RecommenderPredictor) -> None:
    placed = np.isfinite(predictor.model.layout).all(axis=1)
    assert (placed == ~predictor.model.cold).all()
    assert placed.sum() > 300
