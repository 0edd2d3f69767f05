"""Two models timed side by side, call by call in turn, so that whatever else the machine does slows both alike."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom

from core.contracts import N_, Predictor
from core.errors import ModelRefused
from core.training.gate import Costs

COSTS = "costs.json"
REPEATS = 31
WARM_UP = 3
"""Calls of each before the clock starts: the first ones choose kernels and touch memory for the first time."""

Lock = AbstractContextManager[Any]


def side_by_side(
    champion: Predictor[Any, Any],
    challenger: Predictor[Any, Any],
    probe: Any,
    device: str,
    locks: tuple[Lock, Lock] = (nullcontext(), nullcontext()),
) -> Costs:
    """Time single answers of both, in turn, each pair in the opposite order of the one before.

    Args:
        champion: The model in use.
        challenger: The other one.
        probe: One input of ordinary size.
        device: Where both are loaded; only named in the result.
        locks: Held during a call of the one and of the other, where somebody else may use them too.
    """
    both = ((champion, locks[0]), (challenger, locks[1]))
    for model, lock in both * WARM_UP:
        _answer_ms(model, probe, lock)
    taken = np.empty((REPEATS, 2))
    for repeat in range(REPEATS):
        for place in (0, 1) if repeat % 2 else (1, 0):
            taken[repeat, place] = _answer_ms(both[place][0], probe, both[place][1])
    ratio, low, high = median_interval(taken[:, 1] / taken[:, 0])
    first, second = np.median(taken, axis=0)
    sizes = [model.size_bytes / 2**20 for model, _ in both]
    return Costs(float(first), float(second), ratio, low, high, sizes[0], sizes[1], REPEATS, device)


def repeated(
    model: Predictor[Any, Any], probe: Any, repeats: int = REPEATS, lock: Lock | None = None
) -> np.ndarray[Any, Any]:
    """Milliseconds (repeats,) that single answers to one input take; the lock is held during each call alone."""
    held = lock or nullcontext()
    for _ in range(WARM_UP):
        _answer_ms(model, probe, held)
    return np.array([_answer_ms(model, probe, held) for _ in range(repeats)])


def _answer_ms(model: Predictor[Any, Any], probe: Any, lock: Lock) -> float:
    with lock:
        began = time.perf_counter()
        model.predict([probe])
        return (time.perf_counter() - began) * 1000


def median_interval(values: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """The median of independent values and its 95 % interval from their order, whatever their distribution."""
    ordered = np.sort(values)
    rank = max(int(binom.ppf(0.025, len(ordered), 0.5)), 1)
    return float(np.median(ordered)), float(ordered[rank - 1]), float(ordered[len(ordered) - rank])


def save_costs(folder: Path, costs: Costs) -> None:
    """Write `costs` into `folder`, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / COSTS).write_text(json.dumps(asdict(costs), indent=1) + "\n", encoding="utf-8")


def load_costs(folder: Path) -> Costs | None:
    """What `save_costs` wrote; None when there is nothing, `ModelRefused` when it is damaged."""
    if not (folder / COSTS).is_file():
        return None
    try:
        return Costs(**json.loads((folder / COSTS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ModelRefused(
            "model.costs_damaged", N_("The measured speed of this version cannot be read."), N_("Measure it again.")
        ) from error
