"""Verbs that train and measure: train, evaluate, compress."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.asked import ColumnOption, columns_of
from core.cli.shell import (
    DataOption,
    JsonOption,
    ModelOption,
    SectorArgument,
    app,
    data_at,
    guarded,
    put,
    say,
    sector_of,
)
from core.cli.versions import version_row
from core.contracts import Sector
from core.data.mapping import write_mapping
from core.errors import InputRefused

_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


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


def _preset_options(entry: Sector, preset: str) -> list[str]:
    """Options of a run that starts from a preset of the sector, or from what its option `pretrained` names."""
    named = next((found.options for found in entry.presets if found.name == preset), ())
    return [f"{name}={value}" for name, value in named] or ([f"pretrained={preset}"] if preset else [])


@app.command()
@guarded
def train(
    sector: SectorArgument,
    data: DataOption,
    preset: Annotated[str, typer.Option(help="What to start from: bundled, hub, none, or a preset of the hub.")] = "",
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="An option of the run.")
    ] = None,
    corrections: Annotated[
        bool, typer.Option("--corrections", help="Learn from the kept corrections of visitors too.")
    ] = False,
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train in this process, register the result as challenger. Progress on stderr."""
    from core.jobs.here import train_here

    entry = sector_of(sector)
    chosen = list(options or []) + _preset_options(entry, preset)
    columns = columns_of(entry, column)
    chosen += [f"columns={write_mapping(columns)}"] if columns else []
    version, evaluation = train_here(entry, _config(entry, chosen), data_at(data), echo=say, corrections=corrections)
    put(version_row(version) | _evaluation_body(evaluation), as_json, f"version {version.ref} is the challenger")


def _evaluation_body(evaluation: Any) -> dict[str, Any]:
    from core.training.evaluation import summary_dict

    body = summary_dict(evaluation)
    data = body.pop("data")
    return body | {"data": data["name"], "split": data["split"], "n": data["n"], "fingerprint": data["fingerprint"]}


@app.command()
@guarded
def evaluate(
    sector: SectorArgument,
    data: DataOption,
    model: ModelOption = "champion",
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on data with known labels; the test split of a file that has one."""
    from core.serving import service

    columns = columns_of(sector_of(sector), column)
    served, evaluation = service.evaluate(sector, data_at(data), model, columns)
    body = _evaluation_body(evaluation)
    lines = [
        f"{k:20} {m['value']:.4f}  [{m['low']:.4f}, {m['high']:.4f}]  n={m['n']}" for k, m in body["metrics"].items()
    ]
    lines += body["notices"]
    head = {"sector": sector, "model": served.sha256, "version": served.version, "architecture": served.architecture}
    put(head | body, as_json, "\n".join(lines))


@app.command()
@guarded
def compress(
    sector: SectorArgument,
    data: DataOption,
    model: ModelOption = "champion",
    register: Annotated[str, typer.Option(metavar="FORMAT", help="Register this format as challenger.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Measure a version in every weight format of its task, side by side on this machine."""
    from core.jobs.compressing import compress_version
    from core.settings import settings
    from core.training.run import ListedRun

    entry = sector_of(sector)
    runs = settings().home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=runs) as folder:
        bench, made = compress_version(entry, model, data_at(data), ListedRun(Path(folder), echo=say), register)
    rows = [
        f"{v.format:12} {v.size_mb:8.2f} MB  p50 {v.latency.p50_ms:7.1f} ms  p95 {v.latency.p95_ms:7.1f} ms  "
        f"{v.latency.items_per_s:8.1f}/s  accuracy {100 * v.accuracy_change.value:+.2f} points  {len(v.flips)} flips"
        for v in bench.variants
    ]
    rows += [f"{name:12} left out: {code}" for name, code in bench.left_out.items()]
    rows += [f"version {made.ref} is the challenger"] if made else []
    put(asdict(bench) | {"registered": version_row(made) if made else None}, as_json, "\n".join(rows))
