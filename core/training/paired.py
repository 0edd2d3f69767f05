"""Two ways to score the same rows: the difference of a metric, with an interval from resampling both together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from core.contracts import Evaluation, Metric
from core.training.metrics import Array, Statistic, mean_of, statistic_of
from core.training.quality import matched_rows, take
from core.training.ranking import METRIC
from core.training.resampling import table_bootstrap
from core.training.segmentation import has_pixels, pixel_auroc_of, pixel_f1_of, pro_of

_OF_PIXELS: Final[Mapping[str, Callable[[Mapping[str, Array]], Statistic]]] = {
    "pixel_f1": pixel_f1_of,
    "pro": pro_of,
    "pixel_auroc": pixel_auroc_of,
}
_OF_IMAGES: Final = {"image_auroc": "auroc"}
"""What inspection calls a metric, so that it is told from that of pixels -> its name elsewhere."""


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
        metric: As for `table_statistic`.
        seed: Of the bootstrap.
    """
    before, after = table_statistic(metric, old), table_statistic(metric, new)
    return table_bootstrap(new.table, lambda weights: after(weights) - before(weights), seed)


def table_statistic(metric: str, evaluation: Evaluation) -> Statistic:
    """A metric of a table as a function of how often each of its rows counts.

    Args:
        metric: As for `statistic_of`; also `image_auroc`, and `pixel_f1`, `pro` and `pixel_auroc`, which are NaN where
            the table knows no defective pixels; or one of which the table has a value for every row.
        evaluation: The table.
    """
    if metric in _OF_PIXELS:
        return _OF_PIXELS[metric](evaluation.table) if has_pixels(evaluation.table) else _undefined
    if METRIC + metric in evaluation.table:
        return mean_of(np.asarray(evaluation.table[METRIC + metric], np.float64))
    truth, decided, scores = (np.asarray(evaluation.table[name]) for name in ("truth", "prediction", "scores"))
    return statistic_of(_OF_IMAGES.get(metric, metric), truth, decided, scores)


def _undefined(weights: Array) -> Array:
    return np.full(len(weights), np.nan)
