"""The quick fix on simulated corrections: what it mends elsewhere, what it forgets, and how long it takes.

python -m bench.fixit

Two ways, five times each, by seed. First the validation images that the bundled model answers wrong are divided in
halves: one half plays the corrections, the other and the test images are only measured on, and the validation images
that are left choose the strength. Then five wrongly answered test images play what a visitor from another ward sends:
the validation images choose, and the other test images measure. Last the whole path with five pictures, timed. Works on
the kept features, so it needs no data set.
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
from scipy.stats import binomtest

from bench.features import SECTOR, stored_evaluations
from core.contracts import ImageSample
from core.intake.images import read_image
from core.serving.fixit import TOLERANCES
from core.settings import settings
from core.store.versions import bundled_version
from core.tasks.image_classification.features import Features, Floats, head_of, read_features
from core.tasks.image_classification.predictor import ImagePredictor
from core.tasks.image_classification.refit import STRENGTHS, Head, Held, Pull, choose_strength
from core.tasks.image_classification.task import TASK
from core.training.calibration import fit_temperature, scores_of
from core.training.metrics import share

SEEDS = (0, 1, 2, 3, 4)
TIMED = 5
ROUNDS = 5


@dataclass(frozen=True)
class Bundled:
    """The bundled model without its network: head, calibration, features and right answers."""

    predictor: ImagePredictor
    head: Head
    kept: Features
    truth: dict[str, np.ndarray[Any, Any]]

    def right(self, head: Head, features: Floats, truth: np.ndarray[Any, Any], temperature: float) -> Any:
        """Which images (N,) a head answers right."""
        return self.predictor.decide(scores_of(head.logits(features), temperature)) == truth


def load() -> Bundled:
    """The bundled model; ends the program when it keeps no features."""
    folder = bundled_version(SECTOR).path
    predictor, kept = ImagePredictor(folder, "cpu"), read_features(folder)
    if kept is None:
        raise SystemExit("the bundled model keeps no features: python -m bench.features --write")
    truth = {part: np.asarray(found.table["truth"]) for part, found in stored_evaluations(folder).items()}
    return Bundled(predictor, Head(*head_of(predictor.network)), kept, truth)


@dataclass(frozen=True)
class Roles:
    """Which images (rows of a split) teach, which choose, which measure."""

    source: str
    taught: np.ndarray[Any, Any]
    choosing: np.ndarray[Any, Any]
    other: np.ndarray[Any, Any]
    """Wrongly answered images of the source that do not teach."""
    measured: np.ndarray[Any, Any]
    """Test images."""


def roles(model: Bundled, seed: int, source: str) -> Roles:
    """Draw the corrections among the wrongly answered images of `source`."""
    rng = np.random.default_rng(seed)
    features, truth = getattr(model.kept, source), model.truth[source]
    wrong = np.flatnonzero(~model.right(model.head, features, truth, model.predictor.temperature))
    order = rng.permutation(wrong)
    half = len(order) // 2 if source == "validation" else TIMED
    taught, other = order[:half], order[half:]
    everything = {part: np.arange(len(model.truth[part])) for part in ("validation", "test")}
    if source == "validation":
        return Roles(source, taught, np.setdiff1d(everything["validation"], order), other, everything["test"])
    return Roles(source, taught, everything["validation"], other, np.setdiff1d(everything["test"], taught))


def simulate(model: Bundled, drawn: Roles, tolerance: float, strength: float | None = None) -> dict[str, Any]:
    """One fix and what came of it; `strength` None lets the held-out images choose by `tolerance`."""
    temperature, kept, truth = model.predictor.temperature, model.kept, model.truth
    source, answers = getattr(kept, drawn.source), truth[drawn.source]
    pull = Pull(model.head, temperature, kept.spread, source[drawn.taught], answers[drawn.taught])
    scale = temperature, model.predictor.threshold
    choosing = Held(kept.validation[drawn.choosing], truth["validation"][drawn.choosing], *scale)
    # Changed copies of wrongly answered images would tell of the half that is measured.
    usable = np.isin(kept.stressed_rows, drawn.choosing)
    stressed = Held(kept.stressed[usable], truth["validation"][kept.stressed_rows[usable]], *scale)
    if strength is None:
        chosen, head = choose_strength(pull, (choosing, stressed), tolerance)
    else:
        chosen, head = strength, pull.solve(strength)
    warmth = fit_temperature(head.logits(choosing.features), choosing.targets)
    test, targets = kept.test[drawn.measured], truth["test"][drawn.measured]
    before, after = model.right(model.head, test, targets, temperature), model.right(head, test, targets, warmth)
    fixed, broke = int((~before & after).sum()), int((before & ~after).sum())

    def now_right(rows: np.ndarray[Any, Any]) -> int:
        return int(model.right(head, source[rows], answers[rows], warmth).sum())

    return {
        "strength": chosen,
        "taught": len(drawn.taught),
        "taught_right": now_right(drawn.taught),
        "other": len(drawn.other),
        "other_right": now_right(drawn.other),
        "choosing": len(drawn.choosing),
        "choosing_right": int(model.right(head, choosing.features, choosing.targets, warmth).sum()),
        "test_before": share(int(before.sum()), len(before)).as_dict(),
        "test_after": share(int(after.sum()), len(after)).as_dict(),
        "test_fixed": fixed,
        "test_broke": broke,
        "p_value": float(binomtest(fixed, fixed + broke, 0.5).pvalue) if fixed + broke else 1.0,
    }


def timed(model: Bundled) -> dict[str, float]:
    """Seconds of the whole path with `TIMED` pictures of the page: network, fit, measuring, writing the folder."""
    folder = bundled_version(SECTOR).path
    paths = sorted((settings().assets / "samples" / SECTOR).glob("*.png"))[:TIMED]
    samples: list[ImageSample] = [read_image(path.read_bytes(), path.name) for path in paths]
    examples = [(sample, model.predictor.labels[number % 2]) for number, sample in enumerate(samples)]
    took = []
    for _ in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as home:
            began = time.perf_counter()
            TASK.refit(model.predictor, folder, examples, Path(home) / "fixed")
            took.append(time.perf_counter() - began)
    return {"corrections": len(examples), "median_s": statistics.median(took[1:]), "worst_s": max(took[1:])}


def main(arguments: Sequence[str] = ()) -> dict[str, object]:
    """Simulate, time, print and return the figures."""
    model = load()
    figures: dict[str, object] = {}
    for source in ("validation", "test"):
        print(f"\ncorrections: wrongly answered {source} images")
        print("seed strength  taught right  others right  choosing right   test right      fixed broke     p")
        drawn = [roles(model, seed, source) for seed in SEEDS]
        runs = {}
        for tolerance in TOLERANCES:
            print(f"may cost {100 * tolerance:g} % of the validation images")
            runs[f"{tolerance:g}"] = found = [simulate(model, each, tolerance) for each in drawn]
            for seed, run in zip(SEEDS, found, strict=True):
                _print(seed, run)
        sweep = {f"{strength:.3g}": [simulate(model, each, 1.0, strength) for each in drawn] for strength in STRENGTHS}
        print("mean over the seeds by strength (a look, not a choice)")
        for name, found in sweep.items():
            means = {key: statistics.mean(run[key] for run in found) for key in _COUNTS}
            print(f"{name:>8}  " + "  ".join(f"{key} {value:.1f}" for key, value in means.items()))
        figures[source] = {"by_tolerance": runs, "by_strength": sweep}
    timing = timed(model)
    print(f"\n{timing['corrections']} corrections: median {timing['median_s']:.2f} s, worst {timing['worst_s']:.2f} s")
    return figures | {"timing": timing}


_COUNTS = ("taught_right", "other_right", "choosing_right", "test_fixed", "test_broke")


def _print(seed: int, run: dict[str, Any]) -> None:
    print(
        f"{seed:4} {run['strength']:8.3g}  {run['taught_right']:3} of {run['taught']:3}    "
        f"{run['other_right']:3} of {run['other']:3}    {run['choosing_right']} of {run['choosing']}     "
        f"{run['test_before']['value']:.3f} > {run['test_after']['value']:.3f}  "
        f"{run['test_fixed']:5} {run['test_broke']:5}  {run['p_value']:.3f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
