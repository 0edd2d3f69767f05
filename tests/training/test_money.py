"""Prices to thresholds, by hand and by simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InputRefused
from core.training.money import (
    CURVE_POINTS,
    NEVER,
    Prices,
    best_threshold,
    cost_curve,
    curve,
    reviews_at,
    within_capacity,
    worth,
)
from tests.training.tables import evaluated, latent

PRICES = Prices(miss=100, false_alarm=5, review=10, volume=1000)


def table(seed=0, n=600, strength=2.0, share=0.3, **columns):
    truth, noise, _ = latent(n, seed, share)
    evidence = ((2 * truth - 1) * strength / 2 + noise) * strength
    return evaluated(truth, evidence + np.log(share / (1 - share)), **columns)


def by_hand(evaluation, prices, threshold):
    """Cost a month, one item after the other."""
    total = 0.0
    for truth, score in zip(evaluation.table["truth"], evaluation.table["scores"][:, 1], strict=True):
        if score >= threshold:
            total += prices.review + (0 if truth else prices.false_alarm)
        elif truth:
            total += prices.miss
    return total * prices.volume / len(evaluation.table["truth"])


def test_curve_equals_the_cost_counted_item_by_item():
    evaluation = table(n=80)
    thresholds, costs, reviews = cost_curve(evaluation, PRICES)
    assert thresholds[-1] == NEVER and np.all(np.diff(thresholds) > 0)
    assert costs == pytest.approx([by_hand(evaluation, PRICES, threshold) for threshold in thresholds])
    assert reviews[0] == pytest.approx(1000) and reviews[-1] == 0


def test_best_threshold_is_the_cheapest_of_all():
    evaluation = table(n=120)
    best = best_threshold(evaluation, PRICES)
    scores = [*evaluation.table["scores"][:, 1], NEVER]
    assert by_hand(evaluation, PRICES, best) == pytest.approx(min(by_hand(evaluation, PRICES, one) for one in scores))


def test_calibrated_scores_give_the_threshold_of_theory():
    # Look when score x miss > review + (1 - score) x false alarm: from (10 + 5) / (100 + 5) on.
    assert best_threshold(table(n=40_000), PRICES) == pytest.approx(15 / 105, abs=0.03)


def test_dear_reviews_mean_looking_at_nothing():
    assert best_threshold(table(), replace(PRICES, review=500)) == NEVER


def test_rare_positives_raise_the_threshold():
    common, rare = (best_threshold(table(n=5000), replace(PRICES, prevalence=share)) for share in (0.3, 0.02))
    assert rare > common


def test_prevalence_of_the_examples_changes_nothing():
    evaluation = table(n=500)
    asked = replace(PRICES, prevalence=float(evaluation.table["truth"].mean()))
    assert cost_curve(evaluation, asked)[1] == pytest.approx(cost_curve(evaluation, PRICES)[1])


def test_capacity_is_kept():
    evaluation = table(n=1000)
    tight = replace(PRICES, capacity=50)
    threshold = best_threshold(evaluation, tight)
    assert np.mean(evaluation.table["scores"][:, 1] >= threshold) * 1000 <= 50
    assert within_capacity(evaluation, tight, 0.1) >= threshold > best_threshold(evaluation, PRICES)
    assert best_threshold(evaluation, replace(PRICES, capacity=0)) == NEVER


def test_amounts_move_the_threshold_to_where_the_money_is():
    draw = np.random.default_rng(0)
    amount = draw.lognormal(4, 1, 600)
    evaluation = table(n=600, amount=amount)
    prices = Prices(miss=0, false_alarm=5, review=10, volume=1000, miss_share=1.0)
    thresholds, costs, _ = cost_curve(evaluation, prices)
    scores, truth = evaluation.table["scores"][:, 1], evaluation.table["truth"]
    for place in (0, 200, len(thresholds) - 1):
        looked = scores >= thresholds[place]
        expected = np.where(looked, 10 + 5 * (1 - truth), truth * amount).sum() * 1000 / 600
        assert costs[place] == pytest.approx(expected)


def test_a_missed_refund_is_no_gain():
    truth = np.array([1, 1, 0, 0])
    evaluation = evaluated(truth, np.array([-2.0, -1.0, 0.0, 1.0]), amount=np.array([-500.0, 80.0, -20.0, 10.0]))
    prices = Prices(miss=1, false_alarm=0, review=0, volume=4, miss_share=0.5)
    assert cost_curve(evaluation, prices)[1][-1] == pytest.approx(1 + (1 + 40))


def test_table_with_one_score_column_works_too():
    evaluation = table()
    scores = evaluation.table["scores"][:, 1]
    plain = {name: column for name, column in evaluation.table.items() if name != "scores"} | {"score": scores}
    assert best_threshold(replace(evaluation, table=plain), PRICES) == best_threshold(evaluation, PRICES)


def test_saving_is_measured_on_other_examples_than_chose_the_threshold():
    found = worth(table(seed=1), table(seed=2), PRICES, today=0.5)
    test = table(seed=2)
    assert found.threshold == best_threshold(table(seed=1), PRICES)
    assert found.cost.value == pytest.approx(by_hand(test, PRICES, found.threshold))
    expected = by_hand(test, PRICES, 0.5) - by_hand(test, PRICES, found.threshold)
    assert found.against_today.value == pytest.approx(expected)
    assert found.against_nothing.low > 0, "with such prices a model is worth its reviews"
    assert found.against_everything is not None
    assert found.reviews.low <= found.reviews.value <= found.reviews.high <= 1000
    assert 0 < found.caught.value <= 1


@pytest.mark.slow
def test_interval_of_the_saving_holds_the_truth_about_as_often_as_it_says():
    chosen, prices = table(seed=99, n=2000), replace(PRICES, prevalence=0.3)
    truth = worth(chosen, table(seed=98, n=40_000), prices, today=0.5).against_today.value
    found = [worth(chosen, table(seed=seed, n=400), prices, today=0.5).against_today for seed in range(60)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.9


def test_looking_at_everything_needs_the_people_to_do_so():
    assert worth(table(1), table(2), replace(PRICES, capacity=100), 0.5).against_everything is None


def test_curve_for_drawing_is_short_and_finite():
    thresholds, costs = curve(table(n=3000), PRICES)
    assert len(thresholds) == len(costs) <= 160
    assert np.isfinite(thresholds).all()


@pytest.mark.parametrize(
    "wrong",
    [{"miss": -1}, {"review": math.nan}, {"volume": 0}, {"prevalence": 0.0}, {"prevalence": 1.0}, {"capacity": -1}],
)
def test_impossible_prices_are_refused(wrong):
    with pytest.raises(InputRefused) as refused:
        replace(PRICES, **wrong)
    assert next(iter(wrong)) in str(refused.value.message)


def test_what_cannot_be_weighed_up_is_said():
    with pytest.raises(InputRefused, match="no amount"):
        best_threshold(table(), replace(PRICES, miss_share=0.5))
    one_class = evaluated(np.zeros(50, np.int64), np.linspace(-1, 1, 50))
    with pytest.raises(InputRefused, match="only positive or only negative"):
        worth(one_class, table(), PRICES, 0.5)


def test_the_threshold_in_use_stays_itself_where_people_are_few():
    tight = replace(PRICES, capacity=50, volume=1000)
    found = worth(table(seed=1, n=1000), table(seed=2, n=1000), tight, today=0.1)
    assert found.today == 0.1 < found.compared
    assert found.asked == pytest.approx(np.mean(table(seed=1, n=1000).table["scores"][:, 1] >= 0.1) * 1000)
    free = worth(table(seed=1), table(seed=2), PRICES, today=0.5)
    assert free.compared == free.today == 0.5


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_today_is_compared_as_it_is_exactly_where_people_suffice(spare):
    asked = reviews_at(table(seed=1), PRICES, 0.4)
    found = worth(table(seed=1), table(seed=2), replace(PRICES, capacity=int(np.ceil(asked)) + spare), today=0.4)
    assert (found.compared > found.today) == (found.asked > np.ceil(asked) + spare) == (spare < 0)


def test_the_drawn_curve_has_points_where_scores_are_rare():
    truth = (np.arange(5000) % 100 == 0).astype(np.int64)
    logit = np.random.default_rng(0).normal(-7, 1, 5000) + 6 * truth
    thresholds, costs = curve(evaluated(truth, logit), PRICES)
    assert len(thresholds) == len(costs) <= CURVE_POINTS and np.all(np.diff(thresholds) > 0)
    assert (thresholds > thresholds.max() / 10).sum() >= 15
