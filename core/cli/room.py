"""Verbs of the model room: models, gate, promote, rollback, delete-version, export-version, import-version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.shell import JsonOption, SectorArgument, app, existing, guarded, put, say, sector_of
from core.cli.versions import version_row
from core.contracts import N_, Message
from core.errors import AppError, InputRefused

if TYPE_CHECKING:
    from core.store.registry import Version
    from core.training.gate import Verdict

VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="Number, `bundled`, champion or challenger.")]


@app.command()
@guarded
def models(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """List the versions of a sector with their aliases."""
    from core.store.registry import registry

    sector_of(sector)
    rows = [version_row(version) for version in registry().versions(sector)]
    put(rows, as_json, "\n".join(f"{r['version']:10} {','.join(r['aliases']):22} {r['architecture']}" for r in rows))


@app.command()
@guarded
def gate(sector: SectorArgument, version: VersionArgument = "challenger", as_json: JsonOption = False) -> None:
    """Compare a version with the champion, figures, size and speed; exit 1 unless it passes."""
    from core.store.registry import registry

    sector_of(sector)
    rival = registry().resolve(sector, version)
    champion = registry().resolve(sector)
    verdict = _judged(rival, champion)
    lines = [f"{check.result:10} {check.name:14} {check.message}" for check in verdict.checks]
    head = {"sector": sector, "version": rival.ref, "champion": champion.ref}
    put(head | verdict.as_dict(), as_json, "\n".join([*lines, verdict.result]))
    if verdict.result != "pass":
        raise typer.Exit(1)


def _judged(rival: Version, champion: Version) -> Verdict:
    """The verdict of the gate, with both models timed side by side where their task can."""
    from core.serving import comparison

    try:
        comparison.measure_costs(champion, rival)
    except InputRefused as error:
        say(f"{error.code}: {error.message}")
    return comparison.verdict(rival.sector, rival, champion)


@app.command()
@guarded
def promote(
    sector: SectorArgument,
    version: Annotated[str, typer.Argument(help="Number, `bundled` or challenger.")],
    reason: Annotated[str, typer.Option(help="Why; needed when the gate was asked and does not let it pass.")] = "",
    ask_gate: Annotated[bool, typer.Option("--gate", help="Ask the gate first, and keep its verdict.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a version the champion."""
    from core.store.registry import registry

    sector_of(sector)
    rival = registry().resolve(sector, version)
    champion = registry().resolve(sector)
    verdict = _judged(rival, champion).as_dict() if ask_gate else None
    expected = champion.number if ask_gate else None
    found = registry().promote(sector, rival.number, expected=expected, reason=reason, verdict=verdict)
    put(version_row(found), as_json, f"version {found.ref} is the champion")


@app.command()
@guarded
def rollback(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """Make the previous champion the champion again."""
    from core.store.registry import registry

    sector_of(sector)
    found = registry().rollback(sector)
    put(version_row(found), as_json, f"version {found.ref} is the champion again")


@app.command("delete-version")
@guarded
def delete_version(
    sector: SectorArgument,
    version: VersionArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the files of a version for good; never the champion's. Its row stays."""
    from core.store.registry import registry

    sector_of(sector)
    found = registry().resolve(sector, version)
    if not yes:
        typer.confirm(
            f"Delete version {found.ref} of {sector}, {found.name or 'without a name'}?", abort=True, err=True
        )
    registry().delete(sector, found.number)
    put({"deleted": found.ref}, False, f"version {found.ref} is deleted")


@app.command("export-version")
@guarded
def export_version(
    sector: SectorArgument,
    version: VersionArgument = "champion",
    out: Annotated[Path | None, typer.Option("--out", help="Zip to write.")] = None,
    to_mlflow: Annotated[bool, typer.Option("--mlflow", help="Into the MLflow of MLFLOW_TRACKING_URI.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a version as one file, or into an MLflow of your own."""
    from core.store.registry import registry

    sector_of(sector)
    if to_mlflow == (out is not None):
        raise typer.BadParameter("either --out FILE or --mlflow")
    found = registry().resolve(sector, version)
    row = {"sector": sector, "version": found.ref, "sha256": found.sha256}
    if out is None:
        from core.store import mlflow_export

        run = mlflow_export.export(sector, found.number)
        put(row | {"run": run}, as_json, f"version {found.ref} is run {run}")
        return
    if out.suffix.lower() != ".zip" or out.is_dir() or not out.parent.is_dir():
        raise typer.BadParameter(f"--out {out} has to be a .zip in a folder that exists")
    _write(found, out)
    put(row | {"out": str(out), "size_mb": round(out.stat().st_size / 1e6, 3)}, as_json, f"{out}: version {found.ref}")


def _write(version: Version, out: Path) -> None:
    from core.store.transfer import export_version as write

    try:
        write(version, out)
    except OSError as error:
        out.unlink(missing_ok=True)
        message = Message(N_("{name} cannot be written: {why}."), {"name": out.name, "why": error.strerror})
        raise AppError("output.unwritable", message, N_("Choose another place.")) from None


@app.command("import-version")
@guarded
def import_version(
    sector: SectorArgument,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="What `export-version` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Take in a version from a file, as challenger, after checking all of it."""
    from core.store.transfer import import_version as read

    sector_of(sector)
    if not existing(path).is_file():
        raise typer.BadParameter(f"{path} is a folder")
    found = read(sector, path, path.name)
    put(version_row(found), as_json, f"version {found.ref} is the challenger")
