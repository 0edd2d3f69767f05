"""What a model of parts promises: the limit that keeps a false-alarm rate, told beside its answers."""

from __future__ import annotations

from typing import Protocol, cast

from core.serving.service import Chosen, choose, leased
from core.store.registry import CHAMPION
from core.store.versions import find_sector
from core.tasks import load_task
from core.training.false_alarms import Promise


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
