"""Whose items and users they are: equal ids do not make a catalogue, nor a name a published set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputRefused
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.same_items import check_same_items
from core.tasks.recommendation.task import TASK, own_name
from core.training.evaluation import load_evaluation
from core.training.run import ListedRun
from tests.recommendation_sets import clubs, write_clubs, write_items

pytestmark = pytest.mark.slow
PLAIN = RecommendationConfig(tune=False, compare=False, map_items=0, regularisation=5.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clubs")
    write_clubs(folder / "ratings.csv")
    write_items(folder / "items.csv")
    return folder


@pytest.fixture(scope="module")
def checkpoint(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = ListedRun(tmp_path_factory.mktemp("run"))
    run.data_name = "simulated_shop"
    return TASK.train(PLAIN, folder, run)


@pytest.fixture(scope="module")
def predictor(checkpoint: Path) -> RecommenderPredictor:
    return TASK.load(checkpoint, "cpu")


def test_a_model_is_not_measured_on_items_that_only_have_the_same_ids(
    predictor: RecommenderPredictor, tmp_path: Path
) -> None:
    write_clubs(tmp_path / "ratings.csv", seed=1)
    other = write_items(tmp_path / "items.csv")
    assert TASK.evaluate(predictor, tmp_path).data.n == 90
    other.write_text(other.read_text().replace("Thing", "Quite another thing"))
    with pytest.raises(InputRefused, match="24 of 26 items that the model knows by their ids are called otherwise"):
        TASK.evaluate(predictor, tmp_path)


def test_without_titles_nothing_is_refused(predictor: RecommenderPredictor, tmp_path: Path) -> None:
    data = clubs(tmp_path)
    ids = tuple(data.catalogue.ids.tolist())
    check_same_items(predictor.model, replace(data, catalogue=replace(data.catalogue, titles=ids)))


def test_a_file_of_ones_own_never_goes_by_the_name_of_a_published_set(checkpoint: Path, folder: Path) -> None:
    found = load_evaluation(checkpoint)
    assert found is not None and found.data.name == "own simulated_shop"
    assert own_name("loans.csv", folder) == "loans.csv"


def test_the_same_users_measured_again_keep_the_name_of_their_data(
    predictor: RecommenderPredictor, checkpoint: Path, folder: Path
) -> None:
    like = load_evaluation(checkpoint)
    assert like is not None and TASK.evaluate(predictor, folder, like=like).data.name == like.data.name
