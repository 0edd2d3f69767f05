"""Evaluations of what a run kept apart: the good parts that gave its limit, and known defects of its own data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, DataInfo, Evaluation, Message
from core.data.surface_layout import GOOD
from core.data.surfaces import PartImages, PartSet, join_parts
from core.tasks.anomaly_detection.measure import TYPE, columns_of, score_parts, summary_of, with_few
from core.tasks.anomaly_detection.predictor import LABELS, AnomalyPredictor
from core.tasks.anomaly_detection.train import Learned
from core.training.false_alarms import HELD_OUT, STAND_IN

DEFECTS_MAX = 200
"""Known defects that are scored to choose thresholds by, spread evenly over their types."""


def held_out_evaluation(predictor: AnomalyPredictor, data: PartImages, learned: Learned, command: str) -> Evaluation:
    """What can be said of a run without test images: the held-out good parts, judged by memories without them."""
    said = Message(
        N_("There were no images to test on. These good parts gave the limit themselves, each judged without itself.")
    )
    found = _evaluated(predictor, data, learned, None)
    return with_few(replace(found, command=command, notices=(said,)))


def beside_held_out(found: Evaluation, predictor: AnomalyPredictor, data: PartImages, learned: Learned) -> Evaluation:
    """An evaluation of defects alone with the held-out good parts beside them; one that has good parts as it is.

    Without good parts nothing could be ranked. Pixel figures stay those of the defects' own images.
    """
    if not np.asarray(found.table["truth"]).all():
        return found
    good = _evaluated(predictor, data, learned, None).table
    n = len(good[TYPE])
    table = {
        name: np.concatenate([column, good.get(name, np.zeros((n, *column.shape[1:]), column.dtype))])
        for name, column in found.table.items()
    }
    said = Message(
        N_(
            "The test images hold no good parts. The {count} held-out ones stand in for them, each judged by a memory "
            "without itself; they gave the limit too, so their false alarms are no measurement."
        ),
        {"count": n},
    )
    info = replace(found.data, split=STAND_IN, n=found.data.n + n)
    summary = summary_of(table, gave_limit=True)
    return replace(found, table=table, summary=summary, data=info, notices=(*found.notices, said))


def choosing_evaluation(predictor: AnomalyPredictor, data: PartImages, learned: Learned) -> Evaluation:
    """What thresholds are chosen on: the held-out good parts, and defects of the training and validation splits.

    The memory has learned from none of these defects; nor does a second network, if there is one, change a score.
    """
    found = [part.take(~part.good) for name, part in data.splits.items() if name != "test" and not part.good.all()]
    return _evaluated(predictor, data, learned, join_parts(found) if found else None)


def _evaluated(predictor: AnomalyPredictor, data: PartImages, learned: Learned, defects: PartSet | None) -> Evaluation:
    scores = predictor.image_scaling.score(learned.held_out.scores.double().numpy())
    ids = learned.held_out_ids
    table = columns_of(ids, np.full(len(ids), GOOD), scores, predictor.threshold)
    if defects is not None:
        chosen = defects.take(_spread(defects))
        columns = score_parts(predictor, chosen)
        table = {name: np.concatenate([column, columns[name]]) for name, column in table.items()}
    info = DataInfo(data.name, HELD_OUT if defects is None else "validation", len(table[TYPE]), data.fingerprint)
    return Evaluation(LABELS, table, summary_of(table, gave_limit=True), info, predictor.seed, "")


def _spread(defects: PartSet) -> NDArray[np.int64]:
    """Places of at most `DEFECTS_MAX` defects, evenly over their types."""
    order = np.argsort(defects.types, kind="stable")
    places = np.linspace(0, len(order) - 1, min(len(order), DEFECTS_MAX)).round().astype(int)
    return np.asarray(order[places], np.int64)
