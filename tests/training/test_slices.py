"""Parts of the examples: worst first, with honest intervals and a correction for looking at many."""

import numpy as np
import pytest

from core.training.slices import changes, holm, slices_of, worst_slices
from tests.training.tables import evaluated, latent, rivals


def parted(n: int = 900, hard: float = 0.0):
    """Three sources; in `b` the evidence is weaker by `hard`."""
    truth, _, draw = latent(n, seed=3)
    source = np.array(["a", "b", "c"])[np.arange(n) % 3]
    logit = (2 * truth - 1) * np.where(source == "b", 1.5 - hard, 1.5) + draw.normal(size=n)
    return evaluated(truth, logit, **{"slice.source": source, "slice.colour": np.full(n, "grey")})


def test_every_row_is_in_one_part_of_each_way_and_ways_with_one_part_are_left_out():
    found = list(slices_of(parted()))
    assert {name for name, _, _ in found} == {"label", "source"}
    for way in ("label", "source"):
        assert np.sum([rows for name, _, rows in found if name == way], axis=0).tolist() == [1] * 900


def test_hard_part_comes_first_and_is_more_than_chance():
    first, *others = worst_slices(parted(hard=1.2))
    assert (first.name, first.value) == ("source", "b")
    assert first.gap.high < 0 and first.p_value < 0.05 and not first.small
    assert first.metric.value == pytest.approx(
        first.gap.value + np.mean(parted(hard=1.2).table["truth"] == parted(hard=1.2).table["prediction"])
    )
    assert [part.gap.value for part in others] == sorted(part.gap.value for part in others)


def test_ranking_metric_leaves_out_parts_with_one_class():
    found = worst_slices(parted(hard=1.2), "auroc")
    assert {part.name for part in found} == {"source"}
    assert found[0].value == "b" and found[0].gap.high < 0


@pytest.mark.slow
def test_interval_of_a_gap_holds_the_truth_about_as_often_as_it_says():
    held = []
    for seed in range(60):
        truth, _, draw = latent(600, seed)
        part = np.array(["a", "b"])[np.arange(600) % 2]
        # Right with 90 % in a and 80 % in b: the gap of b to the whole is -5 points.
        right = draw.random(600) < np.where(part == "a", 0.9, 0.8)
        table = evaluated(truth, np.where(right, 1.0, -1.0) * (2 * truth - 1), **{"slice.source": part})
        gap = next(one.gap for one in worst_slices(table) if one.value == "b")
        held.append(gap.low <= -0.05 <= gap.high)
    assert np.mean(held) >= 0.9


@pytest.mark.slow
def test_looking_at_many_parts_of_an_even_table_rarely_finds_one():
    alarms = 0
    for seed in range(40):
        truth, _, draw = latent(400, seed)
        ways = {f"slice.way{k}": np.array(["x", "y"])[draw.integers(0, 2, 400)] for k in range(8)}
        right = np.where(draw.random(400) < 0.85, 1.0, -1.0)
        found = worst_slices(evaluated(truth, right * (2 * truth - 1), **ways))
        alarms += any(part.p_value < 0.05 for part in found)
    assert alarms <= 6


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_changes_count_what_was_fixed_and_broken_in_every_part():
    champion, challenger = rivals(n=500, old=1.0, new=2.5, **{"slice.source": np.array(["a", "b"])[np.arange(500) % 2]})
    found = changes(champion, challenger)
    was, now = (one.table["truth"] == one.table["prediction"] for one in (champion, challenger))
    sources = [part for part in found if part.name == "source"]
    assert sum(part.fixed for part in sources) == int((~was & now).sum())
    assert sum(part.broke for part in sources) == int((was & ~now).sum())
    assert all(part.p_value > 0.5 for part in found), "nothing got worse"


def test_a_table_without_right_and_wrong_labels_has_no_parts():
    assert worst_slices(evaluated(np.ones(50, np.int64), np.linspace(-1, 1, 50))) == []
