"""Answers as the JSON that scripts rely on: the same from the command line and from `/api/predict`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.catalog import sector
from core.contracts import (
    AnomalyPrediction,
    FeatureAttribution,
    ImageSample,
    Message,
    ModelRef,
    Reason,
    Refusal,
    Region,
    Sample,
    TokenAttribution,
)

if TYPE_CHECKING:
    from core.data.transactions import Transactions
    from core.serving.service import Answer
    from core.training.false_alarms import Promise


@dataclass(frozen=True)
class Answered:
    """One input and what the model said to it."""

    sample: Sample
    answer: Answer
    language: str = ""
    """Of a text: `en`, `zh`, `mixed`, `other` (another language) or `none` (no letters)."""
    size: tuple[int, int] = (0, 0)
    """Width and height of an image in pixels."""


def answered_image(sample: ImageSample, answer: Answer) -> Answered:
    """An image and what was said to it, without pixels and map: those of thousands would not fit into memory."""
    height, width = sample.pixels.shape[:2]
    found = answer.prediction
    if isinstance(found, AnomalyPrediction):
        answer = replace(answer, prediction=replace(found, anomaly_map=np.zeros((0, 0), np.float32)))
    return Answered(replace(sample, pixels=sample.pixels[:1, :1].copy()), answer, size=(width, height))


def predict_document(
    slug: str, answered: Sequence[Answered], refused: Iterable[Refusal] = (), notices: Iterable[Message] = ()
) -> dict[str, Any]:
    """Everything about one request: which model, the notice, a result per input and the inputs not taken.

    The answers are of one model; see `core.serving.service.choose`. `notices` are those of whole collections,
    such as how many files of a zip were no images.
    """
    model = answered[0].answer.model if answered else None
    return _document(slug, model, [_result(entry) for entry in answered], refused, notices)


def table_document(
    slug: str, table: Transactions | None, answer: Answer | None, refused: Iterable[Refusal] = ()
) -> dict[str, Any]:
    """The same for a table of transactions: a result per scored row, in the order of the table.

    `table` and `answer` are None when the table was refused as a whole.
    """
    if table is None or answer is None:
        return _document(slug, None, [], refused, ())
    notices = (*table.notices, *answer.decisions.notices, *answer.notices)
    rows = _row_results(table, answer)
    document = _document(slug, answer.model, rows, (*table.refused, *refused), notices)
    return document | {"threshold": answer.decisions.threshold, "latency_ms": round(answer.latency_ms, 2)}


def parts_document(
    slug: str,
    answered: Sequence[Answered],
    promised: Promise | None,
    refused: Iterable[Refusal] = (),
    notices: Iterable[Message] = (),
) -> dict[str, Any]:
    """The same for images of parts, with the limit and what it promises of false alarms.

    `promised` is None where somebody set the limit by hand, which promises nothing.
    """
    document = predict_document(slug, answered, refused, notices)
    found = answered[0].answer.single if answered else None
    threshold = found.verdict.threshold if isinstance(found, AnomalyPrediction) else None
    rate = promised.asked if promised else None
    return document | {"threshold": threshold, "false_alarm_rate": rate, "promise": _promise(promised)}


def region_documents(regions: Iterable[Region], size: tuple[int, int]) -> list[dict[str, Any]]:
    """Regions as boxes in pixels of an image of `size` (width, height), the highest score first.

    `right` and `bottom` are the first column and row after the box, as slices count.
    """
    width, height = size
    return [
        {
            "left": math.floor(region.left * width),
            "top": math.floor(region.top * height),
            "right": math.ceil(region.right * width),
            "bottom": math.ceil(region.bottom * height),
            "area": round(region.area, 6),
            "area_pixels": round(region.area * width * height),
            "score": round(region.score, 4),
        }
        for region in regions
    ]


def attribution_document(found: FeatureAttribution) -> dict[str, Any]:
    """What every feature adds to the raw score of a row, the strongest first."""
    order = sorted(range(len(found.names)), key=lambda place: -abs(float(found.contributions[place])))
    reasons = found.reasons or ("",) * len(found.names)
    return {
        "method": found.method,
        "base": found.base,
        "total": found.total,
        "residual": found.residual,
        "features": [
            {
                "name": found.names[place],
                "value": float(found.values[place]),
                "contribution": float(found.contributions[place]),
                "reason": str(reasons[place]),
            }
            for place in order
        ],
    }


def token_document(found: TokenAttribution) -> dict[str, Any]:
    """What every token adds to the log odds of a label, in reading order."""
    spans = zip(found.starts.tolist(), found.ends.tolist(), found.contributions.tolist(), strict=True)
    trust = found.faithfulness
    return {
        "method": found.method,
        "base": found.base,
        "total": found.total,
        "residual": found.residual,
        "tokens": [
            {"text": found.text[start:end], "start": start, "end": end, "contribution": added}
            for start, end, added in spans
        ],
        "faithfulness": vars(trust) | {"gain": trust.gain} if trust else None,
    }


def _document(
    slug: str,
    model: ModelRef | None,
    results: list[dict[str, Any]],
    refused: Iterable[Refusal],
    notices: Iterable[Message],
) -> dict[str, Any]:
    return {
        "sector": slug,
        "model": model.sha256 if model else None,
        "version": model.version if model else None,
        "architecture": model.architecture if model else None,
        "notice": sector(slug).notice,
        "notices": [str(notice) for notice in notices],
        "results": results,
        "refused": [
            {"input": row.name, "code": row.code, "message": str(row.message), "hint": str(row.hint)} for row in refused
        ],
    }


def _result(entry: Answered) -> dict[str, Any]:
    prediction = entry.answer.single
    scores = {label: round(float(score), 6) for label, score in zip(prediction.labels, prediction.scores, strict=True)}
    return {
        "input": entry.sample.name,
        "label": prediction.decision,
        "decision": prediction.decision,
        "scores": scores,
        "prediction_set": list(prediction.prediction_set),
        "abstained": _abstained(prediction.abstained),
        "latency_ms": round(entry.answer.latency_ms, 2),
        "notices": [str(notice) for notice in (*entry.sample.notices, *entry.answer.notices)],
        "removed_tags": list(entry.sample.removed_tags),
        **({"language": entry.language} if entry.language else {}),
        **(_part(prediction, entry.size) if isinstance(prediction, AnomalyPrediction) else {}),
    }


def _part(found: AnomalyPrediction, size: tuple[int, int]) -> dict[str, Any]:
    """What is said of a part beside what is said of any image; its score is no probability."""
    return {
        "verdict": found.outcome,
        "score": round(found.verdict.score, 6),
        "threshold": found.verdict.threshold,
        "unsure": list(found.unsure),
        "below": {"count": found.exceeded, "held_out": found.held_out},
        "regions": region_documents(found.regions, size),
    }


def _promise(found: Promise | None) -> dict[str, Any] | None:
    from core.training.false_alarms import in_words

    if found is None:
        return None
    low, high = found.likely
    return {
        "asked": found.asked,
        "promised": found.rate,
        "kept": found.kept,
        "held_out": found.held_out,
        "limit": found.limit,
        "unsure": list(found.unsure),
        "likely": [low, high],
        "words": str(in_words(found)),
    }


def _row_results(table: Transactions, answer: Answer) -> list[dict[str, Any]]:
    found = answer.decisions
    ordinary, wanted = found.labels
    abstained = _abstained(found.abstained)
    scores = [round(score, 6) for score in found.scores.tolist()]
    decided = [None if abstained else found.labels[over] for over in found.decided.astype(int).tolist()]
    return [
        {
            "input": name,
            "label": label,
            "decision": label,
            "score": score,
            "scores": {ordinary: round(1 - score, 6), wanted: score},
            "abstained": abstained,
        }
        for name, score, label in zip(table.ids[table.context :].tolist(), scores, decided, strict=True)
    ]


def _abstained(reason: Reason | None) -> dict[str, str] | None:
    return {"code": reason.code, "message": str(reason.message)} if reason else None


def finite(value: Any) -> Any:
    """`value` with null for every figure that is not finite, such as an interval of too few examples: JSON has none."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
