"""Oddness has no unit: scores in [0, 1] whose middle is the limit of the run, and the limits of what is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Message, Reason
from core.tasks.anomaly_detection.memory import HeldOut
from core.training.false_alarms import promise

CORE_SLACK = 3.0
"""How much farther than the oddest held-out good part the ordinary places of an image may be from what is known."""
SOFTNESS = 0.5
"""Oddness is a logarithm: this much more is a distance 1.6 times as large."""
_REACH_MIN = 0.02


@dataclass(frozen=True)
class Scaling:
    """A rising map from oddness to scores: `centre` becomes 0.5, `SOFTNESS` above it 0.75. It never quite ends."""

    centre: float

    def score(self, oddness: NDArray[np.floating]) -> NDArray[np.float64]:
        """Scores in [0, 1] of any shape."""
        above = np.asarray(oddness, np.float64) - self.centre
        return np.asarray(0.5 + 0.5 * above / (np.abs(above) + SOFTNESS))


def image_scaling(held_out: HeldOut, rate: float) -> Scaling:
    """Scores of images, such that 0.5 is the limit for this false-alarm rate."""
    return Scaling(promise(held_out.scores.double().numpy(), rate).limit)


def map_scaling(held_out: HeldOut, rate: float) -> Scaling:
    """Values of maps, such that no more good parts than at this rate pass 0.5 anywhere."""
    return Scaling(promise(held_out.peaks.double().numpy(), rate).limit)


@dataclass(frozen=True)
class PartGuard:
    """Declines images that do not show the part at all: even their most ordinary quarter is odd."""

    middle: float
    limit: float

    def score(self, cores: NDArray[np.floating]) -> NDArray[np.float64]:
        """How unlike the part images are as a whole, (N,); 1.0 at the limit."""
        return np.clip((np.asarray(cores, np.float64) - self.middle) / (self.limit - self.middle), 0.0, None)


def fit_guard(held_out: HeldOut) -> PartGuard:
    """A guard whose limit lies `CORE_SLACK` times as far from the middle as the oddest held-out good part."""
    cores = held_out.cores.double().numpy()
    middle = float(np.median(cores))
    reach = max(float(cores.max()) - middle, 2 * float(cores.std()), _REACH_MIN)
    return PartGuard(middle, middle + CORE_SLACK * reach)


def part_reason(domain_score: float) -> Reason | None:
    """Why an image is declined, if it is."""
    if domain_score <= 1.0:
        return None
    return Reason(
        "domain.other_part",
        Message(N_("This does not look like the part that the model knows: nearly all of it is unlike good parts.")),
    )
