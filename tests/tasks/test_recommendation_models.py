"""The models one by one: closed forms by their definition, sparse ways beside dense ones, what order does."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.data.histories import Histories, from_lists
from core.data.interactions import Catalogue
from core.errors import RunCancelled
from core.tasks.recommendation import ease, item_weights
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.ease import EaseOptions, fit_ease
from core.tasks.recommendation.explain import reasons
from core.tasks.recommendation.factors import Factors, fit_factors, solved
from core.tasks.recommendation.item_weights import ItemWeights
from core.tasks.recommendation.model import Recommender
from core.tasks.recommendation.neighbours import fit_neighbours
from core.tasks.recommendation.rerank import reranked
from core.tasks.recommendation.sequential import NextItem, Sequential, padded
from core.training.run import ListedRun

ITEMS = 12


def drawn(users: int = 60, seed: int = 0) -> Histories:
    random = np.random.default_rng(seed)
    return from_lists([random.permutation(ITEMS - 1)[: random.integers(1, 8)] for _ in range(users)])


def dense(weights: ItemWeights) -> np.ndarray:
    return np.asarray(weights.weights if isinstance(weights.weights, np.ndarray) else weights.weights.toarray())


def test_ease_is_the_ridge_regression_of_each_item_on_the_others() -> None:
    matrix = drawn().matrix(ITEMS).toarray()
    found = dense(fit_ease(drawn(), ITEMS, EaseOptions(7.0)))
    for item in range(ITEMS - 1):
        others = [place for place in range(ITEMS - 1) if place != item]
        system = matrix[:, others].T @ matrix[:, others] + 7.0 * np.eye(len(others))
        assert found[others, item] == pytest.approx(
            np.linalg.solve(system, matrix[:, others].T @ matrix[:, item]), abs=1e-4
        )
    assert not found[ITEMS - 1].any()
    assert not np.diag(found).any()


@pytest.mark.parametrize("options", [EaseOptions(5.0), EaseOptions(5.0, user_power=0.5, item_power=0.5)])
def test_small_systems_agree_with_the_whole_matrix(monkeypatch: pytest.MonkeyPatch, options: EaseOptions) -> None:
    whole = dense(fit_ease(drawn(), ITEMS, options))
    monkeypatch.setattr(ease, "DENSE_LIMIT", 0)
    monkeypatch.setattr(ease, "_COUNTS", 4 * (ITEMS - 1))
    assert dense(fit_ease(drawn(), ITEMS, options)) == pytest.approx(whole, abs=1e-4)


def test_a_fit_of_many_items_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "DENSE_LIMIT", 0)
    monkeypatch.setattr(ease, "_COUNTS", 3 * (ITEMS - 1))
    asked = iter([False, False, True])
    with pytest.raises(RunCancelled):
        fit_ease(drawn(), ITEMS, EaseOptions(5.0), should_stop=lambda: next(asked))
    assert next(asked, "all") == "all"


def test_many_items_keep_their_largest_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dense(fit_ease(drawn(), ITEMS, EaseOptions(5.0)))
    monkeypatch.setattr(ease, "DENSE_ITEMS", 0)
    kept = fit_ease(drawn(), ITEMS, EaseOptions(5.0))
    assert dense(kept) == pytest.approx(whole, abs=1e-6)
    assert np.count_nonzero(item_weights.pruned(whole, 3).toarray(), axis=0).max() == 3


def test_neighbours_are_cosines_with_shrinkage() -> None:
    found = dense(fit_neighbours(from_lists([[0, 1], [0, 1], [0, 2]]), 3))
    assert found[0, 1] == pytest.approx(2 / (np.sqrt(3 * 2) + 10))
    assert found[1, 2] == 0


def test_an_item_counts_half_after_its_half_life() -> None:
    weights = ItemWeights("item_knn", np.eye(3, dtype=np.float32), half_life=1.0)
    assert weights.scores(from_lists([[0, 1, 2]])).tolist() == [[0.25, 0.5, 1]]
    assert weights.shares(np.array([0, 1, 2]), np.array([0, 2])).tolist() == [[0.25, 0], [0, 0], [0, 1]]


def test_a_new_user_of_the_factorisation_gets_the_least_squares(tmp_path: Path) -> None:
    config = RecommendationConfig(width=4)
    factors = fit_factors(drawn(), ITEMS, 0.01, config, ListedRun(tmp_path))
    assert isinstance(factors, Factors)
    history = from_lists([[1, 4, 5]])
    user = solved(factors.items, history, factors.untaken, factors.penalty)[0]

    def loss(vector: np.ndarray) -> float:
        scores = factors.items @ vector
        wanted = np.isin(np.arange(ITEMS), [1, 4, 5])
        errors = ((1 - scores[wanted]) ** 2).sum() - factors.untaken * (scores[wanted] ** 2).sum()
        strength = factors.penalty * (3 + factors.untaken * ITEMS)
        return float(errors + factors.untaken * (scores**2).sum() + strength * (vector**2).sum())

    nearby = [user + 0.01 * step for step in np.random.default_rng(0).normal(size=(20, 4))]
    assert all(loss(user) <= loss(other) for other in nearby)


def test_the_network_looks_at_a_users_own_latest_items_alone() -> None:
    torch.manual_seed(0)
    network = Sequential(NextItem(ITEMS, 8, 5, 0.0).eval())
    alone = network.scores(from_lists([[3, 4]]))
    beside = network.scores(from_lists([[3, 4], [1, 2, 3, 4, 5, 6, 7]]))
    assert beside[0] == pytest.approx(alone[0], abs=1e-5)
    longer = network.scores(from_lists([[9, 10, 3, 4, 5, 6, 7], [3, 4, 5, 6, 7]]))
    assert longer[0] == pytest.approx(longer[1], abs=1e-5)
    turned = network.scores(from_lists([[4, 3]]))
    assert not np.allclose(turned, alone)


def test_states_do_not_look_ahead() -> None:
    torch.manual_seed(0)
    module = NextItem(ITEMS, 8, 5, 0.0).eval()
    with torch.inference_mode():
        first, second = module(torch.tensor([[0, 1, 2, 3, 4]])), module(torch.tensor([[0, 1, 2, 9, 8]]))
    assert torch.allclose(first[:, :3], second[:, :3], atol=1e-5)
    assert not torch.allclose(first[:, 3:], second[:, 3:], atol=1e-3)


def test_short_histories_are_filled_from_the_left() -> None:
    assert padded(from_lists([[7], [], [1, 2, 3]]), 2).tolist() == [[0, 8], [0, 0], [3, 4]]


def test_variety_takes_the_best_of_each_kind_first() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    scores, surprise = np.array([1.0, 0.9, 0.5]), np.array([0.0, 0.0, 1.0])
    assert reranked(scores, vectors, surprise, 3, (0.0, 0.0)).tolist() == [0, 1, 2]
    assert reranked(scores, vectors, surprise, 3, (0.7, 0.0)).tolist() == [0, 2, 1]
    assert reranked(scores, vectors, surprise, 1, (0.0, 0.9)).tolist() == [2]


def test_histories_keep_order_and_ages() -> None:
    histories = from_lists([[5, 3], [], [1, 2, 4]])
    assert histories.ages.tolist() == [1, 0, 2, 1, 0]
    assert histories.latest(1).items.tolist() == [3, 4]
    assert histories.take(np.array([2, 0])).of(1).tolist() == [5, 3]
    assert histories.rows(1, 3).of(1).tolist() == [1, 2, 4]


class Counted(Sequential):
    """Counts the lists of each call."""

    calls: ClassVar[list[int]] = []

    def scores(self, histories: Histories) -> NDArray[np.float32]:
        self.calls.append(len(histories))
        return super().scores(histories)


@pytest.mark.parametrize(("length", "reach", "calls"), [(3, 5, [4]), (5, 5, [6]), (6, 5, [6]), (200, 70, [64, 7])])
def test_reasons_of_the_network_are_what_leaving_out_any_item_costs(length: int, reach: int, calls: list[int]) -> None:
    torch.manual_seed(0)
    history, items, whole = np.arange(length), np.array([0, length]), from_lists([np.arange(length)])
    scorer, ids = Counted(NextItem(length + 1, 8, reach, 0.0).eval()), np.arange(length + 1).astype(str)
    scores = scorer.scores(from_lists([history, *(np.delete(history, place) for place in history)]))[:, items]
    Counted.calls.clear()
    vectors = np.zeros((length + 1, 2), np.float32)
    catalogue, taken = Catalogue(ids, tuple(ids.tolist())), np.ones(length + 1, np.int64)
    found = reasons(Recommender(scorer, catalogue, taken, vectors, vectors, np.array(["u"]), whole), history, items)
    assert Counted.calls == calls
    assert np.stack([one.contributions for one in found], axis=1) == pytest.approx(scores[0] - scores[1:], abs=1e-5)
    assert [one.total for one in found] == pytest.approx(scores[0], abs=1e-5)
    assert np.abs(found[0].contributions).max() > 1e-3
