"""Scores of one label against how often it was right: every row once, and enough of them in a bin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.training.score_bins import LEAST, score_bins
from tests.training.tables import evaluated


def rare(n: int = 20_000, seed: int = 0, **columns: np.ndarray):
    """Calibrated scores of a label that few examples have."""
    draw = np.random.default_rng(seed)
    logit = draw.normal(-5, 2, n)
    truth = (draw.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    return evaluated(truth, logit, **columns)


@pytest.mark.parametrize("n", [1, 29, 31, 300, 20_000])
def test_every_row_is_in_one_bin_and_bins_are_not_too_small(n: int) -> None:
    evaluation = rare(n)
    found = score_bins(evaluation, 0.33)
    assert sum(one.share.n for one in found) == n
    assert all(one.share.n >= min(LEAST, n) for one in found)
    assert (found[0].low, found[-1].high) == (0.0, 1.0)
    assert all(one.high == other.low for one, other in pairwise(found))
    scores = evaluation.table["scores"][:, 1]
    for one in found:
        held = [one.holds(float(score)) for score in scores]
        assert sum(held) == one.share.n and one.mean == pytest.approx(scores[held].mean(), abs=1e-6)


def test_rare_labels_have_bins_below_the_threshold_which_is_an_edge() -> None:
    found = score_bins(rare(), 0.33)
    assert {0.01, 0.05, 0.1, 0.33, 0.5} <= {one.low for one in found}
    held = [one.share.low <= one.mean <= one.share.high for one in found]
    assert sum(held) >= len(held) - 2, "calibrated scores: one interval in twenty misses"


def test_saying_nothing_is_not_calibrated() -> None:
    evaluation = rare()
    halved = evaluated(evaluation.table["truth"], np.log(evaluation.table["scores"][:, 1]) + 3)
    assert any(one.share.high < one.mean for one in score_bins(halved))


def test_intervals_are_over_customers_where_there_are_any() -> None:
    alone, together = rare(), rare(customer=np.arange(20_000) // 50)
    widths = [score_bins(one)[-1].share for one in (alone, together)]
    assert widths[0].value == widths[1].value and widths[0] != widths[1]


def test_a_table_without_rows_has_no_bins() -> None:
    assert score_bins(evaluated(np.zeros(0, np.int64), np.zeros(0))) == []
