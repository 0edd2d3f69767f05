"""Verbs of the audit log: audit verify, audit list."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.shell import JsonOption, app, guarded, put

_log = typer.Typer(no_args_is_help=True, help="The log of who did what: check it, read it.")
app.add_typer(_log, name="audit")


@_log.command()
@guarded
def verify(
    head: Annotated[
        str, typer.Option(metavar="SEQ:HASH", help="Head that an earlier check printed and that was kept elsewhere.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check every row; exit 1 when one was changed or is missing. Prints the head: keep it outside of this machine."""
    from core.store import audit

    report = audit.verify(head)
    row = {**asdict(report), "intact": report.intact, "other_key": report.other_key}
    lines = [f"{report.rows} rows, head {report.head or '-'}"]
    if report.other_key:
        lines.append("no row fits the key of this installation: secret.key was exchanged")
    elif report.broken:
        lines.append(f"changed: {_shown(report.broken)}")
    if report.missing:
        lines.append(f"missing: {_shown(report.missing)}")
    put(row, as_json, "\n".join(lines if not report.intact else [*lines, "intact"]))
    if not report.intact:
        raise typer.Exit(1)


@_log.command("list")
@guarded
def list_rows(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many rows.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Only rows with a higher number.")] = 0,
    sector: Annotated[str, typer.Option(help="Only rows about this sector.")] = "",
    as_json: JsonOption = False,
) -> None:
    """The newest rows, newest first."""
    from core.store import audit

    entries = audit.entries(limit, after, sector or None)
    rows = [{**asdict(entry), "time": entry.time.isoformat()} for entry in entries]
    lines = [
        f"{e.seq:6}  {e.time:%Y-%m-%d %H:%M:%S}  {e.actor:24} {e.role:9} {e.action:16} {e.sector:12} {e.version:8} "
        f"{e.code}"
        for e in entries
    ]
    put(rows, as_json, "\n".join(lines))


def _shown(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (f" and {len(numbers) - 20} more" if len(numbers) > 20 else "")
