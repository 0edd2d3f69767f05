"""The test images that a model is worst at: what is kept of them for whoever looks at its mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import Evaluation
from core.data import examples
from core.data.kept_maps import KEPT_MAX, keep_maps
from core.data.surfaces import PartSet
from core.store.sealed import name_file
from core.tasks.anomaly_detection.measure import outputs_of
from core.tasks.anomaly_detection.predictor import MAP_THRESHOLD, AnomalyPredictor


def keep_worst(folder: Path, predictor: AnomalyPredictor, parts: PartSet, evaluation: Evaluation) -> None:
    """Keep maps of the defects that score lowest and the good parts that score highest.

    Args:
        folder: The checkpoint.
        predictor: It, loaded.
        parts: The images that were measured.
        evaluation: Of them, row by row.
    """
    chosen = parts.take(worst_of(evaluation))
    if not len(chosen):
        return
    masks = [mask if known else None for mask, known in zip(chosen.masks, chosen.has_mask, strict=True)]
    keep_maps(folder, chosen.ids, outputs_of(predictor, chosen)[1], masks, MAP_THRESHOLD)


def keep_pictures(folder: Path, parts: PartSet, evaluation: Evaluation) -> None:
    """Keep small pictures of the measured images, those that were judged wrong first."""
    right = np.asarray(evaluation.table["truth"] == evaluation.table["prediction"])
    order = np.argsort(right, kind="stable")
    chosen = parts.take(np.asarray(order, np.int64))
    examples.keep(folder, chosen.ids, chosen.pixels)
    name_file(folder, examples.EXAMPLES)


def worst_of(evaluation: Evaluation) -> NDArray[np.int64]:
    """Rows of the lowest defects and the highest good parts, `KEPT_MAX` in all where there are as many of both."""
    score = np.asarray(evaluation.table["scores"])[:, 1]
    defect = np.asarray(evaluation.table["truth"]) == 1
    found = []
    for rows, sign in ((np.flatnonzero(defect), 1), (np.flatnonzero(~defect), -1)):
        found.append(rows[np.argsort(sign * score[rows], kind="stable")][: KEPT_MAX // 2])
    return np.asarray(np.concatenate(found), np.int64)
