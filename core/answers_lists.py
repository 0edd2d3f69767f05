"""Lists for users as the JSON that scripts rely on: the same from the command line and from `/api/predict`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.answers import predict_document
from core.contracts import ItemReasons, RankedItem, Ranking, Refusal, UserProfile

if TYPE_CHECKING:
    from core.serving.service import Answer

CARRIERS = 5
"""Items of a user's that are named as reasons for a listed one."""


def lists_document(
    slug: str, profiles: Sequence[UserProfile], answers: Sequence[Answer], refused: Sequence[Refusal] = ()
) -> dict[str, Any]:
    """Everything about one request as plain JSON: which model, a list for each user, and profiles not taken."""
    document = predict_document(slug, (), refused)
    if answers:
        model = answers[0].model
        document |= {"model": model.sha256, "version": model.version, "architecture": model.architecture}
    return document | {"results": [_result(profile, answer) for profile, answer in paired(profiles, answers)]}


def _result(profile: UserProfile, answer: Answer) -> dict[str, Any]:
    ranking = ranking_of(answer)
    return {
        "input": profile.name,
        "origin": ranking.origin,
        "items": [_item(rank, item) for rank, item in enumerate(ranking.items, 1)],
        "unknown": list(ranking.unknown),
        "latency_ms": round(answer.latency_ms, 2),
        "notices": notices_of(answer),
    }


def _item(rank: int, item: RankedItem) -> dict[str, Any]:
    reasons = [] if item.reasons is None else reason_documents(item.reasons)
    return {
        "rank": rank,
        "item_id": item.item_id,
        "title": item.title,
        "score": round(item.score, 6),
        "origin": item.origin,
        "reasons": reasons,
    }


def reason_documents(found: ItemReasons) -> list[dict[str, Any]]:
    """The items that carry a listed one most, with their shares."""
    shares = found.shares
    order = sorted(range(len(shares)), key=lambda place: -float(shares[place]))[:CARRIERS]
    return [
        {
            "item_id": found.item_ids[place],
            "share": round(float(shares[place]), 4),
            "common": list(found.common[place]) if found.common else [],
        }
        for place in order
        if shares[place] > 0
    ]


def paired(profiles: Sequence[UserProfile], answers: Sequence[Answer]) -> Iterator[tuple[UserProfile, Answer]]:
    """Every profile and what was said to it."""
    return zip(profiles, answers, strict=True)


def ranking_of(answer: Answer) -> Ranking:
    """The list of an answer that is one."""
    if not isinstance(answer.prediction, Ranking):
        raise TypeError(f"{answer.prediction.kind}, not a list of items")
    return answer.prediction


def notices_of(answer: Answer) -> list[str]:
    """What has to be said of a list."""
    return [str(notice) for notice in (*answer.notices, *ranking_of(answer).notices)]
