"""The quick fix of texts on simulated corrections: what it mends elsewhere, what it changes, and how long it takes.

python -m bench.text_fixit

Five texts of one source that the bundled model answers wrong play the corrections of a visitor; ten draws for each of
the four sources. First they are drawn from the kept validation texts: those that are left choose how far the weights
move, the other wrongly answered ones of the source tell what is mended besides, the kept test texts measure. Then they
are drawn from the test texts, the other test texts measure, and all validation texts choose. Last the whole path with
five texts of the page, timed. Works on what is kept with the model, so it needs no data set.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import TextSample
from core.data.sentiment_samples import SAMPLES
from core.serving.fixit import TOLERANCES
from core.store.versions import bundled_version
from core.tasks.text_classification.held_out import HeldPart, Occurrences, read_held_out
from core.tasks.text_classification.ngram_predictor import NgramPredictor
from core.tasks.text_classification.refit import Pull, Seen, choose_strength, look_again, moved_log_odds
from core.tasks.text_classification.task import TASK
from core.training.evaluation import VALIDATION, load_evaluation

SECTOR = "sentiment"
SEEDS = range(10)
TAUGHT = 5
ROUNDS = 5

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Kept:
    """Texts of a part as the table sees them, with their sources and languages; arrays (N,)."""

    seen: Seen
    sources: NDArray[np.str_]
    languages: NDArray[np.str_]

    def take(self, rows: Rows) -> Kept:
        """Some of the texts, by their places."""
        found = self.seen.found
        pieces = np.split(found.buckets, np.cumsum(found.counts)[:-1])
        buckets = np.concatenate([np.zeros(0, np.int64), *(pieces[row] for row in rows)])
        seen = Seen(
            Occurrences(buckets, found.counts[rows]),
            self.seen.log_odds[rows],
            self.seen.factors[rows],
            self.seen.targets[rows],
        )
        return Kept(seen, self.sources[rows], self.languages[rows])

    @property
    def wrong(self) -> Rows:
        """Places of the texts that are answered wrong."""
        return np.flatnonzero(~_right(self.seen, self.seen.log_odds))


def _right(seen: Seen, log_odds: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((log_odds >= 0) == (seen.targets == 1))


def load() -> tuple[NgramPredictor, dict[str, Kept]]:
    """The bundled model with its kept texts; ends the program when it keeps none."""
    folder = bundled_version(SECTOR).path
    predictor, held = NgramPredictor(folder), read_held_out(folder)
    if held is None:
        raise SystemExit("the bundled model keeps nothing of its texts")
    return predictor, {
        "test": _kept(predictor, folder, held.test),
        "validation": _kept(predictor, folder / VALIDATION, held.validation),
    }


def _kept(predictor: NgramPredictor, folder: Path, part: HeldPart) -> Kept:
    stored = load_evaluation(folder)
    if stored is None:
        raise SystemExit("the bundled model was not measured")
    table = {name: np.asarray(stored.table[name])[part.rows] for name in ("truth", "slice.category")}
    return Kept(look_again(predictor.model, part, table["truth"]), table["slice.category"], part.languages)


def simulate(predictor: NgramPredictor, kept: dict[str, Kept], drawn: tuple[str, str, int], tolerance: float) -> Any:
    """One fix and what came of it; `drawn` is the part and the source of the corrections, and the seed."""
    part, source, seed = drawn
    pool = kept[part]
    wrong = pool.wrong[pool.sources[pool.wrong] == source]
    order = np.random.default_rng(seed).permutation(wrong)
    taught, other = pool.take(order[:TAUGHT]), pool.take(order[TAUGHT:])
    rest = {name: each for name, each in kept.items() if name != part}
    rest[part] = pool.take(np.setdiff1d(np.arange(len(pool.sources)), order[:TAUGHT]))
    choosing, measured = rest["validation"], rest["test"]
    pull = Pull(predictor.model, taught.seen, choosing.seen)
    strength, moved = choose_strength(pull, choosing.seen, choosing.languages, 0.0, tolerance)

    def now(group: Kept) -> NDArray[np.bool_]:
        return _right(group.seen, moved_log_odds(group.seen, predictor.model, moved))

    before, after = _right(measured.seen, measured.seen.log_odds), now(measured)
    return {
        "strength": strength,
        "taught_right": int(now(taught).sum()),
        "other": len(other.sources),
        "other_right": int(now(other).sum()),
        "measured": len(before),
        "test_fixed": int((~before & after).sum()),
        "test_broke": int((before & ~after).sum()),
    }


def timed(predictor: NgramPredictor) -> dict[str, float]:
    """Seconds of the whole path with `TAUGHT` texts of the page: fit, measuring, writing the folder."""
    folder = bundled_version(SECTOR).path
    examples = [(TextSample("", sample.text, ""), "negative") for sample in SAMPLES[:TAUGHT]]
    took, worked = [], []
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as home:
            began, used = time.perf_counter(), time.process_time()
            TASK.refit(predictor, folder, examples, Path(home) / "fixed")
            took.append(time.perf_counter() - began)
            worked.append(time.process_time() - used)
    figures = {"median_s": took, "worst_s": took, "median_processor_s": worked}
    return {"corrections": len(examples)} | {
        name: (max if name == "worst_s" else statistics.median)(values[1:]) for name, values in figures.items()
    }


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    """Simulate, time, print and return the figures."""
    predictor, kept = load()
    runs = {
        f"{part} {source} {tolerance:g}": [simulate(predictor, kept, (part, source, seed), tolerance) for seed in SEEDS]
        for part in ("validation", "test")
        for source in map(str, np.unique(kept[part].sources))
        for tolerance in TOLERANCES
    }
    print("five wrongly answered texts of one source; means over ten draws, which share their test texts")
    print("part, source, what it may cost          taught right   others right   test texts fixed   broke")
    for name, found in runs.items():
        mean = {key: statistics.mean(run[key] for run in found) for key in found[0]}
        print(
            f"{name:42} {mean['taught_right']:3.1f} of {TAUGHT}     {mean['other_right']:4.1f} of {mean['other']:3.0f}"
            f"        {mean['test_fixed']:4.1f}          {mean['test_broke']:4.1f}"
        )
    timing = timed(predictor)
    print(
        f"\n{timing['corrections']} corrections: median {timing['median_s']:.2f} s "
        f"({timing['median_processor_s']:.2f} s of one processor), worst {timing['worst_s']:.2f} s"
    )
    return {"kept": {name: len(part.sources) for name, part in kept.items()}, "runs": runs, "timing": timing}


if __name__ == "__main__":
    main(sys.argv[1:])
