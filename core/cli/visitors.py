"""Verbs about what visitors said: corrections list, export, undo, delete."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.cli.asked import out_file, unwritable
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
        f"{'  undone' if e.undone else ''}{'  kept' if e.kept else ''}"
        for e in found
    ]
    put(rows, as_json, "\n".join(lines))


@_said.command("export")
@guarded
def export_texts(
    sector: SectorArgument, out: Annotated[Path, typer.Option("--out", help="CSV file to write.")]
) -> None:
    """Kept texts with their right answers, as a table to train on."""
    from core.store.corrections_export import texts_csv

    entry, target = sector_of(sector), out_file(out, [".csv"])
    if entry.reads != "texts":
        raise typer.BadParameter(f"{entry.slug} keeps no texts")
    table = texts_csv(entry.slug)
    try:
        target.write_bytes(table)
    except OSError as error:
        raise unwritable(target, error) from error
    put(None, False, str(target))


@_said.command()
@guarded
def undo(entry: IdArgument) -> None:
    """Take an entry back: it stays in the list, what was kept is deleted."""
    from core.store import feedback

    feedback.undo(entry)
    put(None, False, f"{entry} is taken back")


@_said.command()
@guarded
def delete(entry: IdArgument) -> None:
    """Delete an entry with what was kept for it."""
    from core.store import feedback

    feedback.delete(entry)
    put(None, False, f"{entry} is deleted")
