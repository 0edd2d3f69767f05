"""The command line: the same services as the pages. JSON goes to stdout alone, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from core.answers import Answered, predict_document
from core.catalog import SECTORS
from core.catalog import sector as find_sector
from core.contracts import ImageSample, Refusal, Sector
from core.errors import AppError

if TYPE_CHECKING:
    from core.store.registry import Version

app = typer.Typer(
    name="python -m core", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)

SectorArgument = Annotated[str, typer.Argument(metavar="SECTOR", help="Slug of a sector, see `sectors`.")]
ModelOption = Annotated[str, typer.Option("--model", help="A preset, a version number, champion or challenger.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable answer on stdout.")]
DataOption = Annotated[Path, typer.Option("--data", help="Folder, zip or npz.")]

BATCH = 32


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _put(value: Any, as_json: bool, plain: str) -> None:
    sys.stdout.write((json.dumps(value, ensure_ascii=False, indent=1) if as_json else plain) + "\n")


def _fail(error: AppError) -> NoReturn:
    _say(f"{error.code}: {error.message} {error.hint}".strip())
    raise typer.Exit(1)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except AppError as error:
        _fail(error)


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
def sectors(as_json: JsonOption = False) -> None:
    """List the sectors."""
    rows = [{"slug": s.slug, "title": s.title, "task": s.task, "headline_metric": s.headline_metric} for s in SECTORS]
    _put(rows, as_json, "\n".join(f"{row['slug']:16} {row['title']}" for row in rows))


def _samples(paths: list[Path], refused: list[Refusal]) -> Iterator[ImageSample]:
    """Images of files, folders and zips, one at a time; what cannot be read is added to `refused`."""
    from core.intake.archives import open_folder, open_zip
    from core.intake.images import read_image

    for path in paths:
        if path.is_file() and path.suffix.lower() != ".zip":
            try:
                yield read_image(path.read_bytes(), path.name)
            except AppError as error:
                refused.append(error.refusal(path.name))
            continue
        try:
            source = open_folder(path) if path.is_dir() else open_zip(path, path.name)
        except AppError as error:
            refused.append(error.refusal(path.name))
            continue
        with source:
            refused.extend(source.refused)
            for entry in source.entries:
                try:
                    yield source.read(entry)
                except AppError as error:
                    refused.append(error.refusal(entry.name))


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
    with _refusals():
        for batch in _batches(_samples([_existing(path) for path in inputs], refused)):
            answers = service.predict(sector, batch, model, coverage=coverage)
            answered += [Answered(_without_pixels(s), a) for s, a in zip(batch, answers, strict=True)]
    for refusal in refused:
        _say(f"{refusal.name}: {refusal.code}: {refusal.message} {refusal.hint}")
    body = predict_document(sector, answered, refused)
    _put(body, as_json, "\n".join([*map(_answer_line, answered), entry.notice]))
    if not answered:
        raise typer.Exit(1)


def _without_pixels(sample: ImageSample) -> ImageSample:
    """What is left of a sample once it is answered; a folder of thousands would not fit into memory."""
    return replace(sample, pixels=sample.pixels[:1, :1].copy())


def _answer_line(entry: Answered) -> str:
    found = entry.answer.prediction
    verdict = f"declined: {found.abstained.message}" if found.abstained else f"{found.decision}"
    return f"{entry.sample.name}\t{verdict}\t{float(found.scores.max()):.3f}"


@app.command()
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

    with _refusals():
        refused: list[Refusal] = []
        sample = next(_samples([_existing(path)], refused), None)
        if sample is None:
            raise AppError(refused[0].code, refused[0].message, refused[0].hint)
        answer = service.predict(sector, [sample], model)[0]
        label = target or answer.prediction.labels[int(answer.prediction.scores.argmax())]
        heatmap = service.explain(sector, sample, label, method, model)
        write_overlay(out, sample.pixels, heatmap, footer=_sector(sector).notice)
    trust = heatmap.faithfulness
    row = {
        "input": sample.name,
        "target": label,
        "method": method,
        "out": str(out),
        "faithfulness": vars(trust) | {"gain": trust.gain} if trust else None,
        "abstained": str(answer.prediction.abstained.message) if answer.prediction.abstained else None,
        "notice": _sector(sector).notice,
    }
    _put(row, as_json, f"{out}: {method} for {label}, faithfulness gain {trust.gain if trust else float('nan'):+.3f}")


def _config(entry: Sector, options: list[str]) -> Any:
    from core.tasks import load_task

    config_type = load_task(entry.task).config_type
    kinds = {f.name: type(f.default) for f in fields(config_type)}
    values: dict[str, Any] = {}
    for option in options:
        name, _, text = option.partition("=")
        if name not in kinds:
            raise typer.BadParameter(f"no option {name!r}; there are: {', '.join(kinds)}")
        try:
            values[name] = text.lower() in ("1", "true", "yes") if kinds[name] is bool else kinds[name](text)
        except ValueError:
            raise typer.BadParameter(f"{name} takes a {kinds[name].__name__}, not {text!r}") from None
    return config_type(**values)


@app.command()
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
    with _refusals():
        version, evaluation = train_here(entry, _config(entry, chosen), _existing(data), echo=_say)
    _put(_version_row(version) | _evaluation_body(evaluation), as_json, f"version {version.name} is the challenger")


def _evaluation_body(evaluation: Any) -> dict[str, Any]:
    from core.training.evaluation import summary_dict

    body = summary_dict(evaluation)
    data = body.pop("data")
    return body | {"data": data["name"], "split": data["split"], "n": data["n"], "fingerprint": data["fingerprint"]}


@app.command()
def evaluate(
    sector: SectorArgument, data: DataOption, model: ModelOption = "champion", as_json: JsonOption = False
) -> None:
    """Measure a model on data with known labels; the test split of a file that has one."""
    from core.serving import service

    _sector(sector)
    with _refusals():
        served, evaluation = service.evaluate(sector, _existing(data), model)
    body = _evaluation_body(evaluation)
    lines = [
        f"{k:20} {m['value']:.4f}  [{m['low']:.4f}, {m['high']:.4f}]  n={m['n']}" for k, m in body["metrics"].items()
    ]
    head = {
        "sector": sector,
        "model": served.sha256[:12],
        "version": served.version,
        "architecture": served.architecture,
    }
    _put(head | body, as_json, "\n".join(lines))


def _version_row(version: Version) -> dict[str, Any]:
    return {
        "version": version.name,
        "aliases": list(version.aliases),
        "architecture": version.manifest.get("architecture", ""),
        "labels": version.manifest.get("labels", []),
        "created": version.created.isoformat(),
        "sha256": version.sha256,
        "path": str(version.path),
    }


@app.command()
def models(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """List the versions of a sector with their aliases."""
    from core.store.registry import registry

    _sector(sector)
    with _refusals():
        rows = [_version_row(version) for version in registry().versions(sector)]
    _put(rows, as_json, "\n".join(f"{r['version']:10} {','.join(r['aliases']):22} {r['architecture']}" for r in rows))


@app.command()
def promote(
    sector: SectorArgument,
    version: Annotated[str, typer.Argument(help="Number, `bundled` or challenger.")],
    as_json: JsonOption = False,
) -> None:
    """Make a version the champion."""
    from core.store.registry import registry

    _sector(sector)
    with _refusals():
        found = registry().promote(sector, registry().resolve(sector, version).number)
    _put(_version_row(found), as_json, f"version {found.name} is the champion")


@app.command()
def rollback(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """Make the previous champion the champion again."""
    from core.store.registry import registry

    _sector(sector)
    with _refusals():
        found = registry().rollback(sector)
    _put(_version_row(found), as_json, f"version {found.name} is the champion again")


@app.command()
def fetch(names: Annotated[list[str], typer.Argument(metavar="NAME...")]) -> None:
    """Fetch data sets from their official addresses."""
    from core.fetch import fetch as fetch_data

    with _refusals():
        for name in names:
            _say(f"{name}: {fetch_data(name)}")


@app.command()
def doctor(
    repair: Annotated[bool, typer.Option(help="Mend what is safe to mend.")] = False, as_json: JsonOption = False
) -> None:
    """Check database, versions, files and machine; exit 1 when something is wrong."""
    from core.doctor import check

    findings = check(repair=repair)
    rows = [{"level": f.level, "name": f.name, "message": str(f.message), "repaired": f.repaired} for f in findings]
    _put(rows, as_json, "\n".join(f"{r['level']:8} {r['name']:24} {r['message']}" for r in rows))
    if any(row["level"] == "error" and not row["repaired"] for row in rows):
        raise typer.Exit(1)


@app.command()
def bench(name: Annotated[str, typer.Argument(help="Which measurement; none lists them.")] = "") -> None:
    """Run a side-by-side measurement of bench/."""
    from bench import run

    raise typer.Exit(run(name or None))
