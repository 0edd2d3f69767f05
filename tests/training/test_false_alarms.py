"""Limits that keep a false-alarm rate, what can be promised from few good parts, and that the promise is kept."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import expon, lognorm, norm

from core.training.false_alarms import in_words, promise


def test_a_promise_of_few_parts_says_what_is_possible():
    found = promise(np.arange(60.0), 0.001)
    assert not found.kept
    assert found.rate == pytest.approx(1 / 61)
    assert found.limit == 59.0, "the highest of them, and not one below which everything is a defect"
    words = str(in_words(found))
    assert words.startswith("With 60 held-out good parts, 1 false alarm in 61 good parts on average is the lowest rate")
    assert words.endswith("The true rate of this limit is likely between 0.0 and 6.0 %.")


def test_the_limit_is_the_conformal_rank():
    found = promise(np.random.default_rng(0).permutation(99) + 1.0, 0.05)
    assert found.kept and found.limit == 95.0 and found.rate == pytest.approx(0.05)
    assert found.unsure[0] < 95.0 < found.unsure[1]
    low, high = found.likely
    assert low < 0.05 < high
    assert str(in_words(found)) == (
        "On average at most 1 good part in 20 is called defective, by 99 held-out good parts; the true rate of this "
        "limit is likely between 1.7 and 10.0 %."
    )


def test_a_promise_names_the_parts_that_it_does_not_hold_for():
    found = promise(np.arange(99.0), 0.05)
    words = str(in_words(replace(found, left_out=7)))
    assert words.startswith(str(in_words(found))) and "left out as suspicious (7) really show defects" in words


def test_one_part_promises_one_in_two():
    found = promise(np.array([3.0]), 0.01)
    assert (found.limit, found.rate) == (3.0, 0.5)
    assert found.unsure[0] <= found.unsure[1]


@pytest.mark.parametrize("n", [2, 5, 20, 60, 240])
def test_a_stricter_rate_raises_the_band_and_never_closes_it(n):
    scores = np.random.default_rng(n).normal(size=n)
    asked = np.geomspace(0.6, 1e-5, 60)
    found = [promise(scores, rate) for rate in asked]
    assert all(one.unsure[0] <= one.limit <= one.unsure[1] for one in found)
    low, high = np.array([one.unsure for one in found]).T
    assert (np.diff(low) >= 0).all() and (np.diff(high) >= 0).all(), "what was unsure is no flat defect at a lower rate"
    strict = asked < 1 / (n + 1)
    assert (high - low)[strict] == pytest.approx(np.diff(promise(scores, 1 / (n + 1)).unsure)[0])
    assert (high[strict] > scores.max()).all()


@pytest.mark.parametrize("drawn", [norm, expon, lognorm(0.6)], ids=["normal", "exponential", "lognormal"])
@pytest.mark.parametrize("n", [20, 60])
def test_the_band_of_the_lowest_promised_rate_holds_its_true_limit(drawn, n):
    sets = drawn.rvs(size=(400, n), random_state=np.random.default_rng(2))
    true = drawn.ppf(1 - 1 / (n + 1))
    bands = np.array([promise(scores, 0.0001).unsure for scores in sets])
    assert 0.7 < ((bands[:, 0] <= true) & (true <= bands[:, 1])).mean() < 0.9


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05, 0.2])
def test_the_promise_is_kept_on_parts_never_used(rate):
    """Over many calibrations the mean rate of alarms is at most the promised one, and not far below it."""
    rng = np.random.default_rng(4)
    alarms = []
    for _ in range(600):
        scores = rng.lognormal(0, 0.6, 250)
        found = promise(scores[:150], rate)
        assert found.rate <= max(rate, 1 / 151)
        alarms.append((scores[150:] > found.limit).mean())
    error = 3 * np.std(alarms) / np.sqrt(len(alarms))
    assert found.rate - 1.5 * error < np.mean(alarms) < found.rate + error


def test_higher_rates_mean_lower_limits():
    scores = np.random.default_rng(1).normal(size=80)
    limits = [promise(scores, rate).limit for rate in (0.01, 0.02, 0.05, 0.1, 0.5)]
    assert limits == sorted(limits, reverse=True)
