"""Texts asked about from the command line: given there, one in each line of a list, or rows of a table."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from core.answers import Answered, finite, predict_document, token_document
from core.cli.asked import Asked, Said, out_file, unwritable
from core.cli.shell import existing
from core.contracts import Classification, Message, Refusal, TextSample, TokenAttribution
from core.errors import InputRefused

if TYPE_CHECKING:
    from core.intake.texts import TextTable

SHOWN: Final = 20
"""Answers printed for a person, the first of them."""
_STANDARD_INPUT: Final = "-"
_LIST: Final = "stdin.txt"
"""What standard input is read as."""
_HEADER: Final = ("input", "language", "score_positive", "decision", "abstained", "version", "notice")


def predict(asked: Asked, refused: list[Refusal]) -> Said:
    """Answers for all texts, in words a line each; with `out` also as CSV."""
    from core.serving import service
    from core.serving.texts import answer_texts

    asked.refuse(false_alarm_rate=asked.false_alarm_rate)
    slug, out = asked.sector.slug, asked.out and out_file(asked.out, [".csv"])
    chosen = service.choose(slug, asked.model)
    notices: list[Message] = []
    samples = list(_samples(asked, refused, notices))
    answered = answer_texts(slug, samples, chosen, asked.coverage, asked.threshold) if samples else []
    if out is not None:
        _write(out, answered, asked.sector.notice)
    document = partial(predict_document, slug, answered, refused, notices)
    said = [str(notice) for notice in notices]
    said += [f"{sample.name}: {notice}" for sample in samples[:SHOWN] for notice in sample.notices]
    return Said(document, _words(answered, asked.sector.notice), said, len(answered))


def _samples(asked: Asked, refused: list[Refusal], notices: list[Message]) -> Iterator[TextSample]:
    """All texts that were asked about; what cannot be read, or was guessed, is added to the lists."""
    from core.intake.texts import open_text

    for number, text in enumerate(asked.texts, 1):
        name = f"text {number}" if len(asked.texts) > 1 else "text"
        try:
            yield open_text(text, name)
        except InputRefused as error:
            refused.append(error.refusal(name))
    several = len(asked.paths) + bool(asked.texts) > 1
    for path in asked.paths:
        try:
            table = _table(path, asked)
        except InputRefused as error:
            refused.append(error.refusal(path.name))
            continue
        refused += table.refused
        notices += table.notices
        for row in range(len(table)):
            sample = table.sample(row)
            yield replace(sample, name=f"{path.name} #{sample.name}") if several else sample


def _table(path: Path, asked: Asked) -> TextTable:
    from core.intake.texts import open_texts

    if str(path) == _STANDARD_INPUT:
        return open_texts(sys.stdin.buffer.read(), _LIST, asked.columns)
    if not path.is_file():
        raise typer.BadParameter(f"{path} is a folder; name files of texts")
    return open_texts(path, path.name, asked.columns)


def _words(answered: Sequence[Answered], notice: str) -> str:
    """Counts, and the first answers."""
    found = [entry.answer.classification for entry in answered]
    counts = Counter(answer.decision or "undecided" for answer in found)
    head = [f"{len(found)} texts: {', '.join(f'{n} {label}' for label, n in sorted(counts.items()))}"]
    lines = [
        f"{entry.sample.name}\t{_verdict(answer)}\t{answer.scores[1]:.3f}"
        for entry, answer in zip(answered[:SHOWN], found, strict=False)
    ]
    return "\n".join([*(head if len(found) != 1 else []), *lines, notice])


def _verdict(answer: Classification) -> str:
    return f"undecided: {answer.abstained.message}" if answer.abstained else str(answer.decision)


def _write(out: Path, answered: Sequence[Answered], notice: str) -> None:
    """Write one line per text, without the text itself; cells that a spreadsheet would run are escaped."""
    from core.intake.exports import csv_bytes

    rows: list[tuple[object, ...]] = [_HEADER]
    for entry in answered:
        found = entry.answer.classification
        reason, version = found.abstained.code if found.abstained else "", entry.answer.model.version
        score = round(float(found.scores[1]), 6)
        rows.append((entry.sample.name, entry.language, score, found.decision or "", reason, version, notice))
    try:
        out.write_bytes(csv_bytes(rows))
    except OSError as error:
        raise unwritable(out, error) from None


def explain(asked: Asked, *, method: str, target: str, row: str) -> tuple[dict[str, Any], str]:
    """Write what every word adds to the log odds of a label, as JSON or as a page with the words marked."""
    from core.explain.marked import write_marked
    from core.serving import service
    from core.serving.texts import answer_texts

    slug, notice = asked.sector.slug, asked.sector.notice
    out = out_file(asked.out or Path(), [".json", ".html"])
    sample = _one(asked, row)
    chosen = service.choose(slug, asked.model)
    (answered,) = answer_texts(slug, [sample], chosen)
    answer = answered.answer.classification
    label = target or answer.labels[int(answer.scores.argmax())]
    found = service.explain(slug, sample, label, method, chosen)
    if not isinstance(found, TokenAttribution):
        raise TypeError(f"{found.kind}, not what words add")
    body = {
        "input": sample.name,
        "target": label,
        "decision": answer.decision,
        "score": round(float(answer.scores[answer.labels.index(label)]), 6),
        "abstained": str(answer.abstained.message) if answer.abstained else None,
        "language": answered.language,
        "notices": [str(said) for said in sample.notices],
        "out": str(out),
        "notice": notice,
        **token_document(found),
    }
    try:
        if out.suffix.lower() == ".json":
            out.write_text(json.dumps(finite(body), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        else:
            write_marked(out, found, f"{sample.name}: {label} {body['score']:.3f}", notice)
    except OSError as error:
        raise unwritable(out, error) from None
    gain = found.faithfulness.gain if found.faithfulness else float("nan")
    return body, f"{out}: {found.method} for {label} {body['score']:.3f}, faithfulness gain {gain:+.3f}"


def _one(asked: Asked, row: str) -> TextSample:
    """The one text to explain: given, a whole .txt or standard input, or a row of a table by its id."""
    from core.intake.texts import open_text

    if asked.texts:
        asked.refuse(row=row)
        return open_text(asked.texts[0], "text")
    path = asked.paths[0]
    if not row and str(path) == _STANDARD_INPUT:
        return open_text(sys.stdin.buffer.read(), _LIST)
    if not row and existing(path).suffix.lower() == ".txt":
        return open_text(path.read_bytes(), path.name)
    if not row:
        raise typer.BadParameter("--row is needed: the id of the text to explain")
    table = _table(path, asked)
    if row not in table.ids:
        raise typer.BadParameter(f"--row {row!r}: no such row among the {len(table)} of {path.name}")
    return table.sample(table.ids.tolist().index(row))
