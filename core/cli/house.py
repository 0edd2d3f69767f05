"""Verbs about this installation: sectors, fetch, doctor, bench."""

from __future__ import annotations

from typing import Annotated

import typer

from core.catalog import SECTORS
from core.cli.shell import JsonOption, app, guarded, put, say
from core.data.catalog import DATA_SETS


@app.command()
@guarded
def sectors(as_json: JsonOption = False) -> None:
    """List the sectors."""
    rows = [{"slug": s.slug, "title": s.title, "task": s.task, "headline_metric": s.headline_metric} for s in SECTORS]
    put(rows, as_json, "\n".join(f"{row['slug']:16} {row['title']}" for row in rows))


@app.command()
@guarded
def fetch(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help=f"Data sets: {', '.join(entry.name for entry in DATA_SETS)}."),
    ],
) -> None:
    """Fetch data sets from their official addresses."""
    from core.fetch import fetch as fetch_data

    unknown = [name for name in names if name not in {entry.name for entry in DATA_SETS}]
    if unknown:
        raise typer.BadParameter(f"no data set {unknown[0]!r}; there are: {', '.join(e.name for e in DATA_SETS)}")
    for name in names:
        say(f"{name}: {fetch_data(name)}")


@app.command()
@guarded
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is safe to mend.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check database, versions, files and machine; exit 1 when something is wrong."""
    from core.doctor import check

    findings = check(repair=repair)
    rows = [{"level": f.level, "name": f.name, "message": str(f.message), "repaired": f.repaired} for f in findings]
    put(rows, as_json, "\n".join(f"{r['level']:8} {r['name']:28} {r['message']}" for r in rows))
    if any(f.level == "error" and not f.repaired for f in findings):
        raise typer.Exit(1)


@app.command()
@guarded
def bench(name: Annotated[str, typer.Argument(help="Which measurement; none lists them.")] = "") -> None:
    """Run a side-by-side measurement of bench/."""
    from bench import run

    raise typer.Exit(run(name or None))
