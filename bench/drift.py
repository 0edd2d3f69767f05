"""The drift alarm of the medical page: how often it is wrong, and how soon it comes.

    python -m core bench drift        or        python -m bench.drift [--pictures 4000] [--streams 2000]

Pictures of the synthetic stream are drawn once and answered by a version, undrifted and under every change and
strength. Streams are then put together from their figures: false alarms per comparison on streams that do not change,
each with a reference of its own, and comparisons until the alarm on streams that change. Intervals are Wilson's;
comparisons of one stream share pictures and a reference, so that the interval of the rate is over streams' first ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.data.drift import DRIFTS, Drift
from core.data.streams import RadiographStream, stream_of
from core.serving.service import predict
from core.serving.stream import BATCH, REFERENCE_BATCHES, WINDOW
from core.training.drift import FALSE_ALARM_RATE, OF_THE_MODEL, STATISTICS, Table, compare, statistics_of
from core.training.metrics import share

SECTOR = "medical"
STRENGTHS = (0.2, 0.4, 0.7, 1.0)
LEVELS = (0.001, FALSE_ALARM_RATE, 0.01)
MOST = 40
"""Comparisons after which a stream counts as not noticed."""
TESTS = {"model only": OF_THE_MODEL, "all five": tuple(STATISTICS)}


def answered(source: RadiographStream, first: int, count: int, drift: Drift | None, ref: str) -> tuple[Table, float]:
    """Statistics of pictures, (count, 5), and the share of them answered right."""
    shots = source.shots(11, first, count, drift)
    answers = [answer.classification for answer in predict(SECTOR, [shot.sample for shot in shots], ref)]
    right = sum(str(a.decision).casefold() == s.label.casefold() for s, a in zip(shots, answers, strict=True))
    return statistics_of([shot.sample.pixels for shot in shots], answers), right / count


def false_alarms(pool: Table, streams: int, seed: int) -> dict[str, dict[str, dict[str, float | int]]]:
    """Share of first comparisons that are false alarms, by tests and by the rate that was set."""
    rng = np.random.default_rng(seed)
    reference, window = BATCH * REFERENCE_BATCHES, BATCH * WINDOW
    smallest: dict[str, list[float]] = {name: [] for name in TESTS}
    for _ in range(streams):
        rows = rng.choice(len(pool), reference + window, replace=False)
        for name, columns in TESTS.items():
            smallest[name].append(compare(pool[rows[:reference]], pool[rows[reference:]], names=columns).p_value)
    return {
        name: {str(level): share(sum(p < level for p in found), streams).as_dict() for level in LEVELS}
        for name, found in smallest.items()
    }


def delays(clean: Table, drifted: Table, streams: int, names: Sequence[str], seed: int) -> NDArray[np.int64]:
    """Comparisons from the change to the alarm, (streams,); `MOST` where there was none."""
    rng = np.random.default_rng(seed)
    found = np.full(streams, MOST, np.int64)
    for stream in range(streams):
        reference = clean[rng.choice(len(clean), BATCH * REFERENCE_BATCHES, replace=False)]
        batches = [clean[rng.choice(len(clean), BATCH * (WINDOW - 1))], *_batches(drifted, rng)]
        for at in range(MOST):
            if compare(reference, np.concatenate(batches[at : at + WINDOW]), names=names).alarm:
                found[stream] = at + 1
                break
    return found


def _batches(pool: Table, rng: np.random.Generator) -> list[Table]:
    return [pool[rng.choice(len(pool), BATCH)] for _ in range(MOST)]


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    """Measure, print and return."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--ref", default="bundled")
    options = parser.parse_args(arguments)
    source = stream_of(SECTOR)
    if source is None:
        raise SystemExit("there is no stream: make it by python -m bench.phantoms")
    pool, right = answered(source, 0, options.pictures, None, options.ref)
    alarms = false_alarms(pool, options.streams, seed=1)
    print(f"undrifted: {right:.1%} answered right, n = {options.pictures}")
    for name, rates in alarms.items():
        for level, rate in rates.items():
            print(f"{name:<12} set {level:>6}: {rate['value']:.4f}  [{rate['low']:.4f}, {rate['high']:.4f}]")
    rows = _table(source, pool, options.ref, max(50, options.streams // 20))
    return {"pictures": options.pictures, "answered_right": right, "false_alarms": alarms, "delays": rows}


def _table(source: RadiographStream, pool: Table, ref: str, streams: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    print(
        f"\n{'change':<10}{'strength':>9}{'right':>8}   batches until the alarm: median, 90 %, never; model only | all"
    )
    for kind in DRIFTS:
        for strength in STRENGTHS:
            drifted, right = answered(source, 10**5, 256, Drift(kind, strength), ref)
            row: dict[str, object] = {"kind": kind, "strength": strength, "answered_right": right}
            for name, names in TESTS.items():
                found = delays(pool, drifted, streams, names, seed=2)
                row[name] = {
                    "median": float(np.median(found)),
                    "p90": float(np.quantile(found, 0.9)),
                    "never": share(int((found == MOST).sum()), streams).as_dict(),
                }
            rows.append(row)
            cells = " | ".join(_cell(row[name]) for name in TESTS)
            print(f"{kind:<10}{strength:>9.1f}{right:>8.1%}   {cells}", flush=True)
    return rows


def _cell(found: object) -> str:
    assert isinstance(found, dict)
    return f"{found['median']:>4.0f} {found['p90']:>4.0f} {found['never']['value']:>5.0%}"


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
