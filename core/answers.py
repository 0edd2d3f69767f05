"""Answers as the JSON that scripts rely on: the same from the command line and from `/api/predict`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.catalog import sector
from core.contracts import ImageSample, Message, Refusal

if TYPE_CHECKING:
    from core.serving.service import Answer


@dataclass(frozen=True)
class Answered:
    """One input and what the model said to it."""

    sample: ImageSample
    answer: Answer


def predict_document(
    slug: str, answered: Sequence[Answered], refused: Iterable[Refusal] = (), notices: Iterable[Message] = ()
) -> dict[str, Any]:
    """Everything about one request: which model, the notice, a result per input and the inputs not taken.

    The answers are of one model; see `core.serving.service.choose`. `notices` are those of whole collections,
    such as how many files of a zip were no images.
    """
    model = answered[0].answer.model if answered else None
    return {
        "sector": slug,
        "model": model.sha256 if model else None,
        "version": model.version if model else None,
        "architecture": model.architecture if model else None,
        "notice": sector(slug).notice,
        "notices": [str(notice) for notice in notices],
        "results": [_result(entry) for entry in answered],
        "refused": [
            {"input": row.name, "code": row.code, "message": str(row.message), "hint": str(row.hint)} for row in refused
        ],
    }


def _result(entry: Answered) -> dict[str, Any]:
    prediction = entry.answer.single
    scores = {label: round(float(score), 6) for label, score in zip(prediction.labels, prediction.scores, strict=True)}
    reason = prediction.abstained
    return {
        "input": entry.sample.name,
        "label": prediction.decision,
        "decision": prediction.decision,
        "scores": scores,
        "prediction_set": list(prediction.prediction_set),
        "abstained": {"code": reason.code, "message": str(reason.message)} if reason else None,
        "latency_ms": round(entry.answer.latency_ms, 2),
        "notices": [str(notice) for notice in (*entry.sample.notices, *entry.answer.notices)],
        "removed_tags": list(entry.sample.removed_tags),
    }


def finite(value: Any) -> Any:
    """`value` with null for every figure that is not finite, such as an interval of too few examples: JSON has none."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
