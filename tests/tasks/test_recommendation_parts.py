"""What measured users are like, what they wanted, and replays: of versions, of rivals, and of what was learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.histories import Histories, from_lists
from core.data.interaction_check import prepared
from core.data.interaction_split import RankingSplit
from core.data.interactions import Catalogue, Interactions
from core.errors import InputRefused
from core.tasks.recommendation import replay as replaying
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.measure import held_of
from core.tasks.recommendation.model import Recommender, item_vectors
from core.tasks.recommendation.scoring import Popularity
from core.tasks.recommendation.sliced import user_slices, wanted_columns
from core.tasks.recommendation.task import TASK
from core.tasks.recommendation.train import divided, fit_model
from core.training.list_replay import read_replays
from core.training.run import ListedRun
from tests.recommendation_sets import clubs

PLAIN = RecommendationConfig(tune=False, compare=True, map_items=0, regularisation=5.0)


def model(*kinds: str) -> Recommender:
    """Five items, of which the first is taken most and the last by nobody."""
    taken, histories = np.array([5, 3, 2, 1, 0]), from_lists([[0, 1], [0, 1, 2], [0, 1, 2], [0], [0, 3]])
    ids, columns = np.array(list("abcde")), {"category": tuple(kinds)} if kinds else {}
    catalogue = Catalogue(ids, tuple("ABCDE"), columns)
    vectors = item_vectors(histories, 5)
    users = np.array([f"u{number}" for number in range(5)])
    return Recommender(Popularity(taken), catalogue, taken, vectors, np.zeros((5, 2), np.float32), users, histories)


def test_users_are_parted_by_how_much_how_rare_and_of_which_kind() -> None:
    known = from_lists([[0], [0, 1], [1, 2, 3], list(range(5)) * 2])
    found = user_slices(model("tea", "tea", "books", "books", "books"), known)
    assert found["slice.activity"].tolist() == ["≤ 5", "≤ 5", "≤ 5", "6–20"]
    assert found["slice.rarity"].tolist() == ["low", "low", "high", "middle"]
    assert found["slice.favourite"].tolist() == ["tea", "tea", "books", "books"]
    assert "slice.favourite" not in user_slices(model(), known)


def test_wanted_items_are_of_the_head_the_tail_or_new_to_everybody() -> None:
    truth = from_lists([[0, 2], [4, 6]])  # place 6 is an item that the model does not know
    lists = np.array([[0, 1, -1], [1, 2, 4]], np.int32)
    found = wanted_columns(lists, truth, model(), 7)
    assert {name: values.tolist() for name, values in found.items()} == {
        "wanted.head": [1, 0],
        "found.head": [1, 0],
        "wanted.tail": [1, 0],
        "found.tail": [0, 0],
        "wanted.new": [0, 2],
        "found.new": [0, 1],
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Interactions:
    return clubs(tmp_path_factory.mktemp("clubs"))


@pytest.mark.slow
def test_a_checkpoint_holds_replays_against_popularity_and_other_kinds(data: Interactions, tmp_path: Path) -> None:
    folder = TASK.train_on(PLAIN, data, ListedRun(tmp_path), ("train", "evaluate"))
    found = read_replays(folder)
    assert list(found) == ["popularity", "item_knn"]
    one = found["popularity"]
    assert one.data.split == "test, last item of each user" and one.events == one.users == one.data.n == 90
    assert one.difference.low > 0 and one.learned == (0, 0)
    assert sum(part.events for part in one.parts) == one.events
    (folder / "replay.json").write_text("{}")
    with pytest.raises(Exception, match=r"replay\.json"):
        TASK.load(folder, "cpu")


@pytest.mark.slow
def test_many_events_are_replayed_for_some_users_evenly_spread(
    data: Interactions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run: RunContext = ListedRun(tmp_path)
    ordered, split = divided(prepared(data), replace(PLAIN, split="random", test_share=0.5))
    fitted = fit_model(ordered, split, PLAIN, run).model
    full = replaying.replay(fitted, fitted, ordered, split)
    assert full.events == min(len(split.test), int(held_of(fitted, ordered, split, "test").truth.sizes.sum()))
    monkeypatch.setattr(replaying, "MOST_EVENTS", full.events // 2)
    some = replaying.replay(fitted, fitted, ordered, split)
    assert some.data.n == full.users and 0.3 * full.users < some.users < 0.7 * full.users


@pytest.mark.slow
def test_events_that_a_version_learned_from_are_left_out_for_both(data: Interactions, tmp_path: Path) -> None:
    ordered, split = divided(prepared(data), PLAIN)
    honest = fit_model(ordered, split, PLAIN, ListedRun(tmp_path)).model
    half = replace(split, train=np.sort(np.concatenate([split.known, split.test[::2]])), validation=split.known[:0])
    knows_half = fit_model(ordered, half, PLAIN, ListedRun(tmp_path)).model
    found = replaying.replay(honest, knows_half, ordered, split)
    assert found.learned == (0, 45) and found.events == found.users == 45 and found.data.n == 90
    everything = replace(split, train=np.arange(len(ordered)), validation=split.validation[:0])
    knows_all = fit_model(ordered, everything, PLAIN, ListedRun(tmp_path)).model
    with pytest.raises(InputRefused, match="everything that could be replayed"):
        replaying.replay(knows_all, honest, ordered, split)


class Following(Popularity):
    """Lists the item after the last one that it sees."""

    kind = "following"

    def scores(self, histories: Histories) -> NDArray[np.float32]:
        found = np.zeros((len(histories), self.n_items), np.float32)
        last = np.array([histories.of(user)[-1] for user in range(len(histories))])
        found[np.arange(len(histories)), (last + 1) % self.n_items] = 1
        return found


def test_before_each_event_what_was_taken_since_is_known() -> None:
    users, items = np.repeat([0, 1], 4), np.tile([0, 1, 2, 3], 2)
    data = Interactions(np.array(["a", "b"]), model().catalogue, users, items, name="mine")
    split = RankingSplit(np.array([0, 4]), np.zeros(0, np.int64), np.array([1, 2, 3, 5, 6, 7]), "time", "test")
    follows = replace(model(), scorer=Following(model().taken))
    found = replaying.replay(model(), follows, data, split, k=1)
    assert (found.events, found.users, found.second.value) == (6, 2, 1.0)
    assert found.first.value == 1.0, "popularity lists what is taken most of what is left"


def test_what_nobody_took_is_not_listed_in_a_replay_either() -> None:
    catalogue = model().catalogue
    data = Interactions(np.array(["a"]), catalogue, np.zeros(3, int), np.array([2, 3, 4]), name="mine")
    split = RankingSplit(np.array([0]), np.zeros(0, np.int64), np.array([1, 2]), "time", "test")
    found = replaying.replay(model(), replace(model(), scorer=Following(model().taken)), data, split, k=1)
    assert (found.events, found.second.value) == (2, 0.5)


def test_without_a_validation_part_rivals_have_their_plain_strengths(data: Interactions, tmp_path: Path) -> None:
    ordered, split = divided(prepared(data), PLAIN)
    split = replace(split, train=split.known, validation=split.validation[:0])
    found = fit_model(ordered, split, replace(PLAIN, model="popularity", tune=True), ListedRun(tmp_path))
    assert dict(found.rivals["item_knn"]) == {"half_life": 0.0} and not found.tried
