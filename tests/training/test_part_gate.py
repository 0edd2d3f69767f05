"""What the gate asks of models of parts: maps, the promise about good parts, parts that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from core.training.gate import judge
from core.training.paired import metric_change, shared
from core.training.part_gate import PART_RULES, at_alarms_of, known_parts_check, part_checks
from core.training.part_limits import Promised
from tests.training.part_tables import parts
from tests.training.tables import SAME_COSTS

PROMISED = Promised(0.1, 99)


def results(old, new, promised=PROMISED):
    return {check.name: check for check in part_checks(old, new, promised)}


@pytest.mark.slow
def test_a_better_memory_passes_without_a_word_of_calibration():
    old, new = parts(150, 150, 1.0), parts(150, 150, 3.0)
    verdict = judge(old, new, SAME_COSTS, "image_auroc", PART_RULES)
    for check in part_checks(old, new, Promised(0.2, 99)):
        verdict = verdict.and_also(check)
    assert verdict.result == "pass", [(check.name, check.result, str(check.message)) for check in verdict.checks]
    assert [check.name for check in verdict.checks] == [
        "test", "answers", "headline", "decisions", "slices", "latency", "size", "alike", "pixel_f1", "pro", "alarms"
    ]  # fmt: skip
    assert "Image AUROC changes by +0." in str(verdict.checks[2].message)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["image_auroc", "pixel_f1", "pro", "pixel_auroc"])
def test_change_of_a_metric_is_the_difference_of_both_summaries(metric):
    old, new = parts(strength=1.0), parts(strength=3.0)
    mixed = np.random.default_rng(0).permutation(80)
    turned = type(new)(**{**vars(new), "table": {name: column[mixed] for name, column in new.table.items()}})
    change = metric_change(*shared(old, turned), metric)
    assert change.value == pytest.approx(new.summary[metric].value - old.summary[metric].value)
    assert change.low <= change.value <= change.high and change.low > 0


def test_change_of_pixels_is_undefined_without_masks():
    old, new = parts(masks=False), parts(strength=3.0)
    assert np.isnan(metric_change(old, new, "pixel_f1").value)
    assert "pixel_f1" not in results(old, new), "where there is nothing to hold a map against, nothing is asked"


@pytest.mark.slow
def test_maps_that_get_worse_fail_and_chance_is_told_from_it():
    worse = results(parts(150, 150, 3.0), parts(150, 150, 1.0))
    assert worse["pixel_f1"].result == worse["pro"].result == "fail"
    assert "falls by -" in str(worse["pixel_f1"].message)
    assert results(parts(), parts())["pro"].result == "pass"


@pytest.mark.slow
def test_promise_is_held_against_alarms_on_good_test_parts():
    good = parts(good=100, limit=0.5)
    alarms = int(good.table["prediction"][:100].sum())
    found = results(parts(good=100), good, Promised(0.05, 99))["alarms"]
    assert alarms > 30 and found.result == "fail" and f"{alarms} of 100 good test parts" in str(found.message)
    assert results(parts(), parts(), Promised(0.5, 99))["alarms"].result == "pass"
    assert results(parts(), parts(), None)["alarms"].result == "undecided"


@pytest.mark.slow
def test_a_memory_that_calls_everything_defective_gains_nothing_by_it():
    everything, found = parts(100, 100, 0.0, limit=0.0), parts(100, 100, 2.0)
    alike = at_alarms_of(everything, found)
    good = found.table["truth"] == 0
    assert everything.table["prediction"].all() and not alike.table["prediction"].all()
    assert alike.table["prediction"][good].sum() == found.table["prediction"][good].sum() > 0
    own = judge(everything, found, SAME_COSTS, "image_auroc", PART_RULES)
    fair = judge(alike, found, SAME_COSTS, "image_auroc", PART_RULES)
    slices = [next(check.result for check in one.checks if check.name == "slices") for one in (own, fair)]
    assert slices == ["fail", "pass"]
    assert "At its own limit the version in use has 100." in str(results(everything, found)["alike"].message)


def test_chance_of_alarms_takes_the_doubt_about_the_limit_in():
    few, many = Promised(0.05, 19), Promised(0.05, 100_000)
    exact = float(binom.sf(9, 100, 0.05))
    assert many.chance(10, 100) == pytest.approx(exact, rel=0.02)
    assert few.chance(10, 100) > 3 * exact, "of twenty parts nobody knows the limit so well"
    draw = np.random.default_rng(0)
    held, fresh = np.sort(draw.random((4000, 19))), draw.random((4000, 100))
    alarms = (fresh > held[:, -1:]).sum(axis=1)
    assert (alarms >= 10).mean() == pytest.approx(few.chance(10, 100), abs=0.03)


def test_a_test_without_defects_leaves_it_undecided():
    found = results(None, parts(defects=0))
    assert list(found) == ["defects"] and found["defects"].result == "undecided"
    assert results(None, None) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strength", "expected", "words"),
    [(3.5, "pass", "a loss of 0.02 is allowed"), (0.0, "undecided", "replaces what that one knows: on")],
    ids=["the same part", "another part"],
)
def test_a_memory_of_another_part_is_no_failure(strength, expected, words):
    check = known_parts_check(parts(100, 100, 3.0), parts(100, 100, strength), "screws")
    assert check.result == expected and words in str(check.message)


def test_what_was_not_measured_is_said_to_be():
    check = known_parts_check(parts(), None, "screws")
    assert check.result == "undecided"
    assert "It learned from screws, the version in use from made parts." in str(check.message)
