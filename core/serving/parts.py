"""What a model of parts promises: the limit that keeps a false-alarm rate, told beside its answers, and its speed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from core.contracts import AnomalyPrediction, ImageSample
from core.serving import timing
from core.serving.service import Chosen, choose, leased
from core.store.registry import CHAMPION
from core.store.versions import find_sector
from core.tasks import load_task
from core.training.false_alarms import Promise

OUTLINED: Final = 0.5
"""Values of a map from this one on are outlined whatever is decided; lower ones only where a part is called defective
and nothing of it reaches this."""


class _Promises(Protocol):
    def promise(self, rate: float | None = None) -> Promise: ...


def promised(slug: str, rate: float | None = None, ref: str | Chosen = CHAMPION) -> Promise:
    """The limit of a version for a false-alarm rate, in units of its scores, and what it promises.

    Args:
        slug: A sector that reads parts.
        rate: Share of good parts that may be called defective; None means the model's own.
        ref: Which version, see `Registry.resolve`, or what `choose` gave.

    Raises:
        StoreError, ModelRefused: As `core.serving.service.predict`.
    """
    chosen = ref if isinstance(ref, Chosen) else choose(slug, ref)
    with leased(load_task(find_sector(slug).task), chosen.version) as loaded:
        return cast(_Promises, loaded.predictor).promise(rate)


def judged(found: AnomalyPrediction, promise: Promise) -> AnomalyPrediction:
    """An answer as it would have been at another limit, without asking the model again.

    Args:
        found: Given at a limit of 0, so that its most unlike place is outlined at all events.
        promise: Of the version that gave it.
    """
    verdict = replace(found.verdict, threshold=float(np.nextafter(promise.limit, 1.0)))
    judged = replace(found, verdict=verdict, unsure=promise.unsure)
    if found.map_threshold < OUTLINED and judged.decision != judged.labels[1]:
        return replace(judged, map_threshold=OUTLINED, regions=())
    return judged


def timed(slug: str, sample: ImageSample, ref: str | Chosen = CHAMPION, repeats: int = 40) -> NDArray[np.float64]:
    """Milliseconds (repeats,) that a version takes for one image, from its pixels to the verdict; a few go before.

    Other visitors get their turn between two of them.

    Raises:
        StoreError, ModelRefused: As `core.serving.service.predict`.
    """
    chosen = ref if isinstance(ref, Chosen) else choose(slug, ref)
    with leased(load_task(find_sector(slug).task), chosen.version) as loaded:
        predictor: Any = loaded.predictor
        return timing.repeated(predictor, sample, repeats, loaded.turn)
