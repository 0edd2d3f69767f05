"""A version with the evaluation that views of quality are drawn from, and how a figure is written."""

from __future__ import annotations

from dataclasses import dataclass

from core.contracts import Evaluation, Metric
from core.store.versions import Version


@dataclass(frozen=True)
class Measured:
    """What every view of quality is a function of. `slug` begins the keys of its widgets."""

    slug: str
    version: Version
    evaluation: Evaluation


def interval(metric: Metric, digits: int = 3) -> str:
    """`0.912 [0.890, 0.931]`."""
    return f"{metric.value:.{digits}f} [{metric.low:.{digits}f}, {metric.high:.{digits}f}]"
