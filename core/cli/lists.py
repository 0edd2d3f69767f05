"""Users asked about from the command line: a profile as JSON, given there or in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from core.answers import finite
from core.answers_lists import lists_document, notices_of, paired, ranking_of, reason_documents
from core.cli.asked import Asked, Said, out_file, unwritable
from core.contracts import ItemReasons, Refusal, UserProfile
from core.errors import InputRefused
from core.intake.exports import csv_bytes
from core.intake.labels import clean_text

if TYPE_CHECKING:
    from core.serving.service import Answer

_HEADER = ("input", "rank", "item_id", "title", "score", "origin", "version", "notice")


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
    notices = [
        f"{profile.name}: {notice}" for profile, answer in paired(profiles, answers) for notice in notices_of(answer)
    ]
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
    if len(profiles) > 1:
        raise typer.BadParameter(f"{asked.paths[0].name} holds several profiles; name one user")
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
    carriers = [f"{entry['share']:.0%}  {clean_text(entry['item_id'])}" for entry in reason_documents(found)]
    return body, "\n".join([f"{out}: {found.method} for {found.target}", *carriers])


def _profiles(asked: Asked, refused: list[Refusal]) -> Iterator[UserProfile]:
    """All profiles that were asked about; what cannot be read is added to the list."""
    from core.intake.profiles import PROFILES_BYTES, read_profiles

    several = len(asked.texts) > 1
    given: list[tuple[str, str | bytes]] = [
        (f"profile {number}" if several else "profile", text) for number, text in enumerate(asked.texts, 1)
    ]
    for path in asked.paths:
        if not path.is_file():
            raise typer.BadParameter(f"{path} is no file: a profile is one JSON object")
        with path.open("rb") as file:
            given.append((path.name, file.read(PROFILES_BYTES + 1)))
    for name, text in given:
        try:
            profiles, others = read_profiles(text, name)
        except InputRefused as error:
            refused.append(error.refusal(name))
        else:
            refused += others
            yield from profiles


def _rows(profiles: Sequence[UserProfile], answers: Sequence[Answer], notice: str) -> Iterator[Sequence[object]]:
    yield _HEADER
    for profile, answer in paired(profiles, answers):
        for rank, item in enumerate(ranking_of(answer).items, 1):
            found = (item.item_id, item.title, round(item.score, 6), item.origin, answer.model.version, notice)
            yield (profile.name, rank, *found)


def _words(profiles: Sequence[UserProfile], answers: Sequence[Answer], notice: str) -> str:
    lines = [
        f"{profile.name}\t{rank}\t{clean_text(item.item_id)}\t{item.title}\t{item.score:.4f}"
        for profile, answer in paired(profiles, answers)
        for rank, item in enumerate(ranking_of(answer).items, 1)
    ]
    return "\n".join([*lines, *([notice] if notice else [])])
