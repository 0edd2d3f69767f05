"""The drift test: wrong as rarely as it says, and awake when something has changed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from core.contracts import Classification
from core.training.drift import STATISTICS, compare, holm, statistics_of


def stream(n: int, rng: np.random.Generator, shift: float = 0.0) -> np.ndarray:
    """Five figures that are correlated, as those of real pictures are."""
    common = rng.normal(size=(n, 1))
    return 0.7 * common + rng.normal(size=(n, len(STATISTICS))) + shift * np.array([0, 0, 1, 0, 0])


@pytest.mark.slow
def test_the_false_alarm_rate_is_kept() -> None:
    rng, rate, trials = np.random.default_rng(0), 0.05, 400
    alarms = sum(compare(stream(120, rng), stream(32, rng), rate).alarm for _ in range(trials))
    assert alarms <= binom.ppf(0.999, trials, rate)
    assert alarms >= 1, "a test that never fires measures nothing"


def test_a_change_is_noticed_and_named() -> None:
    rng = np.random.default_rng(1)
    found = [compare(stream(160, rng), stream(32, rng, shift=1.8)) for _ in range(20)]
    assert sum(test.alarm for test in found) >= 18
    assert all(test.moved[0] == "brightness" for test in found if test.alarm)
    assert all(test.p_value == min(test.p_values.values()) for test in found)


def test_quiet_tests_name_nothing() -> None:
    rng = np.random.default_rng(2)
    table = stream(200, rng)
    test = compare(table[:160], table[160:192], 1e-9)
    assert not test.alarm and test.moved == ()


def test_only_the_named_statistics_are_tested() -> None:
    rng = np.random.default_rng(3)
    test = compare(stream(160, rng), stream(32, rng, shift=5), names=("domain_score", "top_score"))
    assert set(test.p_values) == {"domain_score", "top_score"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.5, 0.9, 0.6], [1.0, 1.0, 1.0]), ([0.2], [0.2])],
)
def test_holm_by_hand(given: list[float], expected: list[float]) -> None:
    assert holm(np.array(given)).tolist() == pytest.approx(expected)


def test_statistics_tell_dark_flat_and_blurred_pictures_apart() -> None:
    rng = np.random.default_rng(4)
    sharp = np.repeat(rng.integers(0, 255, (40, 40, 1), dtype=np.uint8), 3, axis=2)
    flat = np.full((40, 40, 3), 30, np.uint8)
    answer = Classification(("a", "b"), np.array([0.3, 0.7], np.float32), "b", ("b",), None, 0.4)
    rows = dict(zip(STATISTICS, statistics_of([sharp, flat], [answer, answer]).T, strict=True))
    assert rows["domain_score"].tolist() == pytest.approx([0.4, 0.4])
    assert rows["top_score"].tolist() == pytest.approx([0.7, 0.7])
    assert rows["brightness"][0] > rows["brightness"][1] == 30
    assert rows["contrast"][0] > rows["contrast"][1] == 0
    assert rows["sharpness"][0] > rows["sharpness"][1] == 0
