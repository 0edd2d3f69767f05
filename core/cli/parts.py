"""Images of parts asked about from the command line: is each like the good ones, and where not."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import typer

from core.answers import Answered, parts_document, region_documents
from core.cli.asked import Asked, Said, out_file
from core.cli.pictures import answer_paths, first_image, map_of, write_map
from core.contracts import AnomalyPrediction, Refusal

_OUTCOMES = {"ok": "OK", "defect": "DEFECT", "unsure": "UNSURE", "declined": "declined"}


def predict(asked: Asked, refused: list[Refusal]) -> Said:
    """Answers for all images of the paths, in words a line each, and what the limit promises."""
    from core.serving import service
    from core.serving.parts import promised
    from core.training.false_alarms import in_words

    asked.refuse(coverage=asked.coverage, out=asked.out)
    if asked.threshold is not None and asked.false_alarm_rate is not None:
        raise typer.BadParameter("give --threshold or --false-alarm-rate, not both")
    slug, rate = asked.sector.slug, asked.false_alarm_rate
    chosen = service.choose(slug, asked.model)
    promise = promised(slug, rate, chosen) if asked.threshold is None else None
    ask = partial(service.predict, slug, ref=chosen, threshold=asked.threshold, false_alarm_rate=rate)
    answered, notices = answer_paths(asked.paths, ask, refused)
    words = [*map(_line, answered), *([str(in_words(promise))] if promise else []), asked.sector.notice]
    document = partial(parts_document, slug, answered, promise, refused, notices)
    return Said(document, "\n".join(words), [str(notice) for notice in notices], len(answered))


def _line(entry: Answered) -> str:
    found = _about_part(entry.answer.single)
    said = f"{entry.sample.name}\t{_OUTCOMES[found.outcome]}"
    if found.abstained is not None:
        return f"{said}: {found.abstained.message}\t{found.verdict.score:.3f}"
    return f"{said}\t{found.verdict.score:.3f} of {found.verdict.threshold:.3f}\t{len(found.regions)} regions"


def _about_part(found: object) -> AnomalyPrediction:
    if not isinstance(found, AnomalyPrediction):
        raise TypeError(f"{found!r}, not an answer about a part")
    return found


def explain(asked: Asked, *, method: str, target: str, row: str) -> tuple[dict[str, Any], str]:
    """Write the map of what is unlike good parts over the image, its regions outlined and numbered."""
    from core.serving import service

    asked.refuse(row=row)
    slug, notice = asked.sector.slug, asked.sector.notice
    out = out_file(asked.out or Path(), [".png"])
    sample = first_image(asked.paths[0])
    chosen = service.choose(slug, asked.model)
    found = _about_part(service.predict(slug, [sample], chosen)[0].single)
    label = target or found.labels[1]
    heatmap = map_of(service.explain(slug, sample, label, method, chosen))
    write_map(out, sample, heatmap, notice, found if label == found.labels[1] else None)
    height, width = sample.pixels.shape[:2]
    body = {
        "input": sample.name,
        "target": label,
        "method": heatmap.method,
        "verdict": found.outcome,
        "score": round(found.verdict.score, 6),
        "threshold": found.verdict.threshold,
        "regions": region_documents(found.regions, (width, height)),
        "out": str(out),
        "faithfulness": None,
        "abstained": str(found.abstained.message) if found.abstained else None,
        "notices": [str(said) for said in sample.notices],
        "notice": notice,
    }
    said = f"{_OUTCOMES[found.outcome]}, score {found.verdict.score:.3f} of {found.verdict.threshold:.3f}"
    return body, f"{out}: {heatmap.method}, {said}, {len(found.regions)} regions"
