"""The command line: the same services as the pages. JSON goes to stdout alone, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from core.answers import Answered, finite, predict_document
from core.catalog import SECTORS
from core.catalog import sector as find_sector
from core.contracts import N_, ImageSample, Message, Refusal, Sector
from core.errors import AppError, InputRefused
from core.log import log_error, log_event

if TYPE_CHECKING:
    from core.serving.service import Answer
    from core.store.registry import Version

    Ask = Callable[[list[ImageSample]], list[Answer]]

Params = ParamSpec("Params")

app = typer.Typer(
    name="python -m core",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # a box round a message breaks it into lines that no script can search
)

SectorArgument = Annotated[str, typer.Argument(metavar="SECTOR", help="Slug of a sector, see `sectors`.")]
ModelOption = Annotated[str, typer.Option("--model", help="A preset, a version number, champion or challenger.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout.")]
DataOption = Annotated[Path, typer.Option("--data", help="Folder, zip or npz.")]

BATCH = 32
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _put(value: Any, as_json: bool, plain: str) -> None:
    text = json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False) if as_json else plain
    sys.stdout.write(text + "\n")


def _guarded(command: Callable[Params, None]) -> Callable[Params, None]:
    """An expected error becomes one line and exit 1, an unexpected one a reference to the log; never a traceback."""

    @wraps(command)
    def guarded(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except AppError as error:
            log_event("refused", command=command.__name__, code=error.code)
            _say(f"{error.code}: {error.message} {error.hint}".strip())
            raise typer.Exit(1) from None
        except Exception as error:  # noqa: BLE001 - the last door before the terminal; the log keeps the rest
            reference = log_error(error, command=command.__name__)
            _say(f"unexpected: Something went wrong. Run `python -m core doctor`; the log has it under {reference}.")
            raise typer.Exit(1) from None

    return guarded


def _sector(slug: str) -> Sector:
    try:
        return find_sector(slug)
    except KeyError:
        raise typer.BadParameter(f"no sector {slug!r}; there are: {', '.join(s.slug for s in SECTORS)}") from None


def _existing(path: Path) -> Path:
    if not path.exists():
        raise typer.BadParameter(f"{path} does not exist")
    return path


@app.command()
@_guarded
def sectors(as_json: JsonOption = False) -> None:
    """List the sectors."""
    rows = [{"slug": s.slug, "title": s.title, "task": s.task, "headline_metric": s.headline_metric} for s in SECTORS]
    _put(rows, as_json, "\n".join(f"{row['slug']:16} {row['title']}" for row in rows))


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
@_guarded
def predict(
    sector: SectorArgument,
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Images, DICOM files, folders or zips.")],
    model: ModelOption = "champion",
    coverage: Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the prediction sets.")] = 0.9,
    as_json: JsonOption = False,
) -> None:
    """Predict on files, folders and zips. Exit 1 when nothing could be read."""
    from core.serving import service

    entry = _sector(sector)
    refused: list[Refusal] = []
    answered: list[Answered] = []
    notices: list[Message] = []
    paths = [_existing(path) for path in inputs]
    ask = partial(service.predict, sector, ref=service.choose(sector, model), coverage=coverage)
    for path in paths:
        _answer_all(path, ask, answered, refused, notices)
    for notice in notices:
        _say(str(notice))
    for refusal in refused:
        log_event("refused", command="predict", code=refusal.code)
        _say(f"{refusal.name}: {refusal.code}: {refusal.message} {refusal.hint}")
    body = predict_document(sector, answered, refused, notices)
    _put(body, as_json, "\n".join([*map(_answer_line, answered), entry.notice]))
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
    found = entry.answer.prediction
    verdict = f"declined: {found.abstained.message}" if found.abstained else f"{found.decision}"
    return f"{entry.sample.name}\t{verdict}\t{float(found.scores.max()):.3f}"


@app.command()
@_guarded
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

    notice = _sector(sector).notice
    if out.suffix.lower() != ".png" or out.is_dir() or not out.parent.is_dir():
        raise typer.BadParameter(f"--out {out} has to be a .png in a folder that exists")
    sample = _first_image(path)
    chosen = service.choose(sector, model)
    answer = service.predict(sector, [sample], chosen)[0]
    label = target or answer.prediction.labels[int(answer.prediction.scores.argmax())]
    heatmap = service.explain(sector, sample, label, method, chosen)
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
    _put(row, as_json, f"{out}: {method} for {label}, faithfulness gain {trust.gain if trust else float('nan'):+.3f}")


def _first_image(path: Path) -> ImageSample:
    if not _existing(path).is_file():
        raise typer.BadParameter(f"{path} is a folder; name one image")
    with _images(path, [], []) as samples:
        sample = next(samples, None)
    if sample is None:
        raise InputRefused("input.empty", N_("There is no image to explain."), N_("Name an image file."))
    return sample


def _config(entry: Sector, options: list[str]) -> Any:
    from core.tasks import load_config_type

    config_type: Any = load_config_type(entry.task)
    kinds: dict[str, Any] = {f.name: type(f.default) for f in fields(config_type)}
    values: dict[str, Any] = {}
    for option in options:
        name, given, text = option.partition("=")
        if name not in kinds:
            raise typer.BadParameter(f"no option {name!r}; there are: {', '.join(kinds)}")
        try:
            values[name] = _BOOLEANS[text.lower()] if kinds[name] is bool else kinds[name](text)
        except (ValueError, KeyError):
            given = ""
        if not given:
            raise typer.BadParameter(f"{name}=... takes a value of type {kinds[name].__name__}, not {text!r}")
    try:
        return config_type(**values)
    except InputRefused as error:
        raise typer.BadParameter(f"{error.message}") from None


@app.command()
@_guarded
def train(
    sector: SectorArgument,
    data: DataOption,
    preset: Annotated[str, typer.Option(help="What to start from: bundled, hub or none.")] = "",
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the run.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train in this process, register the result as challenger. Progress on stderr."""
    from core.jobs.here import train_here

    entry = _sector(sector)
    chosen = list(options or []) + ([f"pretrained={preset}"] if preset else [])
    version, evaluation = train_here(entry, _config(entry, chosen), _existing(data), echo=_say)
    _put(_version_row(version) | _evaluation_body(evaluation), as_json, f"version {version.ref} is the challenger")


def _evaluation_body(evaluation: Any) -> dict[str, Any]:
    from core.training.evaluation import summary_dict

    body = summary_dict(evaluation)
    data = body.pop("data")
    return body | {"data": data["name"], "split": data["split"], "n": data["n"], "fingerprint": data["fingerprint"]}


@app.command()
@_guarded
def evaluate(
    sector: SectorArgument, data: DataOption, model: ModelOption = "champion", as_json: JsonOption = False
) -> None:
    """Measure a model on data with known labels; the test split of a file that has one."""
    from core.serving import service

    _sector(sector)
    served, evaluation = service.evaluate(sector, _existing(data), model)
    body = _evaluation_body(evaluation)
    lines = [
        f"{k:20} {m['value']:.4f}  [{m['low']:.4f}, {m['high']:.4f}]  n={m['n']}" for k, m in body["metrics"].items()
    ]
    head = {"sector": sector, "model": served.sha256, "version": served.version, "architecture": served.architecture}
    _put(head | body, as_json, "\n".join(lines))


def _version_row(version: Version) -> dict[str, Any]:
    return {
        "version": version.ref,
        "name": version.name,
        "aliases": list(version.aliases),
        "architecture": version.manifest.get("architecture", ""),
        "labels": version.manifest.get("labels", []),
        "created": version.created.isoformat(),
        "sha256": version.sha256,
        "path": str(version.path),
        "cross_validation": version.spread,
    }


@app.command()
@_guarded
def models(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """List the versions of a sector with their aliases."""
    from core.store.registry import registry

    _sector(sector)
    rows = [_version_row(version) for version in registry().versions(sector)]
    _put(rows, as_json, "\n".join(f"{r['version']:10} {','.join(r['aliases']):22} {r['architecture']}" for r in rows))


@app.command()
@_guarded
def promote(
    sector: SectorArgument,
    version: Annotated[str, typer.Argument(help="Number, `bundled` or challenger.")],
    as_json: JsonOption = False,
) -> None:
    """Make a version the champion."""
    from core.store.registry import registry

    _sector(sector)
    found = registry().promote(sector, registry().resolve(sector, version).number)
    _put(_version_row(found), as_json, f"version {found.ref} is the champion")


@app.command()
@_guarded
def rollback(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """Make the previous champion the champion again."""
    from core.store.registry import registry

    _sector(sector)
    found = registry().rollback(sector)
    _put(_version_row(found), as_json, f"version {found.ref} is the champion again")


@app.command()
@_guarded
def fetch(names: Annotated[list[str], typer.Argument(metavar="NAME...")]) -> None:
    """Fetch data sets from their official addresses."""
    from core.data.catalog import DATA_SETS
    from core.fetch import fetch as fetch_data

    unknown = [name for name in names if name not in {entry.name for entry in DATA_SETS}]
    if unknown:
        raise typer.BadParameter(f"no data set {unknown[0]!r}; there are: {', '.join(e.name for e in DATA_SETS)}")
    for name in names:
        _say(f"{name}: {fetch_data(name)}")


@app.command()
@_guarded
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is safe to mend.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check database, versions, files and machine; exit 1 when something is wrong."""
    from core.doctor import check

    findings = check(repair=repair)
    rows = [{"level": f.level, "name": f.name, "message": str(f.message), "repaired": f.repaired} for f in findings]
    _put(rows, as_json, "\n".join(f"{r['level']:8} {r['name']:28} {r['message']}" for r in rows))
    if any(f.level == "error" and not f.repaired for f in findings):
        raise typer.Exit(1)


@app.command()
@_guarded
def bench(name: Annotated[str, typer.Argument(help="Which measurement; none lists them.")] = "") -> None:
    """Run a side-by-side measurement of bench/."""
    from bench import run

    raise typer.Exit(run(name or None))
