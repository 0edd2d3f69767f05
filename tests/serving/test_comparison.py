"""Two versions side by side: their costs, their evaluations on the same examples, the verdict."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

import numpy as np
import pytest

from core.errors import InputRefused, ModelRefused
from core.serving import comparison, timing
from core.serving.timing import load_costs, median_interval, save_costs, side_by_side
from core.training.evaluation import load_evaluation, save_evaluation
from core.training.gate import judge
from tests.jobs.fake_sector import Predictor, Task
from tests.training.tables import SAME_COSTS, evaluated, rivals


class Clock:
    """Time that passes only while a model answers."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


CLOCK = Clock()


class Slow:
    """Takes as long as it says for an answer, plus a growing delay that is the machine's."""

    def __init__(self, took_s: float, size_bytes: int = 2**20) -> None:
        self.took_s, self.size_bytes, self.calls = took_s, size_bytes, 0

    def predict(self, inputs):
        self.calls += 1
        CLOCK.now += self.took_s * (1 + self.calls / 10)
        return [None for _ in inputs]


def test_ratio_of_two_models_is_found_while_the_machine_gets_slower(monkeypatch):
    monkeypatch.setattr(timing, "time", CLOCK)
    slow, fast = Slow(0.003, 3 * 2**20), Slow(0.001)
    costs = side_by_side(fast, slow, "probe", "cpu")
    assert (costs.ratio, costs.ratio_low, costs.ratio_high) == pytest.approx((3, 3, 3))
    assert costs.challenger_ms == pytest.approx(3 * costs.champion_ms)
    assert (costs.champion_mb, costs.challenger_mb) == (1, 3)
    assert slow.calls == fast.calls == timing.REPEATS + timing.WARM_UP


def test_calls_hold_the_lock_of_their_model():
    locks = (Lock(), Lock())

    class Asks(Slow):
        def __init__(self, lock):
            super().__init__(0.0)
            self.lock = lock

        def predict(self, inputs):
            assert self.lock.locked()
            return super().predict(inputs)

    side_by_side(Asks(locks[0]), Asks(locks[1]), "probe", "cpu", locks)
    assert not any(lock.locked() for lock in locks)


def test_interval_of_a_median_holds_it_about_as_often_as_it_says():
    draw = np.random.default_rng(0)
    found = [median_interval(draw.lognormal(0, 1, 31)) for _ in range(500)]
    assert np.mean([low <= 1.0 <= high for _, low, high in found]) >= 0.94


def test_costs_survive_storage_and_damage_is_said(tmp_path):
    assert load_costs(tmp_path) is None
    save_costs(tmp_path / "new", SAME_COSTS)
    assert load_costs(tmp_path / "new") == SAME_COSTS
    (tmp_path / "new" / timing.COSTS).write_text("{}")
    with pytest.raises(ModelRefused):
        load_costs(tmp_path / "new")


@pytest.fixture
def pair(house):
    """A champion and a challenger that was measured on other examples, the champion on these too."""
    old, new = rivals(n=400, old=1.5, new=3.0)
    first = house.staged(b"one", labels=["no", "yes"])
    save_evaluation(first, evaluated(np.arange(50) % 2, np.linspace(-1, 1, 50), "ours"))
    champion = house.registry.register("fake", first)
    house.registry.promote("fake", champion.number)
    second = house.staged(b"two", labels=["no", "yes"])
    save_evaluation(second, new)
    folder = comparison.baseline_folder(second, champion.sha256)
    save_evaluation(folder, old)
    save_costs(folder, SAME_COSTS)
    return champion, house.registry.register("fake", second), old, new


def test_the_champion_is_judged_on_the_challengers_examples(pair):
    champion, rival, old, _ = pair
    own, theirs = comparison.evaluations(champion, rival)
    assert own is not None and theirs is not None
    assert own.data == old.data and np.array_equal(own.table["scores"], old.table["scores"])
    verdict = comparison.verdict("fake", rival)
    assert verdict.result == "undecided" and verdict.checks[-1].name == "home"
    assert {check.result for check in verdict.checks[:-1]} == {"pass"}
    assert comparison.verdict("fake", rival) is verdict, "judged once"


def test_the_champions_own_frozen_test_is_asked_too(pair):
    champion, rival, *_ = pair
    own = load_evaluation(champion.path)
    save_evaluation(comparison.home_folder(rival.path, champion.sha256), own)
    verdict = comparison.verdict("fake", rival)
    assert verdict.result == "pass", [str(check.message) for check in verdict.checks]
    assert verdict.checks[-1].name == "home" and verdict.checks[-1].value == 0


def suite_of(version, wrong):
    """A suite of 60 lines stored with a version, of which so many are read wrong."""
    logit = np.where(np.arange(60) % 2 == 1, 2.0, -2.0)
    logit[:wrong] *= -1
    names = np.full(60, "negation")
    save_evaluation(version.path / "suite", evaluated(np.arange(60) % 2, logit, **{"slice.suite": names}))


def test_a_task_without_a_suite_is_not_asked_for_one(pair):
    _, rival, *_ = pair
    assert "suite" not in {check.name for check in comparison.verdict("fake", rival).checks}


@pytest.mark.parametrize(("wrong", "result"), [(4, "pass"), (5, "pass"), (6, "fail")])
def test_a_slice_of_the_suite_that_falls_stops_the_gate(pair, wrong, result):
    champion, rival, *_ = pair
    suite_of(champion, 4)
    suite_of(rival, wrong)
    verdict = comparison.verdict("fake", rival)
    (check,) = [check for check in verdict.checks if check.name == "suite"]
    assert check.result == result
    assert (verdict.result == "fail") == (result == "fail")


def test_a_suite_measured_again_for_the_comparison_comes_first(pair):
    champion, rival, *_ = pair
    suite_of(champion, 0)
    suite_of(rival, 4)
    again = replace(champion, path=comparison.baseline_folder(rival.path, champion.sha256))
    suite_of(again, 4)
    assert [check.result for check in comparison.verdict("fake", rival).checks if check.name == "suite"] == ["pass"]


def test_costs_can_be_measured_later(pair, monkeypatch):
    champion, rival, *_ = pair
    with pytest.raises(InputRefused):
        comparison.measure_costs(champion, rival)
    monkeypatch.setattr(Task, "probe", lambda self: "probe", raising=False)
    monkeypatch.setattr(Predictor, "size_bytes", 2**20)
    measured = comparison.measure_costs(champion, rival)
    assert comparison.costs(champion, rival) == measured != SAME_COSTS
    assert comparison.costs(rival, champion) is None
    comparison._measured.clear()


def test_without_evaluations_the_verdict_is_open(house):
    version = house.registry.register("fake", house.staged(b"three"))
    verdict = comparison.verdict("fake", version)
    assert verdict.result == "undecided" and "no stored evaluation" in str(verdict.checks[0].message)


def test_the_same_pictures_under_another_fingerprint_are_other_data(pair):
    *_, old, new = pair
    other = replace(old, data=replace(old.data, fingerprint="the same pictures, split otherwise"))
    verdict = judge(other, new, SAME_COSTS)
    assert verdict.result == "undecided"
    assert "it is not known which belong together" in str(verdict.checks[0].message)
