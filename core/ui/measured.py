"""A version with the evaluation that views of quality are drawn from, and how a figure is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, ParamSpec, TypeVar, cast

from core.contracts import Evaluation, Metric
from core.store.versions import Version
from core.ui.i18n import t

SHARES: Final = ("false_alarm_rate", "escape_rate")
"""Metrics of parts that are read as shares of the images, not as scores of a model."""
Asked = ParamSpec("Asked")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Measured:
    """What every view of quality is a function of. `slug` begins the keys of its widgets."""

    slug: str
    version: Version
    evaluation: Evaluation


def interval(metric: Metric, digits: int = 3) -> str:
    """`0.912 [0.890, 0.931]`."""
    return f"{metric.value:.{digits}f} [{metric.low:.{digits}f}, {metric.high:.{digits}f}]"


def figure_of(name: str, metric: Metric, digits: int = 3) -> str:
    """As `interval`; shares of images in percent: `1.2 % [0.3, 4.1]`."""
    if name not in SHARES:
        return interval(metric, digits)
    low, high = outward(metric.low, metric.high)
    return f"{100 * metric.value:.1f} % [{low:.1f}, {high:.1f}]"


def outward(low: float, high: float) -> tuple[float, float]:
    """Ends of an interval of shares in percent with one decimal, rounded away from each other.

    To the nearest, the interval of 20,000 out of 20,000 would begin where it ends, as if there were no doubt.
    """
    return math.floor(round(1000 * low, 6)) / 10, math.ceil(round(1000 * high, 6)) / 10


def time_taken(seconds: float) -> str:
    """`12.3 s`, and in words what would be none."""
    return t("{seconds:.1f} s", seconds=seconds) if seconds >= 0.1 else t("less than 0.1 s")


def once(compute: Callable[Asked, Found], *arguments: Asked.args, **_none: Asked.kwargs) -> Found:
    """What `compute` makes of its arguments, kept for all visitors: intervals take long, and evaluations do not change.

    Args:
        compute: A pure function at the top of a module.
        arguments: Evaluations, which are told apart by identity, and hashable values.
    """
    return cast(Found, _once(compute, tuple(_Same(one) if isinstance(one, Evaluation) else one for one in arguments)))


class _Same:
    """An evaluation as a key."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.evaluation is other.evaluation

    def __hash__(self) -> int:
        return id(self.evaluation)


@lru_cache(maxsize=128)
def _once(compute: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return compute(*(one.evaluation if isinstance(one, _Same) else one for one in arguments))
