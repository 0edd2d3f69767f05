"""Does a stream still look like the data a model is used to? Two-sample tests with a false-alarm rate that is set.

Five figures are taken of every picture: two say how the model takes it, three how it was taken. Each is compared with
a reference window by the Kolmogorov-Smirnov test, and the five p-values are corrected by Holm's method, so that the
chance of any alarm on a stream that has not changed stays below the rate that was asked for.

Sources: Rabanser, Günnemann and Lipton, Failing Loudly, NeurIPS 2019, arXiv:1810.11953 (univariate tests, corrected,
beat most others); Holm, Scandinavian Journal of Statistics 6(2), 1979.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from core.contracts import N_, Classification

Table = NDArray[np.float64]

FALSE_ALARM_RATE: Final = 0.005
"""Alarms per test on a stream that has not changed."""

STATISTICS: Final[dict[str, str]] = {
    "domain_score": N_("distance from the training images"),
    "top_score": N_("how sure the model is"),
    "brightness": N_("brightness"),
    "contrast": N_("contrast"),
    "sharpness": N_("sharpness and grain"),
}
"""Name -> what it is for a visitor; the columns of a table of statistics, in this order."""
OF_THE_MODEL: Final = ("domain_score", "top_score")


@dataclass(frozen=True)
class DriftTest:
    """What one comparison found: corrected p-values by statistic, and whether that is an alarm."""

    p_values: Mapping[str, float]
    false_alarm_rate: float

    @property
    def p_value(self) -> float:
        """The smallest corrected p-value."""
        return min(self.p_values.values())

    @property
    def alarm(self) -> bool:
        """Whether the stream differs from the reference."""
        return self.p_value < self.false_alarm_rate

    @property
    def moved(self) -> tuple[str, ...]:
        """The statistics that differ, the clearest first."""
        found = sorted(self.p_values, key=self.p_values.__getitem__)
        return tuple(name for name in found if self.p_values[name] < self.false_alarm_rate)


def statistics_of(pixels: Sequence[NDArray[np.uint8]], answers: Sequence[Classification]) -> Table:
    """One row per picture (H, W, 3) and its answer, one column per entry of `STATISTICS`."""
    rows = []
    for picture, answer in zip(pixels, answers, strict=True):
        grey = picture[..., 1].astype(np.float32)
        edges = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
        rows.append((answer.domain_score, float(answer.scores.max()), grey.mean(), grey.std(), edges))
    return np.array(rows, np.float64).reshape(-1, len(STATISTICS))


def compare(
    reference: Table,
    window: Table,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    names: Sequence[str] = tuple(STATISTICS),
) -> DriftTest:
    """Test a window of the stream against the reference.

    Args:
        reference: Statistics of undrifted pictures, (M, 5).
        window: Statistics of the latest pictures, (N, 5).
        false_alarm_rate: Chance of an alarm when both are from the same stream.
        names: Which statistics are tested.
    """
    columns = [list(STATISTICS).index(name) for name in names]
    found = np.array([float(ks_2samp(reference[:, at], window[:, at]).pvalue) for at in columns])
    corrected = holm(found)
    return DriftTest(dict(zip(names, corrected.tolist(), strict=True)), false_alarm_rate)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's adjusted p-values, (K,): those below a level are rejected with the family's error at that level."""
    order = np.argsort(p_values)
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted
