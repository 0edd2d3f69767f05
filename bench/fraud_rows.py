"""A million payments through the service, beside LightGBM's bare predict on the same features, in one run.

The service builds the window features from raw rows, scores, calibrates and looks for what is unlike the training data.
Three ratios, because they answer three questions: the model alone (what our code around LightGBM costs), with the
features (what a visitor waits for), and the features alone. Memory is the growth of the process within each call.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import psutil

from core.data.payments import PaymentWorld, simulate
from core.serving import service
from core.settings import settings
from core.store.registry import registry
from core.tasks.fraud_detection.predictor import FraudPredictor
from core.tasks.fraud_detection.trees import BoostedTrees

WORLD = PaymentWorld(customers=4_500, terminals=1_800, days=120, seed=5)
ROWS = 1_000_000
ROUNDS = 3
SLUG = "fraud"


@contextmanager
def peak_mb() -> Iterator[list[float]]:
    """The growth of this process' memory within the block, measured a hundred times a second."""
    process, over, found = psutil.Process(), threading.Event(), [0.0]
    before = process.memory_info().rss

    def watch() -> None:
        while not over.wait(0.01):
            found[0] = max(found[0], (process.memory_info().rss - before) / 2**20)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds and peak memory in MB of one call."""
    with peak_mb() as peak:
        began = time.perf_counter()
        call()
        seconds = time.perf_counter() - began
    return seconds, peak[0]


def in_turn(calls: Mapping[str, Callable[[], object]]) -> dict[str, list[tuple[float, float]]]:
    """What each call took, `ROUNDS` times, one after the other so that a busy moment meets them all."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            taken[name].append(measured(call))
    return taken


def main() -> dict[str, object]:
    """Measure, print and return rows a second of each, their ratios to the bare library, and memory."""
    table = simulate(WORLD)
    if len(table) < ROWS:
        raise ValueError(f"the simulated bank holds {len(table)} payments, fewer than {ROWS}")
    table = table.take(np.arange(ROWS))
    predictor = FraudPredictor(registry().resolve(SLUG, "bundled").path)
    trees = predictor.model.scorers["boosted_trees"]
    assert isinstance(trees, BoostedTrees)
    values = predictor.plan.build(table).values
    threads = settings().torch_threads
    calls: dict[str, Callable[[], object]] = {
        "bare": lambda: trees.booster.predict(values, num_threads=threads),
        "model": lambda: predictor.model.scores(values, "boosted_trees"),
        "features": lambda: predictor.plan.build(table),
        "service": lambda: service.predict(SLUG, [table], "bundled"),
    }
    service.predict(SLUG, [table.take(np.arange(100))], "bundled")
    taken = in_turn(calls)
    seconds = {name: statistics.median(second for second, _ in found) for name, found in taken.items()}
    n_features, n_trees = len(predictor.plan.names), trees.booster.num_trees()
    figures: dict[str, object] = {"rows": ROWS, "features": n_features, "trees": n_trees, "rounds": ROUNDS}
    figures["architecture"] = predictor.architecture
    print(f"{ROWS:,} rows, {n_features} features, {n_trees} trees")
    for name, second in seconds.items():
        ratio, memory = seconds["bare"] / second, max(peak for _, peak in taken[name])
        figures[name] = {
            "seconds": round(second, 2),
            "rows_per_s": round(ROWS / second),
            "of_bare": round(ratio, 3),
            "peak_mb": round(memory),
        }
        print(f"{name:9} {second:6.2f} s  {ROWS / second:10,.0f} rows/s  {ratio:5.2f} x bare  + {memory:5.0f} MB")
    return figures
