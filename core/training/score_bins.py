"""How often a score for one label was right, score by score: what a score of 7 % has meant on the test examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import Evaluation, Metric
from core.training.quality import positive_of
from core.training.resampling import shares_in

EDGES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Narrow where labels are rare or common, because most scores lie there."""
LEAST = 30
"""Examples below which a bin says too little; it is joined with the one below it."""


@dataclass(frozen=True)
class ScoreBin:
    """The examples whose score for the label lies in [low, high); the last bin holds its upper edge too."""

    low: float
    high: float
    mean: float
    """Of their scores."""
    share: Metric
    """Of them, those that are of the label; `n` counts them all."""

    def holds(self, score: float) -> bool:
        """Whether a score falls into this bin."""
        return self.low <= score and (score < self.high or score == self.high == 1.0)


def score_bins(
    evaluation: Evaluation, threshold: float | None = None, target: int = 1, edges: Sequence[float] = EDGES
) -> list[ScoreBin]:
    """Scores for `target` in bins that hold `LEAST` examples at least, in rising order; empty without examples.

    Args:
        evaluation: With or without customers; the intervals are over these where there are any.
        threshold: One more edge, so that no bin holds examples of both decisions if it need not.
        target: The label.
        edges: Rising, from 0 to 1; what lies between two of them is a bin.
    """
    truth, score = positive_of(evaluation, target)
    score = np.asarray(score, np.float64)
    inner = {*edges[1:-1], *([threshold] if threshold is not None and 0 < threshold < 1 else [])}
    kept = _joined(score, (edges[0], *sorted(inner), edges[-1]))
    if len(kept) < 2:
        return []
    place = np.searchsorted(kept[1:-1], score, side="right")
    members = place[:, None] == np.arange(len(kept) - 1)
    found = shares_in(evaluation.table, truth, members, evaluation.seed)
    means = [float(score[rows].mean()) for rows in members.T]
    return [ScoreBin(*bin_) for bin_ in zip(kept[:-1], kept[1:], means, found, strict=True)]


def _joined(score: NDArray[np.float64], edges: Sequence[float]) -> list[float]:
    """Those of rising `edges` between which lie enough scores; what is left over at the bottom joins the last bin."""
    if not len(score):
        return []
    kept = [edges[-1]]
    above = 0
    for edge in reversed(edges[:-1]):
        count = int((score >= edge).sum())
        if count - above >= LEAST:
            kept.append(edge)
            above = count
    if above < len(score):
        kept = [*kept[: max(1, len(kept) - 1)], edges[0]]
    return kept[::-1]
