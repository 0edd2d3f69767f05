"""Verbs that ask a model: predict, explain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.answers import Answered, predict_document
from core.cli.shell import JsonOption, ModelOption, SectorArgument, app, existing, guarded, put, say, sector_of
from core.contracts import N_, Heatmap, ImageSample, Message, Refusal
from core.errors import AppError, InputRefused
from core.log import log_event

if TYPE_CHECKING:
    from core.serving.service import Answer

    Ask = Callable[[list[ImageSample]], list[Answer]]

BATCH = 32


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


@app.command()
@guarded
def predict(
    sector: SectorArgument,
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Images, DICOM files, folders or zips.")],
    model: ModelOption = "champion",
    coverage: Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the prediction sets.")] = 0.9,
    as_json: JsonOption = False,
) -> None:
    """Predict on files, folders and zips. Exit 1 when nothing could be read."""
    from core.serving import service

    entry = sector_of(sector)
    refused: list[Refusal] = []
    answered: list[Answered] = []
    notices: list[Message] = []
    paths = [existing(path) for path in inputs]
    ask = partial(service.predict, sector, ref=service.choose(sector, model), coverage=coverage)
    for path in paths:
        _answer_all(path, ask, answered, refused, notices)
    for notice in notices:
        say(str(notice))
    for refusal in refused:
        log_event("refused", command="predict", code=refusal.code)
        say(f"{refusal.name}: {refusal.code}: {refusal.message} {refusal.hint}")
    body = predict_document(sector, answered, refused, notices)
    put(body, as_json, "\n".join([*map(_answer_line, answered), entry.notice]))
    if not answered:
        raise typer.Exit(1)


def _answer_all(path: Path, ask: Ask, answered: list[Answered], refused: list[Refusal], notices: list[Message]) -> None:
    """Ask about all images of a path; a collection that is refused as a whole leaves no answers."""
    found: list[Answered] = []
    own: list[Refusal] = []
    try:
        with _images(path, own, notices) as samples:
            for batch in _batches(samples):
                # Answered samples keep no pixels: those of a folder of thousands would not fit into memory.
                small = [replace(sample, pixels=sample.pixels[:1, :1].copy()) for sample in batch]
                found += [Answered(sample, answer) for sample, answer in zip(small, ask(batch), strict=True)]
        answered += found
    except InputRefused as error:
        own = own if len(own) == 1 and not found else [*own, error.refusal(path.name)]
    refused += own


def _answer_line(entry: Answered) -> str:
    found = entry.answer.single
    verdict = f"declined: {found.abstained.message}" if found.abstained else f"{found.decision}"
    return f"{entry.sample.name}\t{verdict}\t{float(found.scores.max()):.3f}"


@app.command()
@guarded
def explain(
    sector: SectorArgument,
    path: Annotated[Path, typer.Argument(metavar="INPUT")],
    out: Annotated[Path, typer.Option("--out", help="PNG to write.")],
    model: ModelOption = "champion",
    method: Annotated[str, typer.Option(help="grad_cam or integrated_gradients.")] = "grad_cam",
    target: Annotated[str, typer.Option(help="Label to explain; default: the one with the highest score.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write a picture of where the model looked, with the notice in its metadata and footer."""
    from core.explain.overlay import write_overlay
    from core.serving import service

    notice = sector_of(sector).notice
    if out.suffix.lower() != ".png" or out.is_dir() or not out.parent.is_dir():
        raise typer.BadParameter(f"--out {out} has to be a .png in a folder that exists")
    sample = _first_image(path)
    chosen = service.choose(sector, model)
    answer = service.predict(sector, [sample], chosen)[0]
    label = target or answer.prediction.labels[int(answer.prediction.scores.argmax())]
    heatmap = service.explain(sector, sample, label, method, chosen)
    if not isinstance(heatmap, Heatmap):
        raise TypeError(f"{heatmap.kind}, not a map")
    try:
        write_overlay(out, sample.pixels, heatmap, footer=notice)
    except OSError as error:
        message = Message(N_("{name} cannot be written: {why}."), {"name": out.name, "why": error.strerror})
        raise AppError("output.unwritable", message, N_("Choose another place.")) from None
    trust = heatmap.faithfulness
    row = {
        "input": sample.name,
        "target": label,
        "method": method,
        "out": str(out),
        "faithfulness": vars(trust) | {"gain": trust.gain} if trust else None,
        "abstained": str(answer.prediction.abstained.message) if answer.prediction.abstained else None,
        "notice": notice,
    }
    put(row, as_json, f"{out}: {method} for {label}, faithfulness gain {trust.gain if trust else float('nan'):+.3f}")


def _first_image(path: Path) -> ImageSample:
    if not existing(path).is_file():
        raise typer.BadParameter(f"{path} is a folder; name one image")
    with _images(path, [], []) as samples:
        sample = next(samples, None)
    if sample is None:
        raise InputRefused("input.empty", N_("There is no image to explain."), N_("Name an image file."))
    return sample
