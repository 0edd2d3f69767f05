"""Verbs about what visitors said: corrections list, undo, delete."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.shell import JsonOption, SectorArgument, app, guarded, put, sector_of

_said = typer.Typer(no_args_is_help=True, help="What visitors said of predictions: list it, take it back, delete it.")
app.add_typer(_said, name="corrections")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of an entry, see `corrections list`.")]


@_said.command("list")
@guarded
def list_entries(sector: SectorArgument, as_json: JsonOption = False) -> None:
    """Entries of a sector, newest first."""
    from core.store import feedback

    found = feedback.corrections(sector_of(sector).slug)
    rows = [{**asdict(entry), "created": entry.created.isoformat(), "kept": entry.kept} for entry in found]
    lines = [
        f"{e.id}  {e.created:%Y-%m-%d %H:%M}  {e.kind:10} {e.version:8} {e.decision or '-'} -> {e.answer or '?'}"
        f"{'  undone' if e.undone else ''}{'  picture kept' if e.kept else ''}"
        for e in found
    ]
    put(rows, as_json, "\n".join(lines))


@_said.command()
@guarded
def undo(entry: IdArgument) -> None:
    """Take an entry back: it stays in the list, its picture is deleted."""
    from core.store import feedback

    feedback.undo(entry)
    put(None, False, f"{entry} is taken back")


@_said.command()
@guarded
def delete(entry: IdArgument) -> None:
    """Delete an entry with its picture."""
    from core.store import feedback

    feedback.delete(entry)
    put(None, False, f"{entry} is deleted")
