"""Limits of parts: what a rate comes to on a test, and which defects choose a limit by prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.training.false_alarms import STAND_IN
from core.training.money import Prices, best_threshold, worth
from core.training.part_limits import HALF_MIN, Promised, limit_figures, tables_of_prices
from tests.training.part_tables import held_out, parts


def test_a_rate_gives_the_limit_of_held_out_parts_and_is_counted_on_the_test():
    choosing, test = held_out(99), parts(good=200, defects=50)
    found = limit_figures(choosing, test, 0.05)
    score = choosing.table["scores"][:, 1]
    assert found.promise.limit == np.sort(score.astype(float))[-5]
    good = test.table["scores"][:200, 1] > found.promise.limit
    assert found.count == good.sum() and found.alarms.n == 200
    assert found.escapes.value == pytest.approx((test.table["scores"][200:, 1] <= found.promise.limit).mean())
    assert found.expected[0] <= found.count <= found.expected[1]


@pytest.mark.slow
def test_fewer_false_alarms_let_more_defects_escape():
    figures = [limit_figures(held_out(999), parts(), rate) for rate in (0.2, 0.05, 0.01, 0.001)]
    assert [one.promise.limit for one in figures] == sorted(one.promise.limit for one in figures)
    escapes = [one.escapes.value for one in figures]
    assert escapes == sorted(escapes) and escapes[0] < escapes[-1]


def test_expected_alarms_hold_those_of_tests_that_keep_the_promise():
    draw, promised = np.random.default_rng(0), Promised(0.05, 19)
    low, high = promised.expected(200)
    held, fresh = np.sort(draw.random((3000, 19))), draw.random((3000, 200))
    alarms = (fresh > held[:, -1:]).sum(axis=1)
    assert 0.94 <= ((alarms >= low) & (alarms <= high)).mean() <= 0.99


def test_parts_that_gave_the_limit_measure_nothing():
    choosing = held_out(99)
    found = limit_figures(choosing, choosing, 0.05)
    assert found.alarms.n == 0 and found.escapes.n == 0 and found.count == 0


def test_defects_of_the_training_data_choose_and_the_whole_test_measures():
    choosing, test = held_out(99, 10), parts()
    assert tables_of_prices(choosing, test) == (choosing, test)


@pytest.mark.parametrize("few", [1, HALF_MIN - 1])
def test_a_few_defects_of_the_training_data_choose_with_half_of_those_of_the_test(few):
    chooses, measures = tables_of_prices(held_out(99, few), parts(good=40, defects=20)) or (None, None)
    assert chooses is not None and measures is not None
    assert (chooses.table["truth"] == 1).sum() == few + 10 and (measures.table["truth"] == 1).sum() == 10
    assert tables_of_prices(held_out(99, few), parts(defects=2 * HALF_MIN - 1)) is None


def test_half_of_the_test_defects_choose_and_the_other_half_measures():
    choosing, test = held_out(99), parts(good=40, defects=21)
    chooses, measures = tables_of_prices(choosing, test) or (None, None)
    assert chooses is not None and measures is not None
    assert not set(chooses.table["id"]) & set(measures.table["id"])
    assert (chooses.table["truth"] == 1).sum() == 11 and (measures.table["truth"] == 1).sum() == 10
    assert (chooses.data.n, measures.data.n) == (110, 50)
    kinds = {name.split("/")[1] for name in measures.table["id"][measures.table["truth"] == 1]}
    assert kinds == {"scratch", "stain"}
    found = worth(chooses, measures, Prices(400.0, 20.0, 0.0, 10_000, 0.0, 0.01), 0.8)
    assert found.threshold == best_threshold(chooses, Prices(400.0, 20.0, 0.0, 10_000, 0.0, 0.01))


def test_good_parts_that_stand_in_for_a_test_are_parted_too():
    choosing, defects = held_out(20), parts(good=0, defects=12)
    table = {name: np.concatenate([defects.table[name], column]) for name, column in choosing.table.items()}
    test = replace(defects, table=table, data=replace(defects.data, split=STAND_IN, n=32))
    chooses, measures = tables_of_prices(choosing, test) or (None, None)
    assert chooses is not None and measures is not None
    assert not set(chooses.table["id"]) & set(measures.table["id"])
    assert [int((one.table["truth"] == 0).sum()) for one in (chooses, measures)] == [10, 10]
    assert limit_figures(choosing, test, 0.1).alarms.n == 0


@pytest.mark.parametrize("defects", [0, 2 * HALF_MIN - 1])
def test_too_few_defects_choose_nothing(defects):
    assert tables_of_prices(held_out(), parts(defects=defects)) is None
