"""Loaded models: one per device and content, within a budget of bytes, never taken from under a running prediction."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from core.contracts import Predictor

Key = tuple[str, str]
"""Device and sha256 of the weights."""


@dataclass
class Loaded:
    """A model in memory. Hold `turn` for each batch: most models keep state while they compute."""

    key: Key
    predictor: Predictor[Any, Any]
    lock: threading.Lock = field(default_factory=threading.Lock)
    leases: int = 0

    @property
    def turn(self) -> AbstractContextManager[Any]:
        """The model's lock; nothing to wait for where it is `ThreadSafe`, so that a large table holds nobody up."""
        return nullcontext() if getattr(self.predictor, "thread_safe", False) else self.lock


class _Loading:
    """A load that others may wait for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: BaseException | None = None


class ModelPool:
    """Keeps models loaded, least recently used out first.

    A model larger than the budget, or leases that together exceed it, are allowed: what is in use stays.

    Args:
        budget_bytes: Bytes of models to keep per device.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._models: OrderedDict[Key, Loaded] = OrderedDict()
        self._loading: dict[Key, _Loading] = {}
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, key: Key, load: Callable[[], Predictor[Any, Any]]) -> Iterator[Loaded]:
        """The model `key`, kept in memory until the block ends.

        However many ask for it at once, `load` is called by one of them; when it raises, all of them get the error.
        """
        model = self._acquire(key, load)
        try:
            yield model
        finally:
            with self._lock:
                model.leases -= 1
                self._evict(key[0])

    def keys(self) -> list[Key]:
        """What is loaded, least recently used first."""
        with self._lock:
            return list(self._models)

    def size_bytes(self, device: str) -> int:
        """Bytes of the models loaded on a device."""
        with self._lock:
            return self._size(device)

    def clear(self) -> None:
        """Drop every model that is not in use."""
        with self._lock:
            for key in [key for key, model in self._models.items() if model.leases == 0]:
                del self._models[key]

    def _acquire(self, key: Key, load: Callable[[], Predictor[Any, Any]]) -> Loaded:
        while True:
            with self._lock:
                model = self._models.get(key)
                if model is not None:
                    self._models.move_to_end(key)
                    model.leases += 1
                    return model
                flight = self._loading.get(key)
                if flight is None:
                    mine = self._loading[key] = _Loading()
                    break
            flight.done.wait()
            if flight.error is not None:
                raise flight.error
        return self._load(key, load, mine)

    def _load(self, key: Key, load: Callable[[], Predictor[Any, Any]], flight: _Loading) -> Loaded:
        try:
            model = Loaded(key, load(), leases=1)
        except BaseException as error:
            flight.error = error
            with self._lock:
                del self._loading[key]
            flight.done.set()
            raise
        with self._lock:
            self._models[key] = model
            del self._loading[key]
            self._evict(key[0])
        flight.done.set()
        return model

    def _evict(self, device: str) -> None:
        for key in [key for key, model in self._models.items() if key[0] == device and model.leases == 0]:
            if self._size(device) <= self.budget_bytes:
                return
            del self._models[key]

    def _size(self, device: str) -> int:
        return sum(model.predictor.size_bytes for key, model in self._models.items() if key[0] == device)
