"""The gate for recommenders: popularity has to be beaten, and scores of lists are no probabilities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.contracts import DataInfo, Evaluation
from core.training.gate import judge
from core.training.paired import metric_change
from core.training.ranking_gate import MEANINGLESS, only_unweighed, popularity_check, ranking_verdict

N = 400


def evaluation(gain: float, seed: int = 0) -> Evaluation:
    """Users whose NDCG@10 is that of popularity and `gain` more."""
    random = np.random.default_rng(seed)
    popular = random.uniform(0, 0.5, N)
    own = np.clip(popular + gain + random.normal(0, 0.05, N), 0, 1)
    table = {
        "id": np.array([f"user {number}" for number in range(N)]),
        "truth": np.ones(N, np.int64),
        "prediction": (own > 0.25).astype(np.int64),
        "scores": np.stack([1 - own, own], axis=1),
        "abstained": np.zeros(N, bool),
        "metric.ndcg_at_10": own,
        "other.popularity": popular,
    }
    return Evaluation(("missed", "found"), table, {}, DataInfo("mine", "test", N, "f" * 64), 0, "")


def test_what_beats_popularity_passes_and_says_by_how_much() -> None:
    check = popularity_check(evaluation(0.1))
    assert check.result == "pass" and check.low is not None and 0.09 < check.low < 0.1 < check.value + 0.01
    assert "400 users of mine" in str(check.message)


@pytest.mark.parametrize("gain", [0.0, -0.1])
def test_what_does_not_is_refused(gain: float) -> None:
    assert popularity_check(evaluation(gain)).result == "fail"


def test_without_a_comparison_nothing_is_decided() -> None:
    found = evaluation(0.1)
    table = {name: column for name, column in found.table.items() if name != "other.popularity"}
    assert popularity_check(replace(found, table=table)).result == popularity_check(None).result == "undecided"


def test_a_metric_of_every_user_is_compared_user_by_user() -> None:
    old, new = evaluation(0.1, seed=1), evaluation(0.1, seed=1)
    new.table["metric.ndcg_at_10"] = old.table["metric.ndcg_at_10"] + 0.02
    change = metric_change(old, new, "ndcg_at_10")
    assert (change.value, change.low, change.high) == pytest.approx((0.02, 0.02, 0.02))


def test_the_verdict_has_no_questions_for_classifiers_and_one_for_recommenders() -> None:
    better = evaluation(0.2, seed=1)
    better.table["other.popularity"] = evaluation(0.1, seed=1).table["other.popularity"]
    found = ranking_verdict(judge(evaluation(0.1, seed=1), better, None, "ndcg_at_10"), better)
    names = [check.name for check in found.checks]
    assert not MEANINGLESS & set(names) and names[-1] == "popularity"
    assert next(check.result for check in found.checks if check.name == "headline") == "pass"
    worse = evaluation(-0.1)
    assert ranking_verdict(judge(evaluation(0.1), worse, None, "ndcg_at_10"), worse).result == "fail"
    assert ranking_verdict(judge(None, None, None), None).result == "undecided"


def test_without_a_common_test_only_the_comparison_is_open() -> None:
    other = replace(evaluation(0.2), data=DataInfo("theirs", "test", N, "0" * 64))
    assert only_unweighed(ranking_verdict(judge(other, evaluation(0.2), None), evaluation(0.2)))
    assert not only_unweighed(ranking_verdict(judge(other, evaluation(0.0), None), evaluation(0.0)))
