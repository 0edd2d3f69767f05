"""Images asked about from the command line: files, folders and zips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from core.answers import Answered, answered_image, predict_document
from core.cli.asked import Asked, Said, out_file, unwritable
from core.cli.shell import existing
from core.contracts import N_, AnomalyPrediction, Explanation, Heatmap, ImageSample, Message, Refusal
from core.errors import AppError, InputRefused

if TYPE_CHECKING:
    from core.serving.service import Answer

    Ask = Callable[[list[ImageSample]], list[Answer]]

BATCH = 32
COVERAGE = 0.9
"""Of the prediction sets, when nothing else was asked for."""


def predict(asked: Asked, refused: list[Refusal]) -> Said:
    """Answers for all images of the paths, in words a line each."""
    from core.serving import service

    asked.refuse(threshold=asked.threshold is not None, false_alarm_rate=asked.false_alarm_rate, out=asked.out)
    slug, coverage = asked.sector.slug, COVERAGE if asked.coverage is None else asked.coverage
    ask = partial(service.predict, slug, ref=service.choose(slug, asked.model), coverage=coverage)
    answered, notices = answer_paths(asked.paths, ask, refused)
    words = "\n".join([*map(_answer_line, answered), asked.sector.notice])
    document = partial(predict_document, slug, answered, refused, notices)
    return Said(document, words, [str(notice) for notice in notices], len(answered))


def answer_paths(paths: Sequence[Path], ask: Ask, refused: list[Refusal]) -> tuple[list[Answered], list[Message]]:
    """Answers for all images of the paths, and what has to be said of whole collections."""
    answered: list[Answered] = []
    notices: list[Message] = []
    for path in paths:
        _answer_all(path, ask, answered, refused, notices)
    return answered, notices


@contextmanager
def _images(path: Path, refused: list[Refusal], notices: list[Message]) -> Iterator[Iterator[ImageSample]]:
    """Images of a file, folder or zip, one at a time; what cannot be read, or was guessed, is added to the lists.

    Raises:
        InputRefused: Nothing, or too little, of it can be used; known at the end.
    """
    from core.intake.archives import check_refused_share, open_path

    with open_path(path) as source:
        taken = 0
        refused += source.refused
        notices += source.notices

        def samples() -> Iterator[ImageSample]:
            nonlocal taken
            for entry in source.entries:
                try:
                    sample = source.read(entry)
                except AppError as error:
                    refused.append(error.refusal(entry.label))
                else:
                    taken += 1
                    yield replace(sample, name=entry.label)

        yield samples()
        check_refused_share(path.name, taken, refused)


def _batches(samples: Iterator[ImageSample]) -> Iterator[list[ImageSample]]:
    batch: list[ImageSample] = []
    for sample in samples:
        batch.append(sample)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _answer_all(path: Path, ask: Ask, answered: list[Answered], refused: list[Refusal], notices: list[Message]) -> None:
    """Ask about all images of a path; a collection that is refused as a whole leaves no answers."""
    found: list[Answered] = []
    own: list[Refusal] = []
    try:
        with _images(path, own, notices) as samples:
            for batch in _batches(samples):
                found += [answered_image(*pair) for pair in zip(batch, ask(batch), strict=True)]
        answered += found
    except InputRefused as error:
        own = own if len(own) == 1 and not found else [*own, error.refusal(path.name)]
    refused += own


def _answer_line(entry: Answered) -> str:
    found = entry.answer.single
    verdict = f"declined: {found.abstained.message}" if found.abstained else f"{found.decision}"
    return f"{entry.sample.name}\t{verdict}\t{float(found.scores.max()):.3f}"


def explain(asked: Asked, *, method: str, target: str, row: str) -> tuple[dict[str, Any], str]:
    """Write a picture of where the model looked, with the notice in its metadata and footer."""
    from core.serving import service

    asked.refuse(row=row)
    slug, notice = asked.sector.slug, asked.sector.notice
    out = out_file(asked.out or Path(), [".png"])
    sample = first_image(asked.paths[0])
    chosen = service.choose(slug, asked.model)
    answer = service.predict(slug, [sample], chosen)[0].single
    label, method = target or answer.labels[int(answer.scores.argmax())], method or service.methods(slug)[0]
    heatmap = map_of(service.explain(slug, sample, label, method, chosen))
    write_map(out, sample, heatmap, notice)
    trust = heatmap.faithfulness
    body = {
        "input": sample.name,
        "target": label,
        "method": method,
        "out": str(out),
        "faithfulness": vars(trust) | {"gain": trust.gain} if trust else None,
        "abstained": str(answer.abstained.message) if answer.abstained else None,
        "notice": notice,
    }
    return body, f"{out}: {method} for {label}, faithfulness gain {trust.gain if trust else float('nan'):+.3f}"


def map_of(explanation: Explanation) -> Heatmap:
    """An explanation of an image, which is a map over it."""
    if not isinstance(explanation, Heatmap):
        raise TypeError(f"{explanation.kind}, not a map")
    return explanation


def write_map(
    out: Path, sample: ImageSample, heatmap: Heatmap, notice: str, found: AnomalyPrediction | None = None
) -> None:
    """Write the map over its image, with the notice and, where given, the outlined regions of `found`.

    Raises:
        AppError: The file cannot be written.
    """
    from core.explain.overlay import write_overlay

    try:
        write_overlay(out, sample.pixels, heatmap, notice, found)
    except OSError as error:
        raise unwritable(out, error) from None


def first_image(path: Path) -> ImageSample:
    """The only image of a file, or the first of a zip."""
    if not existing(path).is_file():
        raise typer.BadParameter(f"{path} is a folder; name one image")
    with _images(path, [], []) as samples:
        sample = next(samples, None)
    if sample is None:
        raise InputRefused("input.empty", N_("There is no image to explain."), N_("Name an image file."))
    return sample
