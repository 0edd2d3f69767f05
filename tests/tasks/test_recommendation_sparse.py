"""Training on what people send: few items of each user, ratings of which some count, histories of one item."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.contracts import Evaluation
from core.data.interaction_split import split_message
from core.errors import JobError
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.task import TASK
from core.training.evaluation import ANSWERS, load_evaluation
from core.training.gate import judge
from core.training.quality import why_incomparable
from core.training.run import ListedRun

pytestmark = pytest.mark.slow


def write(folder: Path, items: int, head: str = "", tail: str = "", ordered: bool = False) -> Path:
    """60 users with so many of 30 items each."""
    random, rows = np.random.default_rng(0), []
    for user in range(60):
        own = random.permutation(30)[:items]
        for place, item in enumerate(own if ordered else np.sort(own)):
            said = tail.format(part="test" if place == items - 1 else "train", rating=random.integers(1, 6))
            rows.append(f"u{user:02d},i{item:02d}{said}")
    (folder / "ratings.csv").write_text("\n".join([f"user_id,item_id{head}", *rows]) + "\n")
    return folder / "ratings.csv"


def trained(data: Path, run: Path, **options: object) -> Evaluation:
    run.mkdir(exist_ok=True)
    config = RecommendationConfig(**{"map_items": 0, **options})  # type: ignore[arg-type]
    found = load_evaluation(TASK.train(config, data, ListedRun(run)))
    assert found is not None
    return found


@pytest.mark.parametrize(("head", "tail"), [("", ""), (",split", ",{part}")], ids=["no order", "given parts"])
def test_users_with_five_items_need_no_validation_part(tmp_path: Path, head: str, tail: str) -> None:
    found = trained(write(tmp_path, 5, head, tail), tmp_path)
    assert found.data.n == 60 and {"other.popularity", "other.item_knn"} <= found.table.keys()


def test_a_network_without_two_items_of_anybody_says_so(tmp_path: Path) -> None:
    data = write(tmp_path, 3, ordered=True)
    with pytest.raises(JobError, match="Nobody has two items in the training") as error:
        trained(data, tmp_path, model="sequential", compare=False)
    assert error.value.code == "train.short_histories"


@pytest.mark.parametrize("split", ["leave_last", "random"])
def test_versions_of_other_ratings_are_measured_on_the_same_items(tmp_path: Path, split: str) -> None:
    data = write(tmp_path, 15, ",rating", ",{rating}", ordered=True)
    options = {"tune": False, "compare": False, "split": split}
    every = trained(data, tmp_path / "every", **options)
    liked = trained(data, tmp_path / "liked", least_rating=3.0, **options)
    assert liked.data.split == f"{every.data.split}, of ratings from 3 on"
    assert str(split_message(liked.data.split)) == liked.data.split
    assert why_incomparable(every, liked) is not None
    for old, new in ((every, "liked"), (liked, "every")):
        again = TASK.evaluate(TASK.load(tmp_path / new / "checkpoint", "cpu"), data, like=old)
        assert again.data == old.data
        assert dict(zip(again.table["id"], again.table[ANSWERS], strict=True)) == dict(
            zip(old.table["id"], old.table[ANSWERS], strict=True)
        )
        assert judge(old, again, None, "ndcg_at_10").checks[0].result == "pass"


def test_tables_with_other_items_of_the_same_users_are_not_compared(tmp_path: Path) -> None:
    data = write(tmp_path, 15, ordered=True)
    found = trained(data, tmp_path, tune=False, compare=False)
    other = Evaluation(**{**vars(found), "table": {**found.table, ANSWERS: found.table[ANSWERS] + np.uint64(1)}})
    assert why_incomparable(found, found) is None
    assert str(why_incomparable(found, other)).startswith("Of 60 examples that are in both tests, 60 have another")
