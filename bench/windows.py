"""Window features of 1.75 million payments: ours beside pandas' and polars' rolling windows, in a process each.

The 12 published columns: count and mean amount of the customer and count and share of frauds at the terminal, in
windows of 1, 7 and 30 days. Seconds are by the clock and of CPU time (all threads together), the best of three.
Needs `VITRINE_DATA`, and polars (requirements/dev.in), which the product does not use.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from numpy.typing import NDArray

from bench.handbook_data import DELAY, payments_of, read_frame
from core.settings import ROOT
from core.tasks.fraud_detection.building import build_features

DAYS = (1, 7, 30)
NAMES = tuple(
    f"{name}_{days}d"
    for days in DAYS
    for name in ("customer_count", "customer_mean", "terminal_count", "terminal_risk")
)
Found = dict[str, NDArray[Any]]
REPEATS = 3


def with_ours(frame: pd.DataFrame) -> Callable[[], Found]:
    """Sorted once for each entity, then binary search and running sums."""
    whole = payments_of(frame)

    def compute() -> Found:
        table = build_features(whole, NAMES, DELAY)
        return {name: table.column(name) for name in NAMES}

    return compute


def with_pandas(frame: pd.DataFrame) -> Callable[[], Found]:
    """Rolling windows over time of each group, as the handbook computes them."""
    indexed = frame.set_index("time")

    def rolled(entity: str, column: str, days: int) -> tuple[NDArray[Any], NDArray[Any]]:
        order = np.argsort(frame[entity].to_numpy(), kind="stable")
        window = indexed.groupby(entity)[column].rolling(f"{days}D")
        count, total = np.empty(len(frame)), np.empty(len(frame))
        count[order], total[order] = window.count().to_numpy(), window.sum().to_numpy()
        return count, total

    def compute() -> Found:
        found: Found = {}
        late_count, late_frauds = rolled("terminal", "fraud", DELAY)
        for days in DAYS:
            count, amount = rolled("customer", "amount", days)
            found |= {f"customer_count_{days}d": count, f"customer_mean_{days}d": amount / count}
            count, frauds = rolled("terminal", "fraud", DELAY + days)
            count, frauds = count - late_count, frauds - late_frauds
            risk = np.divide(frauds, count, out=np.zeros(len(count)), where=count > 0)
            found |= {f"terminal_count_{days}d": count, f"terminal_risk_{days}d": risk}
        return found

    return compute


def with_polars(frame: pd.DataFrame) -> Callable[[], Found]:
    """Rolling windows over time within each group, all in one query on all cores."""
    import polars as pl

    table = pl.from_dict({str(name): pl.Series(frame[name].to_numpy()) for name in frame})

    def rolled(column: str, entity: str, days: int) -> pl.Expr:
        return pl.col(column).rolling_sum_by("time", window_size=f"{days}d").over(entity)

    def compute() -> Found:
        lengths = (DELAY, *(DELAY + days for days in DAYS))
        sums = table.with_columns(one=pl.lit(1, pl.Int32), fraud=pl.col("fraud").cast(pl.Int32)).select(
            *(rolled("one", "customer", days).alias(f"customer_count_{days}d") for days in DAYS),
            *(rolled("amount", "customer", days).alias(f"total_{days}") for days in DAYS),
            *(rolled("one", "terminal", days).alias(f"count_{days}") for days in lengths),
            *(rolled("fraud", "terminal", days).alias(f"frauds_{days}") for days in lengths),
        )
        counts = {days: pl.col(f"count_{DELAY + days}") - pl.col(f"count_{DELAY}") for days in DAYS}
        frauds = {days: pl.col(f"frauds_{DELAY + days}") - pl.col(f"frauds_{DELAY}") for days in DAYS}
        done = sums.select(
            *(pl.col(f"customer_count_{days}d") for days in DAYS),
            *((pl.col(f"total_{d}") / pl.col(f"customer_count_{d}d")).alias(f"customer_mean_{d}d") for d in DAYS),
            *(counts[days].alias(f"terminal_count_{days}d") for days in DAYS),
            *((frauds[days] / counts[days]).fill_nan(0).alias(f"terminal_risk_{days}d") for days in DAYS),
        )
        return {name: done[name].to_numpy() for name in NAMES}

    return compute


SIDES = {"ours": with_ours, "pandas": with_pandas, "polars": with_polars}


def measure(side: str, results: Path) -> dict[str, float]:
    """Seconds (best of a few) and the memory that one side needs beyond the table, in this process."""
    frame = read_frame()
    compute = SIDES[side](frame)
    before = psutil.Process().memory_info().rss
    seconds, worked = [], []
    for _ in range(REPEATS):
        begin, begin_cpu = time.perf_counter(), time.process_time()
        found = compute()
        seconds.append(time.perf_counter() - begin)
        worked.append(time.process_time() - begin_cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    np.save(results, np.stack([np.asarray(found[name], np.float32) for name in NAMES]))
    best = {"seconds": min(seconds), "cpu_seconds": min(worked)}
    return best | {"memory_mb": (peak - before) / 2**20, "peak_mb": peak / 2**20, "rows": len(frame)}


def main() -> dict[str, Any]:
    """Measure all sides, compare what they found, print the table and return the figures."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            command = [sys.executable, "-m", "bench.windows", "--side", side, "--results", f"{folder}/{side}.npy"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            figures[side] = json.loads(done.stdout)
        ours = np.load(f"{folder}/ours.npy")
        for side in SIDES:
            other = np.load(f"{folder}/{side}.npy")
            figures[side]["rows_that_differ"] = int(np.any(~np.isclose(ours, other, 1e-5, 1e-5), axis=0).sum())
    print(f"{'':8}{'seconds':>9}{'of CPU':>9}{'MB more':>9}{'MB peak':>9}{'rows that differ':>18}")
    for side, found in figures.items():
        shown = f"{found['seconds']:9.2f}{found['cpu_seconds']:9.2f}{found['memory_mb']:9.0f}{found['peak_mb']:9.0f}"
        print(f"{side:8}{shown}{found['rows_that_differ']:18}")
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", choices=SIDES, required=True)
    parser.add_argument("--results", type=Path, required=True)
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.side, chosen.results)))
