"""Verbs of the model room: models, promote, rollback."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli.shell import JsonOption, SectorArgument, app, guarded, put, sector_of
from core.cli.versions import version_row


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
def promote(
    sector: SectorArgument,
    version: Annotated[str, typer.Argument(help="Number, `bundled` or challenger.")],
    as_json: JsonOption = False,
) -> None:
    """Make a version the champion."""
    from core.store.registry import registry

    sector_of(sector)
    found = registry().promote(sector, registry().resolve(sector, version).number)
    put(version_row(found), as_json, f"version {found.ref} is the champion")


@app.command()
@guarded
def rollback(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """Make the previous champion the champion again."""
    from core.store.registry import registry

    sector_of(sector)
    found = registry().rollback(sector)
    put(version_row(found), as_json, f"version {found.ref} is the champion again")
