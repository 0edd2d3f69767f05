"""How image AUROC, false alarms and escapes change when the test images are taken otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import DataInfo, RunContext
from core.data.surfaces import PartImages, PartSet
from core.tasks.anomaly_detection.measure import part_to_measure, score_parts, summary_of
from core.tasks.anomaly_detection.predictor import AnomalyPredictor
from core.training.robustness import AS_TAKEN, DISTURBANCES, Disturbed, Robustness, disturb
from core.training.run import stoppable

IMAGES = 60
"""Test images that are looked at under each disturbance, half of them good where there are as many."""
OF_EACH_MIN = 4
"""Good test images, and defective ones, below which nothing is measured."""


def robustness(predictor: AnomalyPredictor, parts: PartSet, data: DataInfo, run: RunContext) -> Robustness:
    """Figures of the same images as taken and under every disturbance.

    Args:
        predictor: The model.
        parts: Good and defective images that it has not learned from; `chosen_of` bounds their number.
        data: Where they are from.
        run: Told how far it is; stops it.

    Raises:
        RunCancelled: Somebody asked for it to stop.
    """
    conditions = {AS_TAKEN: 0.0, **DISTURBANCES}
    progress = stoppable(run)
    rows = []
    for done, (name, strength) in enumerate(conditions.items()):
        progress(done * len(parts), len(conditions) * len(parts))
        changed = [disturb(pixels, name, strength, 1 - 2 * (place % 2)) for place, pixels in enumerate(parts.pixels)]
        found = summary_of(score_parts(predictor, replace(parts, pixels=np.stack(changed))), predictor.seed)
        rows.append(Disturbed(name, strength, found, len(parts)))
    progress(len(conditions) * len(parts), len(conditions) * len(parts))
    return Robustness(tuple(rows), replace(data, n=len(parts)), predictor.seed)


def measure_robustness(predictor: AnomalyPredictor, parts: PartImages, run: RunContext) -> Robustness | None:
    """`robustness` on some of the test images of a data set; None where it has too few good or defective ones."""
    if "test" not in parts.splits:
        return None
    tested, split = part_to_measure(predictor, parts)
    chosen = chosen_of(tested)
    if not len(chosen):
        return None
    run.stage("robustness")
    return robustness(predictor, tested.take(chosen), DataInfo(parts.name, split, 0, parts.fingerprint), run)


def chosen_of(parts: PartSet) -> NDArray[np.int64]:
    """Places of at most `IMAGES` images, good and defective ones by halves, spread evenly over types; or of none."""
    good, bad = np.flatnonzero(parts.good), np.flatnonzero(~parts.good)
    if min(len(good), len(bad)) < OF_EACH_MIN:
        return np.zeros(0, np.int64)
    bad = bad[np.argsort(parts.types[bad], kind="stable")]
    half = IMAGES // 2
    of_good = min(len(good), max(half, IMAGES - len(bad)))
    of_bad = min(len(bad), IMAGES - of_good)
    return np.concatenate([_spread(good, of_good), _spread(bad, of_bad)])


def _spread(places: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.asarray(places[np.linspace(0, len(places) - 1, count).round().astype(int)], np.int64)
