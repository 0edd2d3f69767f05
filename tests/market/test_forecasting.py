"""Forecasts: what is simple wins where nothing more is known, and intervals hold what they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.errors import InputRefused
from core.market.forecasting import LEAST_POINTS, LEVEL, SIMPLE, forecast, line_of, regular
from core.market.observations import series


def walk(count: int, seed: int = 0) -> pd.Series:
    steps = np.random.default_rng(seed).normal(size=count)
    return pd.Series(100 + np.cumsum(steps), index=pd.period_range("2015-01", periods=count, freq="M"))


def test_simple_methods_are_always_in_the_table():
    made = forecast(walk(40), "year", 3)
    assert set(SIMPLE) <= {tested.method for tested in made.tested}
    assert [tested.error for tested in made.tested] == sorted(tested.error for tested in made.tested)
    naive = next(tested for tested in made.tested if tested.method == "naive")
    assert naive.relative == pytest.approx(1.0)
    assert made.naive_wins == (made.method in SIMPLE)


def test_a_straight_line_goes_on_and_beats_the_naive_forecast():
    line = pd.Series(np.arange(20.0) + 5, index=pd.period_range("2001", periods=20, freq="Y"))
    made = forecast(line, "year", 3)
    assert made.values == pytest.approx([25, 26, 27], abs=0.05)
    assert min(tested.relative for tested in made.tested) < 0.05
    assert [str(period) for period in made.periods] == ["2021", "2022", "2023"]


@pytest.mark.slow
def test_intervals_hold_about_the_share_they_promise_on_random_walks():
    inside = total = 0
    for seed in range(12):
        line = walk(60, seed)
        made = forecast(line.iloc[:56], "year", 4)
        known = line.iloc[56:].to_numpy()
        told = np.isfinite(made.low)
        inside += int(((made.low <= known) & (known <= made.high))[told].sum())
        total += int(told.sum())
    share, spread = inside / total, 3 * np.sqrt(LEVEL * (1 - LEVEL) / 12)  # the four figures of a line go together
    assert abs(share - LEVEL) < spread, (share, total)


def test_what_lies_before_a_gap_is_left_out_and_said():
    days = pd.period_range("2010Q1", periods=30, freq="Q").delete(10).to_timestamp(how="end")
    table = pd.DataFrame({"date": days, "value": np.arange(29.0) + 1})
    line, skipped = regular(table, "quarter")
    assert skipped == 10 and len(line) == 19


def test_short_lines_and_lines_without_a_rhythm_are_refused():
    table = pd.DataFrame({"date": pd.date_range("2020", periods=LEAST_POINTS - 1, freq="YS"), "value": 1.0})
    with pytest.raises(InputRefused) as short:
        regular(table, "year")
    assert short.value.code == "market.too_short"
    with pytest.raises(InputRefused) as event:
        regular(table, "event")
    assert event.value.code == "market.no_rhythm"


def test_series_that_may_not_be_altered_and_incomplete_years_are_left_alone():
    with pytest.raises(InputRefused) as refused:
        line_of(series("ai_private_investment"), "World")
    assert refused.value.code == "market.unaltered"
    line, _ = line_of(series("notable_ai_models"), "United States of America")
    assert line.index[-1].year == 2023
