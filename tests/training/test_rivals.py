"""Models side by side on made-up rows: counts and money add up, ties are broken as said, accuracy is shown up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.contracts import Evaluation
from core.training.quality import positive_of
from core.training.rivals import (
    accuracies,
    card_precision_limit,
    other_models,
    overlap,
    ranking_figures,
    scored_by,
    top_of_each_day,
)
from tests.training.tables import evaluated


def table(n: int = 2000, seed: int = 0) -> Evaluation:
    """5 % frauds over ten days; the model knows much, the rule looks at the amount alone."""
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < 0.05).astype(np.int64)
    amount = draw.gamma(2.0, 30.0, n) * (1 + truth)
    return evaluated(
        truth,
        4 * truth - 4 + draw.normal(size=n),
        amount=amount,
        day=np.arange(n) // (n // 10),
        **{"other.rules": (amount > 150).astype(np.float32)},
    )


def test_other_models_are_named_and_put_in_place() -> None:
    found = table()
    assert other_models(found) == ("rules",)
    assert set(np.unique(positive_of(scored_by(found, "rules"))[1])) == {0.0, 1.0}
    assert found.table["scores"] is not scored_by(found, "rules").table["scores"]


@pytest.mark.slow
def test_ranking_figures_know_the_better_model_and_its_interval() -> None:
    found = table()
    model, rules = ranking_figures(found), ranking_figures(scored_by(found, "rules"))
    assert model["average_precision"].low > rules["average_precision"].high
    truth, score = positive_of(found)
    assert model["auroc"].value == pytest.approx(roc_auc_score(truth, score))
    assert "card_precision_at_100" not in model, "these rows have no customers"
    with_customers = {**found.table, "customer": np.arange(2000) % 50}
    assert "card_precision_at_100" in ranking_figures(replace(found, table=with_customers))
    alone = replace(found, table={**found.table, "truth": np.zeros(2000, np.int64)})
    assert ranking_figures(alone) == {}


def test_every_fraud_is_in_exactly_one_group_with_its_money() -> None:
    found = table()
    groups = overlap(found, scored_by(found, "rules"), 10)
    parts = [groups.both, groups.only_first, groups.only_second, groups.neither]
    truth = found.table["truth"] == 1
    assert groups.alerts == 100
    assert sum(part.count for part in parts) == truth.sum()
    assert sum(part.amount for part in parts) == pytest.approx(found.table["amount"][truth].sum())
    assert groups.only_first.count > groups.only_second.count, "the model knows more than the amount"
    assert sum(part.share.value for part in parts) == pytest.approx(1.0)


@pytest.mark.slow
def test_intervals_of_every_figure_are_over_customers() -> None:
    found = table()
    thrice = {name: np.concatenate([column] * 3) for name, column in found.table.items()}
    own = {"customer": np.tile(np.arange(2000), 3)}

    def widths(columns: dict[str, np.ndarray]) -> np.ndarray:
        rows = replace(found, table=columns)
        groups = overlap(rows, scored_by(rows, "rules"), 30)
        metrics = [*ranking_figures(rows).values(), accuracies(rows).model, accuracies(rows).always, groups.both.share]
        return np.array([metric.high - metric.low for metric in metrics if metric.n == 6000 or metric.n < 2000])

    ratio = widths(thrice | own)[[0, 2, 3, 4, 5]] / widths(thrice)
    assert ratio == pytest.approx(3**0.5, rel=0.15), "three payments that go together are worth one"


def test_a_model_against_itself_is_alone_nowhere() -> None:
    groups = overlap(table(), table(), 10)
    assert groups.only_first.count == groups.only_second.count == 0 < groups.both.count


def test_each_day_calls_as_many_and_ties_go_by_amount() -> None:
    rule = scored_by(table(), "rules")
    called = top_of_each_day(rule, 3)
    assert np.bincount(rule.table["day"], called).tolist() == [3.0] * 10
    for day in range(10):
        rows = rule.table["day"] == day
        assert set(np.flatnonzero(rows & called)) == set(
            np.flatnonzero(rows)[np.argsort(-rule.table["amount"][rows])][:3]
        ), "amount is all that this rule knows"


def test_without_days_and_amounts_there_is_one_list() -> None:
    found = table()
    bare = {name: column for name, column in found.table.items() if name not in ("day", "amount")}
    bare_table = Evaluation(found.labels, bare, {}, found.data, 0, "")
    groups = overlap(bare_table, scored_by(bare_table, "rules"), 7)
    assert groups.alerts == 7 and np.isnan(groups.both.amount)


def test_saying_genuine_always_is_accurate_and_finds_nothing() -> None:
    found = accuracies(table())
    assert found.always.value == pytest.approx(0.95, abs=0.02)
    assert 0 < found.found < found.positives
    assert found.model.n == 2000


def test_the_limit_of_card_precision_is_what_the_truth_itself_reaches() -> None:
    truth = np.array([1, 1, 0, 0, 1, 0, 1])
    days, customer = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 0, 2, 4])
    found = evaluated(truth, np.zeros(7), day=days, customer=customer)
    assert card_precision_limit(found) == pytest.approx((2 + 1) / 2 / 100), "customer 0 was caught on the first day"
    assert card_precision_limit(evaluated(truth, np.zeros(7))) is None
