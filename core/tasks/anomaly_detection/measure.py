"""From a predictor and inspection images to an evaluation table and its summary, and the same by type of defect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, DataInfo, Evaluation, Message, Metric
from core.data.examples import CONTENT
from core.data.images import Progress
from core.data.surface_layout import GOOD
from core.data.surfaces import PartImages, PartSet, join_parts
from core.errors import InputRefused
from core.tasks.anomaly_detection.memory import batches_of, untold
from core.tasks.anomaly_detection.predictor import LABELS, MAP_THRESHOLD, AnomalyPredictor
from core.training.false_alarms import GAVE_LIMIT
from core.training.metrics import Array, Statistic, auroc_of, bootstrap, share
from core.training.seen import with_seen
from core.training.segmentation import (
    has_pixels,
    pixel_auroc_of,
    pixel_columns,
    pixel_f1_of,
    pro_of,
    shared_thresholds,
)
from core.training.slices import PREFIX

TYPE = PREFIX + "defect"
"""Column with the type of the defect, `good` for good parts."""
MAPS_MAX = 1000
"""Maps held at one time: half a gigabyte at 384 pixels."""
AT_LIMIT = "pixels.at_limit"
"""Column with the pixels of an image that are found, missed, and called defective wrongly, (N, 3)."""
_PIXEL: Mapping[str, Callable[[Mapping[str, NDArray[Any]]], Statistic]] = {
    "pixel_f1": pixel_f1_of,
    "pro": pro_of,
    "pixel_auroc": pixel_auroc_of,
}


def outputs_of(
    predictor: AnomalyPredictor, parts: PartSet, progress: Progress = untold
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Scores (N,), maps (N, S, S), and domain scores (N,) of stored images."""
    found = []
    for batch in batches_of(parts.pixels, predictor.device):
        found.append(predictor.outputs(batch))
        progress(sum(len(each.scores) for each in found), len(parts))
    return (
        np.concatenate([each.scores for each in found]),
        np.concatenate([each.maps for each in found]),
        np.concatenate([each.domain for each in found]),
    )


def score_parts(predictor: AnomalyPredictor, parts: PartSet) -> dict[str, NDArray[Any]]:
    """Columns of an evaluation table that need no masks, one row for each image."""
    scores, _, domain = outputs_of(predictor, parts)
    return _judged(predictor, parts, scores, domain)


def measure_parts(predictor: AnomalyPredictor, parts: PartSet, progress: Progress = untold) -> dict[str, NDArray[Any]]:
    """Columns of an evaluation table, one row for each image.

    Maps are counted and let go, `MAPS_MAX` at a time. The first of them, spread evenly, give the thresholds of all.
    """
    ahead = np.linspace(0, len(parts) - 1, min(MAPS_MAX, len(parts))).astype(int)
    order = np.concatenate([ahead, np.setdiff1d(np.arange(len(parts)), ahead)])
    outlined, thresholds, tables = bool((~parts.good & parts.has_mask).any()), None, []
    for begin in range(0, len(parts), MAPS_MAX):
        some = parts.take(order[begin : begin + MAPS_MAX])
        scores, maps, domain = outputs_of(predictor, some, _part_of(progress, begin, len(parts)))
        table = _judged(predictor, some, scores, domain)
        if outlined:
            masks = [mask if known else None for mask, known in zip(some.masks, some.has_mask, strict=True)]
            thresholds = shared_thresholds(list(maps), masks) if thresholds is None else thresholds
            table |= pixel_columns(list(maps), masks, thresholds)
            table[AT_LIMIT] = np.array([_at_limit(values, mask) for values, mask in zip(maps, masks, strict=True)])
        tables.append(table)
    back = np.argsort(order)
    return {name: np.concatenate([table[name] for table in tables])[back] for name in tables[0]}


def _part_of(progress: Progress, begin: int, total: int) -> Progress:
    return lambda done, _: progress(begin + done, total)


def _judged(
    predictor: AnomalyPredictor, parts: PartSet, scores: NDArray[Any], domain: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    return columns_of(parts.ids, parts.types, scores, predictor.threshold) | {
        "abstained": domain > 1.0,
        "domain_score": domain.astype(np.float32),
        **({} if parts.contents is None else {CONTENT: parts.contents}),
    }


def columns_of(
    ids: tuple[str, ...], types: NDArray[np.str_], scores: NDArray[Any], threshold: float
) -> dict[str, NDArray[Any]]:
    """Columns of images that are known by their scores (N,) alone; none of them is declined."""
    return {
        "id": np.array(ids, dtype=np.str_),
        "truth": (types != GOOD).astype(np.int64),
        "prediction": (scores >= threshold).astype(np.int64),
        "scores": np.stack([1 - scores, scores], axis=1).astype(np.float32),
        "abstained": np.zeros(len(ids), bool),
        "domain_score": np.zeros(len(ids), np.float32),
        TYPE: np.asarray(types),
    }


def _at_limit(values: NDArray[Any], mask: NDArray[np.bool_] | None) -> tuple[int, int, int]:
    if mask is None:
        return 0, 0, 0
    called = values >= MAP_THRESHOLD
    return int((called & mask).sum()), int((~called & mask).sum()), int((called & ~mask).sum())


def _f1_at_limit_of(table: Mapping[str, NDArray[Any]]) -> Statistic:
    counts = table[AT_LIMIT].astype(np.float64)

    def statistic(weights: Array) -> Array:
        found, missed, wrong = (weights @ counts).T
        return np.asarray(2 * found / (2 * found + missed + wrong))

    return statistic


def summary_of(table: Mapping[str, NDArray[Any]], seed: int = 0, gave_limit: bool = False) -> dict[str, Metric]:
    """The metrics of an evaluation table, or of some of its rows; intervals are over images.

    pixel_f1 (the best over all limits, as published figures are), pro and pixel_auroc where masks are known;
    pixel_f1_at_limit at the limit of the outlined regions; image_auroc where there are good parts and defects;
    false_alarm_rate of the good parts and escape_rate of the defects at the threshold; declined. Where the good parts
    gave the limit themselves, nothing is said of their false alarms, and declined is that of the defects.
    """
    truth, called = np.asarray(table["truth"]) == 1, np.asarray(table["prediction"]) == 1
    n, summary = len(truth), dict[str, Metric]()
    if has_pixels(table):
        summary |= {name: bootstrap(of(table), n, seed) for name, of in _PIXEL.items()}
        summary["pixel_f1_at_limit"] = bootstrap(_f1_at_limit_of(table), n, seed)
    if truth.any() and not truth.all():
        score = np.asarray(table["scores"])[:, 1]
        summary["image_auroc"] = bootstrap(auroc_of(truth, score), n, seed)
    if not truth.all() and not gave_limit:
        summary["false_alarm_rate"] = share(int((called & ~truth).sum()), int((~truth).sum()))
    if truth.any():
        summary["escape_rate"] = share(int((~called & truth).sum()), int(truth.sum()))
    judged = np.asarray(table["abstained"])[truth if gave_limit else slice(None)]
    return summary | ({"declined": share(int(judged.sum()), len(judged))} if len(judged) else {})


def by_type(evaluation: Evaluation) -> dict[str, dict[str, Metric]]:
    """Type of defect -> its metrics, each measured with all good parts beside it."""
    table, gave_limit = evaluation.table, evaluation.data.split in GAVE_LIMIT
    types = np.asarray(table[TYPE])
    rows = {str(kind): (types == kind) | (types == GOOD) for kind in np.unique(types[types != GOOD])}
    return {
        kind: summary_of({name: column[those] for name, column in table.items()}, gave_limit=gave_limit)
        for kind, those in rows.items()
    }


def part_to_measure(predictor: AnomalyPredictor, data: PartImages) -> tuple[PartSet, str]:
    """The images that a predictor is measured on, and the name of their split.

    Raises:
        InputRefused: There are none that it has not learned from.
    """
    own = data.fingerprint == predictor.trained_on
    name = next((split for split in ("test", "validation") if split in data.splits), "train")
    nothing = InputRefused(
        "data.nothing_to_measure",
        N_("The model was made from all of these images; there is nothing left to measure it on."),
        N_("Send other images of good parts, or of defects."),
    )
    if own and name == "train":
        raise nothing
    parts = data.splits[name].take(~predictor.lessons_among(data.splits[name], own))
    if not len(parts):
        raise nothing
    return parts, name


def evaluate_part(
    predictor: AnomalyPredictor,
    data: PartImages,
    parts: PartSet,
    split: str,
    command: str,
    progress: Progress = untold,
) -> Evaluation:
    """One row per image."""
    table = measure_parts(predictor, parts, progress)
    info = DataInfo(data.name, split, len(parts), data.fingerprint)
    notices = (*data.report.notices, *data.report.warnings)
    summary = summary_of(table, gave_limit=split in GAVE_LIMIT)
    return with_few(Evaluation(LABELS, table, summary, info, predictor.seed, command, notices=notices))


def evaluate_like(predictor: AnomalyPredictor, data: PartImages, like: Evaluation, command: str) -> Evaluation:
    """One row per image of another evaluation; says which of them the predictor was made from.

    Raises:
        InputRefused: The data hold none of these images.
    """
    wanted = set(map(str, like.table["id"]))
    parts = [
        (name, found.take(rows))
        for name, found in data.splits.items()
        if (rows := np.array([image_id in wanted for image_id in found.ids])).any()
    ]
    if not parts:
        raise InputRefused(
            "data.other_examples",
            Message(N_("None of the images that were measured before is in {name}."), {"name": like.data.name}),
        )
    joined = join_parts([found for _, found in parts])
    if like.data.split in GAVE_LIMIT:  # their maps were not measured there either
        joined = replace(joined, has_mask=joined.has_mask & ~joined.good)
    own = data.fingerprint == predictor.trained_on
    taught = () if not own else ("train", "validation") if "test" in data.splits else ("train",)
    learned = np.concatenate([np.full(len(found), name in taught) & found.good for name, found in parts])
    evaluation = evaluate_part(predictor, data, joined, like.data.split, command)
    evaluation = replace(evaluation, data=replace(evaluation.data, name=like.data.name))
    return with_seen(evaluation, learned | predictor.lessons_among(joined, own))


def with_few(evaluation: Evaluation) -> Evaluation:
    """The evaluation with a notice where it holds no defect."""
    if np.asarray(evaluation.table["truth"]).any():
        return evaluation
    said = Message(N_("No defect is among these images: how well defects are found cannot be measured."))
    return replace(evaluation, notices=(*evaluation.notices, said))
