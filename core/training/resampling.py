"""Resamples of the rows of an evaluation table, or of its customers: payments of one customer are not independent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.contracts import Metric
from core.training.card_precision import by_cluster, cluster_bootstrap, clusters_of
from core.training.metrics import (
    CELLS_AT_ONCE,
    RESAMPLES,
    Array,
    Statistic,
    bootstrap,
    interval_of,
    resampled,
    resamples_for,
    share,
)

CUSTOMER = "customer"
"""Column of a table whose rows come in clusters."""


def table_bootstrap(table: Mapping[str, Array], statistic: Statistic, seed: int = 0) -> Metric:
    """`statistic` of weights (R, N) on a table, with an interval over its customers where it has any, else its rows."""
    n = len(table["truth"])
    if CUSTOMER in table:
        return cluster_bootstrap(statistic, np.asarray(table[CUSTOMER]), seed, resamples_for(n))
    return bootstrap(statistic, n, seed, resamples_for(n))


def table_draws(table: Mapping[str, Array], statistic: Statistic, seed: int = 0) -> Array:
    """Values (R,) or (R, S) of `statistic` on the resamples that `table_bootstrap` has its interval from."""
    n = len(table["truth"])
    of, count = by_cluster(statistic, np.asarray(table[CUSTOMER])) if CUSTOMER in table else (statistic, n)
    return resampled(of, count, seed, resamples_for(n))


def resampled_sums(table: Mapping[str, Array], columns: Array, seed: int = 0) -> Array:
    """Sums (R, M) of `columns` (N, M) over resamples of the table's customers where it has any, else of its rows."""
    if CUSTOMER not in table:
        n = len(columns)
        return resampled(lambda weights: weights @ columns, n, seed, resamples_for(n))
    codes = clusters_of(np.asarray(table[CUSTOMER]))
    count = int(codes.max(initial=-1)) + 1
    sums = np.stack([np.bincount(codes, column, count) for column in columns.T], axis=1)
    resamples = min(RESAMPLES, max(200, CELLS_AT_ONCE * 12 // max(count, 1)))
    return resampled(lambda weights: weights @ sums, count, seed, resamples)


def share_of(sums: Array) -> Array:
    """First half of the columns of `sums` (R, 2M) over the second half, (R, M); NaN where that is zero."""
    half = sums.shape[1] // 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[:, :half] / sums[:, half:])


def means_in(table: Mapping[str, Array], values: Array, members: Array, seed: int = 0) -> list[Metric]:
    """The mean of `values` (N,) in each of M parts of a table, given as `members` (N, M) bool, with its interval."""
    held = np.hstack([members * values[:, None], members]).astype(np.float64)
    drawn, whole = share_of(resampled_sums(table, held, seed)), share_of(held.sum(axis=0)[None])[0]
    counts = members.sum(axis=0)
    return [interval_of(float(whole[m]), drawn[:, m], int(counts[m])) for m in range(members.shape[1])]


def shares_in(table: Mapping[str, Array], right: Array, members: Array, seed: int = 0) -> list[Metric]:
    """The share of `right` (N,) bool in each of M parts of a table, given as `members` (N, M) bool.

    The interval is over customers where the table has any, else Wilson's.
    """
    if CUSTOMER not in table:
        return [share(int((right & rows).sum()), int(rows.sum())) for rows in members.T]
    codes, found = clusters_of(np.asarray(table[CUSTOMER])), means_in(table, right, members, seed)
    return [_sound(one, len(np.unique(codes[rows]))) for one, rows in zip(found, members.T, strict=True)]


def _sound(found: Metric, customers: int) -> Metric:
    """Where all rows are alike resamples say nothing of what was not seen: Wilson's interval of so many customers."""
    if 0 < found.value < 1:
        return found
    return replace(share(customers if found.value == 1 else 0, customers), n=found.n)
