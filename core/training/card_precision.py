"""Card precision at k: of the k customers whom a model would have checked on a day, how many had a fraud that day.

Source: Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, chapter 4.3. Also intervals for
other metrics of the same tables: payments of one customer are not independent, so that customers are resampled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.contracts import Metric
from core.training import metrics
from core.training.metrics import RESAMPLES, Array, Statistic, bootstrap

CARDS_A_DAY = 100


def clusters_of(customer: Array) -> NDArray[np.int64]:
    """Customers (N,) numbered from 0 without gaps; a row of no known customer (-1) is a customer of its own."""
    known = customer >= 0
    codes = np.empty(len(customer), np.int64)
    different, codes[known] = np.unique(customer[known], return_inverse=True)
    codes[~known] = len(different) + np.arange(np.count_nonzero(~known))
    return codes


def cluster_bootstrap(statistic: Statistic, cluster: Array, seed: int = 0, resamples: int = RESAMPLES) -> Metric:
    """`statistic` of N rows, with a percentile interval over resamples of clusters of rows, such as customers.

    Args:
        statistic: Of weights (R, N).
        cluster: Number of the cluster of each row, (N,); -1 for a row that is a cluster of its own.
        seed: Of the bootstrap.
        resamples: How many.

    Returns:
        Its `n` counts rows.
    """
    of_clusters, count = by_cluster(statistic, cluster)
    found = bootstrap(of_clusters, count, seed, resamples)
    return Metric(found.value, found.low, found.high, len(cluster))


def by_cluster(statistic: Statistic, cluster: Array) -> tuple[Statistic, int]:
    """`statistic` of weights (R, N) of rows as one of weights (R, C) of their clusters, and the number C of those."""
    codes = clusters_of(cluster)

    def of_clusters(weights: Array) -> Array:
        pieces = max(1, len(weights) * len(codes) // metrics.CELLS_AT_ONCE)
        return np.concatenate([statistic(part[:, codes]) for part in np.array_split(weights, pieces)])

    return of_clusters, int(codes.max(initial=-1)) + 1


def card_precision_of(
    truth: Array, score: Array, customer: Array, day: Array, k: int = CARDS_A_DAY
) -> tuple[Statistic, int]:
    """Card precision at `k` as a function of how often each customer counts, and the number of customers C.

    On each day customers are ranked by their highest score of that day and the first k are checked. A customer caught
    that way is left out on later days. The value is the mean over days of caught customers / k, so that with fewer
    than k bad customers a day a perfect model stays below 1. Customers with equal scores share the last places.

    Args:
        truth: Whether each row is fraud, (N,) bool.
        score: (N,).
        customer: (N,); -1 for a row that is a customer of its own.
        day: (N,).
        k: Customers that can be checked in a day.
    """
    codes = clusters_of(customer)
    days = [_ranked_cards(truth[rows], score[rows], codes[rows]) for rows in _rows_by_day(day)]

    def statistic(weights: Array) -> Array:
        left, caught = weights.astype(np.float64), np.zeros(len(weights))
        for cards, bad, begins, group in days:
            here = left[:, cards]
            sizes = np.add.reduceat(here, begins, axis=1)
            free = k - (np.cumsum(sizes, axis=1) - sizes)
            checked = np.divide(free, sizes, out=np.zeros_like(free), where=sizes > 0).clip(0, 1)
            found = (here * checked[:, group])[:, bad]
            caught += found.sum(axis=1)
            left[:, cards[bad]] -= found
        return caught / (k * max(len(days), 1))

    return statistic, int(codes.max(initial=-1)) + 1


def card_precision_at(
    truth: Array, score: Array, customer: Array, day: Array, k: int = CARDS_A_DAY, seed: int = 0
) -> Metric:
    """Card precision at `k` (see `card_precision_of`) with an interval over resamples of customers; n counts rows."""
    statistic, customers = card_precision_of(truth, score, customer, day, k)
    found = bootstrap(statistic, customers, seed, metrics.resamples_for(len(truth)))
    return Metric(found.value, found.low, found.high, len(truth))


def _rows_by_day(day: Array) -> list[Array]:
    order = np.argsort(day, kind="stable")
    begins = np.flatnonzero(np.diff(day[order])) + 1
    return [rows for rows in np.split(order, begins) if len(rows)]


def _ranked_cards(truth: Array, score: Array, codes: Array) -> tuple[Array, Array, Array, Array]:
    """The cards of one day in falling order of their highest score.

    Returns:
        Their numbers (C,); places among them of those with a fraud (B,); where each group of equal scores begins
        (G,); the group of each (C,).
    """
    order = np.lexsort((score, codes))
    codes, score, truth = codes[order], score[order], truth[order].astype(bool)
    last = np.append(np.flatnonzero(np.diff(codes)), len(codes) - 1)
    bad = np.logical_or.reduceat(truth, np.append(0, last[:-1] + 1))
    ranked = np.argsort(-score[last], kind="stable")
    falls = np.diff(score[last][ranked]) != 0
    group = np.append(0, np.cumsum(falls))
    begins = np.append(0, np.flatnonzero(falls) + 1)
    return codes[last][ranked], np.flatnonzero(bad[ranked]), begins, group
