"""Forecasts of a line with an interval, and how right they would have been: a back-test with a rolling origin.

Methods: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., chapters 5 and 8; the fits are those
of statsmodels. An interval comes from a method's own errors at earlier origins, not from an assumed distribution.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from core.contracts import N_, Message
from core.errors import InputRefused
from core.market.observations import observations
from core.market.series import Series

Line = npt.NDArray[np.float64]

LEVEL: Final = 0.8
"""Nominal coverage of the intervals: with a few dozen errors nothing nearer to one can be promised."""
LEAST_POINTS: Final = 8
LEAST_ERRORS: Final = 8
"""Errors at a horizon below which it gets no interval: below that an 80 % interval would be the extremes alone."""
ORIGINS: Final = 24
"""Latest origins of the back-test."""
SEASONS: Final = {"month": 12, "quarter": 4, "year": 1}
PERIODS: Final = {"month": "M", "quarter": "Q", "year": "Y"}

METHODS: Final = {
    "naive": N_("Naive: the last figure stays"),
    "drift": N_("Drift: the mean change goes on"),
    "growth": N_("Constant growth: the mean rate goes on"),
    "seasonal_naive": N_("Seasonal naive: the same time of the last year"),
    "ets": N_("Exponential smoothing, damped trend"),
    "theta": N_("Theta"),
}
SIMPLE: Final = ("naive", "drift")
"""Stand in every table: a model that does not beat them has nothing to say."""


@dataclass(frozen=True)
class Tested:
    """How a method did in the back-test."""

    method: str
    error: float
    """Mean absolute error over all origins and horizons, in the unit of the line."""
    relative: float
    """`error` divided by that of the naive method at the same origins; below 1 is better than naive."""
    coverage: float | None
    """Share of figures inside the interval that the errors of earlier origins gave; None where there were too few."""
    covered_of: int
    """Figures that the coverage was measured on."""


@dataclass(frozen=True)
class Forecast:
    """A forecast and what speaks for and against it."""

    method: str
    """The method with the smallest error in the back-test."""
    periods: pd.PeriodIndex
    values: Line
    low: Line
    """NaN at horizons for which too few errors are known."""
    high: Line
    tested: tuple[Tested, ...]
    """All methods, the best first."""
    origins: int
    skipped: int
    """Figures before a gap, which were left out."""

    @property
    def naive_wins(self) -> bool:
        """Whether no method did better than one of the two simple ones."""
        return self.method in SIMPLE


def line_of(one: Series, entity: str, part: str = "") -> tuple[pd.Series[float], int]:
    """The line of one entity as far as its figures are complete; see `regular`.

    Raises:
        InputRefused: The licence forbids computing with the series, or no forecast can be made of it.
    """
    if not one.source.alterable:
        template = N_("The licence of this series ({licence}) lets its figures be quoted unchanged only.")
        raise InputRefused("market.unaltered", Message(template, {"licence": one.source.licence}))
    table = observations(one.id)
    table = table[(table["entity"] == entity) & (table["part"] == part)]
    if one.incomplete_from:
        table = table[table["date"].dt.year < one.incomplete_from]
    return regular(table, one.frequency)


def regular(table: pd.DataFrame, frequency: str) -> tuple[pd.Series[float], int]:
    """One line without gaps, and how many figures before its last gap were left out.

    Args:
        table: Columns `date` and `value` of one entity.
        frequency: A key of `SEASONS`; anything else is refused.

    Raises:
        InputRefused: The series has no such rhythm, or the line is too short.
    """
    if frequency not in SEASONS:
        raise InputRefused(
            "market.no_rhythm",
            Message(N_("A forecast needs figures by month, quarter or year; this series has none such.")),
        )
    periods = pd.PeriodIndex(table["date"], freq=PERIODS[frequency])
    line = pd.Series(table["value"].to_numpy(np.float64), index=periods).groupby(level=0).last().sort_index()
    steps = np.diff(line.index.astype("int64"))
    start = int(np.flatnonzero(steps != 1)[-1]) + 1 if (steps != 1).any() else 0
    kept = line.iloc[start:]
    if len(kept) < LEAST_POINTS:
        template = N_("A forecast needs at least {least} figures in a row; here are {count}.")
        raise InputRefused("market.too_short", Message(template, {"least": LEAST_POINTS, "count": len(kept)}))
    return kept, start


def forecast(line: pd.Series[float], frequency: str, horizon: int, skipped: int = 0) -> Forecast:
    """Forecast `horizon` periods by the method that did best in the back-test.

    Args:
        line: Figures without gaps, indexed by period.
        frequency: A key of `SEASONS`.
        horizon: Periods ahead, at most a third of the line.
        skipped: Figures left out before a gap, to be told.
    """
    values, season = np.asarray(line, np.float64), SEASONS[frequency]
    horizon = max(1, min(horizon, len(values) // 3))
    positive = bool((values > 0).all())
    methods = _methods(values, season, positive)
    first = max(LEAST_POINTS - 2, 2 * season if season > 1 else 4)
    origins = list(range(first, len(values)))[-ORIGINS:]
    with threadpool_limits(1):  # lines are short: more threads only wait for each other
        errors = {name: _errors(run, values, origins, horizon, positive) for name, run in methods.items()}
    tested = sorted((_tested(name, values, origins, errors, positive) for name in methods), key=lambda one: one.error)
    best = tested[0].method
    ahead = methods[best](values, horizon)
    low, high = _interval(ahead, errors[best][0], positive)
    periods = pd.period_range(line.index[-1] + 1, periods=horizon, freq=PERIODS[frequency])
    return Forecast(best, periods, ahead, low, high, tuple(tested), len(origins), skipped)


Method = Callable[[Line, int], Line]


def _methods(values: Line, season: int, positive: bool) -> dict[str, Method]:
    methods: dict[str, Method] = {"naive": _naive, "drift": _drift}
    if positive:
        methods["growth"] = _growth
    if season > 1 and len(values) >= 3 * season:
        methods["seasonal_naive"] = lambda past, ahead: np.resize(past[-season:], ahead)
    methods["ets"] = lambda past, ahead: _ets(past, ahead, season)
    methods["theta"] = lambda past, ahead: _theta(past, ahead, season)
    return methods


def _naive(past: Line, ahead: int) -> Line:
    return np.full(ahead, past[-1])


def _drift(past: Line, ahead: int) -> Line:
    slope = (past[-1] - past[0]) / (len(past) - 1)
    return np.asarray(past[-1] + slope * np.arange(1, ahead + 1), np.float64)


def _growth(past: Line, ahead: int) -> Line:
    return np.asarray(np.exp(_drift(np.log(past), ahead)))


def _ets(past: Line, ahead: int, season: int) -> Line:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    seasonal = "add" if season > 1 and len(past) >= 2 * season + 2 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on a short line the optimiser may stop early; the back-test judges the result
        model = ExponentialSmoothing(
            past, trend="add", damped_trend=True, seasonal=seasonal, seasonal_periods=season if seasonal else None
        )
        return np.asarray(model.fit().forecast(ahead), np.float64)


def _theta(past: Line, ahead: int, season: int) -> Line:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    seasonal = season > 1 and len(past) >= 2 * season + 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ThetaModel(past, period=season if seasonal else 1, deseasonalize=seasonal, method="additive")
        return np.asarray(model.fit().forecast(ahead), np.float64)


def _errors(run: Method, values: Line, origins: list[int], horizon: int, positive: bool) -> tuple[Line, Line]:
    """Errors (O, H) by origin and horizon: as used for the interval, and absolute in the unit of the line.

    The first are ratios in logarithms where all figures are positive, so that an interval of a growing line grows
    with it. NaN beyond the end of the line.
    """
    used = np.full((len(origins), horizon), np.nan)
    absolute = used.copy()
    for row, origin in enumerate(origins):
        known = values[origin : origin + horizon]
        said = run(values[:origin], horizon)[: len(known)]
        absolute[row, : len(known)] = np.abs(known - said)
        with np.errstate(divide="ignore", invalid="ignore"):
            used[row, : len(known)] = np.log(known / said) if positive else known - said
    return used, absolute


def _tested(
    name: str, values: Line, origins: list[int], errors: dict[str, tuple[Line, Line]], positive: bool
) -> Tested:
    used, absolute = errors[name]
    error, naive = float(np.nanmean(absolute)), float(np.nanmean(errors["naive"][1]))
    inside = total = 0
    for row, origin in enumerate(origins):
        for step in range(used.shape[1]):
            # What was known when the forecast was made: errors of figures that lie before its origin.
            past = [used[k, step] for k in range(row) if origins[k] + step < origin and np.isfinite(used[k, step])]
            if len(past) < LEAST_ERRORS or not np.isfinite(used[row, step]):
                continue
            low, high = _quantiles(np.asarray(past))
            inside, total = inside + bool(low <= used[row, step] <= high), total + 1
    return Tested(name, error, error / naive if naive else np.nan, inside / total if total else None, total)


def _quantiles(errors: Line) -> tuple[float, float]:
    """Bounds that hold a next error with probability `LEVEL`, were all exchangeable; a line of time is not quite so."""
    ranked = np.sort(errors)
    tail = int(np.floor((1 - LEVEL) / 2 * (len(ranked) + 1)))
    return float(ranked[max(tail - 1, 0)]), float(ranked[len(ranked) - max(tail, 1)])


def _interval(ahead: Line, used: Line, positive: bool) -> tuple[Line, Line]:
    low, high = np.full(len(ahead), np.nan), np.full(len(ahead), np.nan)
    for step in range(len(ahead)):
        known = used[:, step][np.isfinite(used[:, step])]
        if len(known) >= LEAST_ERRORS:
            below, above = _quantiles(known)
            low[step] = ahead[step] * np.exp(below) if positive else ahead[step] + below
            high[step] = ahead[step] * np.exp(above) if positive else ahead[step] + above
    return low, high
