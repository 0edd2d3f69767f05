"""The recommendation task: training, answers with exact reasons, cold starts, versions side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.contracts import Ranking, RankingOptions, UserProfile
from core.data.interaction_check import prepared
from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions
from core.errors import InputRefused, ModelRefused
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.everyone import recommend_to_everyone
from core.tasks.recommendation.measure import held_of, over_other
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.replay import replay
from core.tasks.recommendation.task import TASK
from core.tasks.recommendation.tradeoff import trade_offs
from core.tasks.recommendation.train import divided
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.recommendation_sets import clubs

PLAIN = RecommendationConfig(tune=False, compare=False, map_items=0, regularisation=5.0)
COMMANDS = ("train", "evaluate")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clubs")


@pytest.fixture(scope="module")
def data(folder: Path) -> Interactions:
    return clubs(folder)


def trained(data: Interactions, folder: Path, **options: object) -> Path:
    folder.mkdir(exist_ok=True)
    return TASK.train_on(replace(PLAIN, **options), data, ListedRun(folder), COMMANDS)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def checkpoint(data: Interactions, folder: Path) -> Path:
    return trained(data, folder / "ease", map_items=20, compare=True)


@pytest.fixture(scope="module")
def predictor(checkpoint: Path) -> RecommenderPredictor:
    return TASK.load(checkpoint, "cpu")


def ids(ranking: Ranking) -> list[str]:
    return [item.item_id for item in ranking.items]


def ask(predictor: RecommenderPredictor, *liked: str, **options: object) -> Ranking:
    return predictor.predict([UserProfile("new", liked)], RankingOptions(**{"k": 5, **options}))[0]  # type: ignore[arg-type]


def test_a_new_user_gets_items_of_his_club(predictor: RecommenderPredictor) -> None:
    ranking = ask(predictor, "000", "001", "002")
    assert ranking.origin == "history"
    assert sum(int(name) < 8 for name in ids(ranking)) >= 4
    assert not {"000", "001", "002"} & set(ids(ranking))


def test_every_like_changes_the_list(predictor: RecommenderPredictor) -> None:
    assert ids(ask(predictor, "000")) != ids(ask(predictor, "000", "008")) != ids(ask(predictor, "016", "008"))


@pytest.mark.parametrize("model", ["ease", "item_knn", "als"])
def test_shares_add_up_to_the_score(data: Interactions, tmp_path: Path, model: str) -> None:
    found = TASK.load(trained(data, tmp_path / model, model=model, half_life=4.0, width=8), "cpu")
    for item in ask(found, "003", "001", "010", "002").items:
        assert item.reasons is not None
        assert item.reasons.exact
        assert item.reasons.contributions.sum() == pytest.approx(item.score, rel=1e-3, abs=1e-5)
        assert item.reasons.item_ids == ("003", "001", "010", "002")


def test_reasons_name_attributes_in_common(predictor: RecommenderPredictor) -> None:
    first = ask(predictor, "000", "001").items[0]
    assert first.reasons is not None
    assert all("club: Club 0" in common for common in first.reasons.common)


def test_removed_items_and_other_categories_are_not_listed(predictor: RecommenderPredictor) -> None:
    before = ids(ask(predictor, "000", "001"))
    profile = UserProfile("new", ("000", "001"), removed=(before[0],))
    after = ids(predictor.predict([profile], RankingOptions(k=5))[0])
    assert before[0] not in after
    assert after[:4] == before[1:]
    allowed = frozenset({"010", "011", "902"})
    assert set(ids(ask(predictor, "000", allowed=allowed))) <= {"010", "011"}


def test_nobody_is_shown_what_most_take_and_is_told_so(predictor: RecommenderPredictor) -> None:
    ranking = ask(predictor)
    assert ranking.origin == "popularity"
    taken = predictor.model.taken
    assert [predictor.model.item_places[name] for name in ids(ranking)] == np.argsort(-taken, kind="stable")[
        :5
    ].tolist()
    assert "Nothing is known" in str(ranking.notices[0])


def test_items_that_nobody_took_answer_by_attributes(predictor: RecommenderPredictor) -> None:
    ranking = ask(predictor, "901")
    assert ranking.origin == "attributes"
    assert all(8 <= int(name) < 16 or int(name) >= 900 for name in ids(ranking))
    similar = predictor.similar_items("900", 4)
    assert similar.origin == "attributes"
    assert all(int(item.item_id) < 8 or item.item_id == "901" for item in similar.items)
    assert ids(predictor.new_items(UserProfile("new", ("009", "010"))))[0] == "901"


def test_unknown_ids_are_named(predictor: RecommenderPredictor) -> None:
    ranking = predictor.predict([UserProfile("x", ("000", "nothing"), user_id="nobody")])[0]
    assert ranking.unknown == ("nothing",)
    text = " ".join(str(notice) for notice in ranking.notices)
    assert "nobody" in text
    assert "nothing" in text


def test_a_known_user_brings_his_history(predictor: RecommenderPredictor) -> None:
    ranking = predictor.predict([UserProfile("x", user_id="0001")])[0]
    own = predictor.model.histories.of(predictor.model.user_places["0001"])
    assert ranking.origin == "history"
    assert not set(ids(ranking)) & set(predictor.model.catalogue.ids[own])


def test_diversity_spreads_the_list_and_costs_score(predictor: RecommenderPredictor) -> None:
    plain, spread = ask(predictor, "000", "001", "008"), ask(predictor, "000", "001", "008", diversity=0.9)
    assert sum(item.score for item in spread.items) < sum(item.score for item in plain.items)

    def alike(ranking: Ranking) -> float:
        vectors = predictor.model.vectors[[predictor.model.item_places[name] for name in ids(ranking)]]
        return float((vectors @ vectors.T).sum())

    assert alike(spread) < alike(plain)


def test_the_evaluation_has_a_row_for_each_user(checkpoint: Path, predictor: RecommenderPredictor) -> None:
    evaluation = load_evaluation(checkpoint)
    assert evaluation is not None
    assert evaluation.data.split == "test, last item of each user"
    assert evaluation.data.n == 90 == len(np.unique(evaluation.table["id"]))
    assert {"popularity", "item_knn"} <= {name.removeprefix("other.") for name in evaluation.table}
    assert over_other(evaluation).low > 0
    assert TASK.summarise(evaluation)["ndcg_at_10"] == evaluation.summary["ndcg_at_10"]
    assert "popularity" in (checkpoint / "card.md").read_text(encoding="utf-8")


def test_a_second_version_is_measured_on_the_same_users(
    checkpoint: Path, data: Interactions, folder: Path, tmp_path: Path
) -> None:
    other = TASK.load(trained(data, tmp_path / "random", split="random"), "cpu")
    first = load_evaluation(checkpoint)
    assert first is not None
    again = TASK.evaluate(other, folder, like=first)
    assert sorted(again.table["id"]) == sorted(first.table["id"])
    assert again.data.split == first.data.split
    # It was divided in another way and has learned from most of these test items.
    assert np.asarray(again.table["seen"]).mean() > 0.5


def test_evaluating_again_gives_the_same_figures(
    checkpoint: Path, predictor: RecommenderPredictor, folder: Path
) -> None:
    stored = load_evaluation(checkpoint)
    found = TASK.evaluate(predictor, folder)
    assert stored is not None
    assert "seen" not in found.table
    assert {name: metric.value for name, metric in found.summary.items()} == pytest.approx(
        {name: metric.value for name, metric in stored.summary.items()}
    )


def test_popularity_is_told_from_what_beats_it(data: Interactions, tmp_path: Path) -> None:
    folder = trained(data, tmp_path / "popularity", model="popularity")
    assert json.loads((folder / "manifest.json").read_text())["others"] == {}


def test_a_replay_compares_versions_event_by_event(
    data: Interactions, predictor: RecommenderPredictor, tmp_path: Path
) -> None:
    popular = TASK.load(trained(data, tmp_path / "popularity", model="popularity"), "cpu")
    ordered, split = divided(prepared(data), PLAIN)
    found = replay(popular.model, predictor.model, ordered, split, k=5)
    assert found.users == found.events == 90
    assert found.difference.low > 0
    assert found.difference.value == pytest.approx(found.second.value - found.first.value)
    assert (found.fixed - found.broke) / found.events == pytest.approx(found.difference.value)
    same = replay(predictor.model, predictor.model, ordered, split)
    assert (same.difference.low, same.difference.high) == (0, 0)


def test_strengths_are_chosen_on_validation(data: Interactions, tmp_path: Path) -> None:
    folder = trained(data, tmp_path / "tuned", model="item_knn", tune=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["tried"]) == 7
    best = max(manifest["tried"], key=lambda one: one["ndcg_at_20"])
    assert manifest["chosen"]["half_life"] == best["half_life"]


def test_the_network_learns_the_order(data: Interactions, tmp_path: Path) -> None:
    options = {"width": 16, "epochs": 25, "length": 8, "batch_size": 16, "dropout": 0.1, "learning_rate": 0.01}
    folder = trained(data, tmp_path / "sequential", model="sequential", **options)
    evaluation = load_evaluation(folder)
    assert evaluation is not None
    assert over_other(evaluation).low > 0
    network = TASK.load(folder, "cpu")
    reasons = TASK.explain(network, UserProfile("x", ("000", "001", "002")), "003", "left_out")
    assert not reasons.exact
    assert len(reasons.contributions) == 3


def test_everyone_gets_a_list(predictor: RecommenderPredictor) -> None:
    found = recommend_to_everyone(predictor, 3)
    assert len(found) == 3 * len(predictor.model.users)
    assert found.columns.tolist() == ["user_id", "rank", "item_id", "title"]


def test_too_few_interactions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("user,item\na,x\nb,y\nc,z\n")
    with pytest.raises(InputRefused) as refused:
        TASK.train(PLAIN, tmp_path / "few.csv", ListedRun(tmp_path))
    assert refused.value.code == "interactions.too_few"


@pytest.mark.parametrize("place", [0, 200, 2000, -1])
def test_a_changed_checkpoint_is_refused(checkpoint: Path, tmp_path: Path, place: int) -> None:
    for name in ("manifest.json", "model.safetensors"):
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())
    content = bytearray((tmp_path / "model.safetensors").read_bytes())
    content[place] ^= 1
    (tmp_path / "model.safetensors").write_bytes(bytes(content))
    with pytest.raises(ModelRefused):
        TASK.load(tmp_path, "cpu")


def test_more_variety_is_measured_with_its_cost(data: Interactions, predictor: RecommenderPredictor) -> None:
    ordered, split = divided(prepared(data), PLAIN)
    held = held_of(predictor.model, ordered, split, "test")
    plain, varied = trade_offs(predictor.model, held, [(0.0, 0.0), (0.9, 0.0)], k=5)
    assert varied.metrics["diversity"].value > plain.metrics["diversity"].value
    change = varied.metrics["ndcg_at_10"].value - plain.metrics["ndcg_at_10"].value
    assert varied.cost.value == pytest.approx(change) and plain.cost.value == 0


def test_a_category_is_a_set_of_ids(predictor: RecommenderPredictor) -> None:
    allowed = predictor.model.catalogue.ids_with("club", {"Club 2"})
    assert allowed == {f"{item:03d}" for item in range(16, 24)}


def test_a_user_of_more_than_a_thousand_items_is_not_recommended_what_he_has(tmp_path: Path) -> None:
    rows = ["user_id,item_id", *(f"reader,{item:04d}" for item in range(1200))]
    rows += [f"u{user},{(user * 37 + step) % 1250:04d}" for user in range(60) for step in range(30)]
    (tmp_path / "ratings.csv").write_text("\n".join(rows) + "\n")
    data = read_interactions(tmp_path / "ratings.csv")
    predictor = TASK.load(trained(data, tmp_path / "run", split="random"), "cpu")
    known = predictor.known(UserProfile("him", user_id="reader")).history
    assert len(known) > 900
    listed = predictor.predict([UserProfile("him", user_id="reader")], RankingOptions(k=10))[0]
    places = {predictor.model.item_places[item.item_id] for item in listed.items}
    assert listed.items and not places & set(known.tolist())
    everyone = recommend_to_everyone(predictor, 10)
    assert ids(listed) == everyone[everyone["user_id"] == "reader"]["item_id"].tolist()
