"""Overfitting and data hunger against cases whose answer is known."""

import json

import numpy as np
import pytest

from core.contracts import Metric
from core.training.diagnosis import (
    Curve,
    Diagnosis,
    Point,
    Rows,
    diagnose,
    gap_between,
    learning_curve,
    read_diagnosis,
    verdict,
)
from core.training.metrics import share


def rows(n: int, seed: int, strength: float, d: int = 40, k: int = 2) -> Rows:
    """Features in which the class shifts every dimension a little: the more examples, the better it is learned."""
    centres = np.random.default_rng(0).normal(size=(k, d))
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, k, n)
    return Rows(draw.normal(size=(n, d)) + strength * centres[targets], targets)


def right(n: int, share_right: float) -> np.ndarray:
    return np.arange(n) < round(share_right * n)


@pytest.mark.parametrize(
    ("train", "validation", "n", "expected"),
    [(1.0, 0.7, 300, "yes"), (0.92, 0.91, 2000, "no"), (0.8, 0.85, 100, "no"), (0.97, 0.9, 60, "unknown")],
)
def test_gap_decides_beyond_chance_only(train, validation, n, expected):
    found = diagnose(right(2000, train), right(n, validation), None)
    assert found.overfits == expected
    words = {"yes": "It overfits", "no": "does not overfit", "unknown": "cannot be told"}
    assert words[expected] in str(verdict(found)[0])


def test_newcombe_interval_by_its_published_example():
    # Newcombe 1998, table II, (a) 56/70 - 48/80: method 10 gives 0.0524 to 0.3339.
    gap = gap_between(share(56, 70), share(48, 80))
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=2e-4)


@pytest.mark.slow
def test_hungry_problem_asks_for_more_data():
    found = learning_curve(rows(160, 1, 0.25), rows(2000, 2, 0.25), "made")
    assert [point.n for point in found.points] == [40, 80, 160]
    assert found.points[0].accuracy.value < found.points[-1].accuracy.value
    assert diagnose(right(100, 1), right(100, 1), found).more_data_helps == "yes"


@pytest.mark.slow
def test_easy_problem_does_not():
    found = learning_curve(rows(1200, 1, 1.0), rows(1500, 2, 1.0), "made")
    assert diagnose(right(100, 1), right(100, 1), found).more_data_helps == "no"
    assert "would not help" in str(verdict(diagnose(right(100, 1), right(100, 1), found))[1])


def test_shuffled_labels_are_at_chance_on_validation_and_learned_by_heart():
    found = learning_curve(rows(60, 1, 1.0, d=200, k=3), rows(900, 2, 1.0, d=200, k=3), "made")
    assert found.chance == pytest.approx(1 / 3)
    assert found.shuffled.low <= 1 / 3 + 0.03 and abs(found.shuffled.value - 1 / 3) < 0.07
    assert found.memorised > 0.95
    assert not diagnose(right(100, 1), right(100, 1), found).leaks


@pytest.mark.slow
def test_features_that_part_the_classes_along_one_direction_do_not_fail_the_control():
    """A head for shuffled labels then leans one way or the other on all validation examples at once."""
    mixing = np.random.default_rng(0).normal(size=(6, 64))

    def easy(n: int, seed: int) -> Rows:
        draw = np.random.default_rng(seed)
        targets, plain = draw.integers(0, 2, n), draw.normal(size=(n, 6))
        plain[:, 0] += 6 * (2 * targets - 1)
        return Rows(plain @ mixing + 0.05 * draw.normal(size=(n, 64)), targets)

    found = [learning_curve(easy(300, 2 * i), easy(200, 2 * i + 1), "made", seed=i) for i in range(12)]
    assert sum(diagnose(right(100, 1), right(100, 1), one).leaks for one in found) <= 2


def test_control_that_is_above_chance_is_called_out():
    point = Point(100, Metric(0.9, 0.88, 0.92, 500))
    curve = Curve("made", (point, point, point), Metric(0, -0.01, 0.02, 500), Metric(0.8, 0.75, 0.85, 500), 0.5, 1.0)
    found = diagnose(right(100, 1), right(100, 1), curve)
    assert found.leaks
    assert "control failed" in str(verdict(found)[2])
    assert found.more_data_helps == "unknown"


def test_it_stops_when_asked():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learning_curve(rows(60, 1, 1.0), rows(60, 2, 1.0), "made", going_on=stop)


@pytest.mark.parametrize("curve", [True, False])
def test_diagnosis_survives_storage(curve):
    found = learning_curve(rows(80, 1, 0.5), rows(100, 2, 0.5), "made") if curve else None
    diagnosis = diagnose(right(50, 0.9), right(40, 0.8), found)
    again = read_diagnosis(json.loads(json.dumps(diagnosis.as_dict())))
    assert isinstance(again, Diagnosis) and again == diagnosis
    assert [str(one) for one in verdict(again)] == [str(one) for one in verdict(diagnosis)]
