"""Two ways to score the same rows: the difference of a metric, with an interval from resampling both together."""

from __future__ import annotations

import numpy as np

from core.contracts import Evaluation, Metric
from core.training.metrics import Statistic, statistic_of
from core.training.quality import matched_rows, take
from core.training.resampling import table_bootstrap


def shared(champion: Evaluation, challenger: Evaluation) -> tuple[Evaluation, Evaluation]:
    """Both on the examples that both tables hold, row by row the same; their summaries stay those of all rows."""
    old, new = matched_rows(champion, challenger)
    return take(champion, old), take(challenger, new)


def metric_change(old: Evaluation, new: Evaluation, metric: str, seed: int = 0) -> Metric:
    """`metric` of `new` minus that of `old`, two tables that hold the same examples row by row.

    The same customers, or rows where there are none, are drawn for both. NaN where the metric is not defined.

    Args:
        old: To compare with.
        new: Its customers are those that are resampled.
        metric: As for `statistic_of`.
        seed: Of the bootstrap.
    """
    before, after = _statistic(metric, old), _statistic(metric, new)
    return table_bootstrap(new.table, lambda weights: after(weights) - before(weights), seed)


def _statistic(metric: str, evaluation: Evaluation) -> Statistic:
    truth, decided, scores = (np.asarray(evaluation.table[name]) for name in ("truth", "prediction", "scores"))
    return statistic_of(metric, truth, decided, scores)
