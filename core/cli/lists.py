"""Users asked about from the command line: a profile as JSON, given there or in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from core.answers import finite, predict_document
from core.cli.asked import Asked, Said, out_file, unwritable
from core.contracts import ItemReasons, RankedItem, Ranking, Refusal, UserProfile
from core.errors import InputRefused
from core.intake.exports import csv_bytes

if TYPE_CHECKING:
    from core.serving.service import Answer

_HEADER = ("input", "rank", "item_id", "title", "score", "origin", "version", "notice")
_CARRIERS = 5
"""Items of a user's that are named as reasons for a listed one."""


def predict(asked: Asked, refused: list[Refusal]) -> Said:
    """A list for each profile, in words a line for each item; with `out` also as CSV."""
    from core.serving import service

    asked.refuse(coverage=asked.coverage is not None, threshold=asked.threshold is not None)
    slug, out = asked.sector.slug, asked.out and out_file(asked.out, [".csv"])
    profiles = list(_profiles(asked, refused))
    answers = service.predict(slug, profiles, service.choose(slug, asked.model)) if profiles else []
    if out is not None:
        try:
            out.write_bytes(csv_bytes(_rows(profiles, answers, asked.sector.notice)))
        except OSError as error:
            raise unwritable(out, error) from None
    notices = [f"{profile.name}: {notice}" for profile, answer in _pairs(profiles, answers) for notice in _said(answer)]
    return Said(
        partial(lists_document, slug, profiles, answers, refused),
        _words(profiles, answers, asked.sector.notice),
        notices,
        len(answers),
    )


def explain(asked: Asked, *, method: str, target: str, row: str) -> tuple[dict[str, Any], str]:
    """Write what every item of a user's adds to the score of the item `target`, as JSON."""
    from core.serving import service

    asked.refuse(row=row)
    if not target:
        raise typer.BadParameter("--target is needed: the id of the item to explain")
    out = out_file(asked.out or Path(), [".json"])
    refused: list[Refusal] = []
    profiles = list(_profiles(asked, refused))
    if not profiles:
        raise InputRefused(refused[0].code, refused[0].message, refused[0].hint)
    found = service.explain(
        asked.sector.slug, profiles[0], target, method, service.choose(asked.sector.slug, asked.model)
    )
    if not isinstance(found, ItemReasons):
        raise TypeError(f"{found.kind}, not what items add")
    body = {
        "input": profiles[0].name,
        "target": found.target,
        "method": found.method,
        "exact": found.exact,
        "total": found.total,
        "residual": found.residual,
        "items": [
            {"item_id": name, "contribution": float(added), "share": round(float(share), 4)}
            for name, added, share in zip(found.item_ids, found.contributions, found.shares, strict=True)
        ],
        "out": str(out),
        "notice": asked.sector.notice,
    }
    try:
        out.write_text(json.dumps(finite(body), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(out, error) from None
    carriers = [f"{entry['share']:.0%}  {entry['item_id']}" for entry in _reasons(found)]
    return body, "\n".join([f"{out}: {found.method} for {found.target}", *carriers])


def lists_document(
    slug: str, profiles: Sequence[UserProfile], answers: Sequence[Answer], refused: Sequence[Refusal] = ()
) -> dict[str, Any]:
    """Everything about one request as plain JSON: which model, a list for each user, and profiles not taken."""
    document = predict_document(slug, (), refused)
    if answers:
        model = answers[0].model
        document |= {"model": model.sha256, "version": model.version, "architecture": model.architecture}
    return document | {"results": [_result(profile, answer) for profile, answer in _pairs(profiles, answers)]}


def _profiles(asked: Asked, refused: list[Refusal]) -> Iterator[UserProfile]:
    """All profiles that were asked about; what cannot be read is added to the list."""
    from core.intake.profiles import read_profile

    several = len(asked.texts) > 1
    given: list[tuple[str, str | bytes]] = [
        (f"profile {number}" if several else "profile", text) for number, text in enumerate(asked.texts, 1)
    ]
    for path in asked.paths:
        if not path.is_file():
            raise typer.BadParameter(f"{path} is no file: a profile is one JSON object")
        given.append((path.name, path.read_bytes()))
    for name, text in given:
        try:
            yield read_profile(text, name)
        except InputRefused as error:
            refused.append(error.refusal(name))


def _pairs(profiles: Sequence[UserProfile], answers: Sequence[Answer]) -> Iterator[tuple[UserProfile, Answer]]:
    return zip(profiles, answers, strict=True)


def _ranking(answer: Answer) -> Ranking:
    if not isinstance(answer.prediction, Ranking):
        raise TypeError(f"{answer.prediction.kind}, not a list of items")
    return answer.prediction


def _said(answer: Answer) -> list[str]:
    return [str(notice) for notice in (*answer.notices, *_ranking(answer).notices)]


def _result(profile: UserProfile, answer: Answer) -> dict[str, Any]:
    ranking = _ranking(answer)
    return {
        "input": profile.name,
        "origin": ranking.origin,
        "items": [_item(rank, item) for rank, item in enumerate(ranking.items, 1)],
        "unknown": list(ranking.unknown),
        "latency_ms": round(answer.latency_ms, 2),
        "notices": _said(answer),
    }


def _item(rank: int, item: RankedItem) -> dict[str, Any]:
    reasons = [] if item.reasons is None else _reasons(item.reasons)
    return {
        "rank": rank,
        "item_id": item.item_id,
        "title": item.title,
        "score": round(item.score, 6),
        "origin": item.origin,
        "reasons": reasons,
    }


def _reasons(found: ItemReasons) -> list[dict[str, Any]]:
    """The items that carry a listed one most, with their shares."""
    shares = found.shares
    order = sorted(range(len(shares)), key=lambda place: -float(shares[place]))[:_CARRIERS]
    return [
        {
            "item_id": found.item_ids[place],
            "share": round(float(shares[place]), 4),
            "common": list(found.common[place]) if found.common else [],
        }
        for place in order
        if shares[place] > 0
    ]


def _rows(profiles: Sequence[UserProfile], answers: Sequence[Answer], notice: str) -> Iterator[Sequence[object]]:
    yield _HEADER
    for profile, answer in _pairs(profiles, answers):
        for rank, item in enumerate(_ranking(answer).items, 1):
            found = (item.item_id, item.title, round(item.score, 6), item.origin, answer.model.version, notice)
            yield (profile.name, rank, *found)


def _words(profiles: Sequence[UserProfile], answers: Sequence[Answer], notice: str) -> str:
    lines = [
        f"{profile.name}\t{rank}\t{item.item_id}\t{item.title}\t{item.score:.4f}"
        for profile, answer in _pairs(profiles, answers)
        for rank, item in enumerate(_ranking(answer).items, 1)
    ]
    return "\n".join([*lines, *([notice] if notice else [])])
