"""Verbs that ask a model: predict, explain. What is read and shown is chosen by what the sector reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from core.cli import lists, parts, pictures, tables, texts
from core.cli.asked import Asked, ColumnOption, Said, columns_of
from core.cli.shell import JsonOption, ModelOption, SectorArgument, app, existing, guarded, put, say, sector_of
from core.contracts import FALSE_ALARM_RATES, Refusal, Sector
from core.log import log_event

_PREDICT: Final[dict[str, Callable[[Asked, list[Refusal]], Said]]] = {
    "images": pictures.predict,
    "parts": parts.predict,
    "transactions": tables.predict,
    "texts": texts.predict,
    "interactions": lists.predict,
}
"""What a sector reads -> its answers; what was not taken is added to the list."""
_EXPLAIN: Final[dict[str, Callable[..., tuple[dict[str, Any], str]]]] = {
    "images": pictures.explain,
    "parts": parts.explain,
    "transactions": tables.explain,
    "texts": texts.explain,
    "interactions": lists.explain,
}


TextOption = Annotated[
    list[str] | None, typer.Option("--text", metavar="TEXT", help="A text itself; may be given several times.")
]
InputsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="INPUT...",
        help="Images, DICOM files, folders or zips; or one CSV or Parquet file; or tables and lists of texts, with - "
        "for standard input.",
    ),
]
CoverageOption = Annotated[
    float | None, typer.Option(min=0.5, max=0.999, help="Coverage of the prediction sets; default 0.9.")
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        min=0.0, max=1.0, help="Score from which on a row, text or part is positive; none stays undecided then."
    ),
]
FalseAlarmOption = Annotated[
    float | None,
    typer.Option(
        min=FALSE_ALARM_RATES[0],
        max=FALSE_ALARM_RATES[1],
        help="Share of good parts that may be called defective; it sets the threshold.",
    ),
]
STANDARD_INPUT: Final = Path("-")


def _texts(entry: Sector, given: list[str] | None) -> list[str]:
    """What `--text` gave; wrong usage for a sector that reads no texts."""
    if given and entry.reads not in ("texts", "interactions"):
        raise typer.BadParameter(f"{entry.slug} reads {entry.reads}: there is no --text for them")
    return list(given or ())


@app.command()
@guarded
def predict(
    sector: SectorArgument,
    inputs: InputsArgument = None,
    text: TextOption = None,
    model: ModelOption = "champion",
    coverage: CoverageOption = None,
    threshold: ThresholdOption = None,
    false_alarm_rate: FalseAlarmOption = None,
    column: ColumnOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write with the scores of a table.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Predict on files or texts. Exit 1 when nothing could be read."""
    entry = sector_of(sector)
    paths = [path if entry.reads == "texts" and path == STANDARD_INPUT else existing(path) for path in inputs or ()]
    refused: list[Refusal] = []
    limits = (coverage, threshold, false_alarm_rate)
    asked = Asked(entry, paths, model, *limits, columns_of(entry, column), out, _texts(entry, text))
    if not (paths or asked.texts):
        raise typer.BadParameter("name an input")
    said = _PREDICT[entry.reads](asked, refused)
    for notice in said.notices:
        say(notice)
    for refusal in refused:
        log_event("refused", command="predict", code=refusal.code)
        say(f"{refusal.name}: {refusal.code}: {refusal.message} {refusal.hint}")
    put(said.document() if as_json else None, as_json, said.words)
    if not said.answered:
        raise typer.Exit(1)


@app.command()
@guarded
def explain(
    sector: SectorArgument,
    out: Annotated[Path, typer.Option("--out", help="PNG to write; for a row of a table or a text JSON or HTML.")],
    path: Annotated[Path | None, typer.Argument(metavar="INPUT", help="A file; or none, with --text.")] = None,
    text: TextOption = None,
    model: ModelOption = "champion",
    method: Annotated[str, typer.Option(help="One of the task's methods; default: the first.")] = "",
    target: Annotated[str, typer.Option(help="Label to explain; default: the one with the highest score.")] = "",
    row: Annotated[str, typer.Option("--row", help="Id of the row to explain, in a table.")] = "",
    column: ColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write why the model answers as it does: a map over an image, or what every feature or word adds to a score."""
    entry = sector_of(sector)
    given, columns = _texts(entry, text), columns_of(entry, column)
    if (path is None) is not bool(given) or len(given) > 1:
        raise typer.BadParameter("name one input")
    asked = Asked(entry, [path] if path else [], model, columns=columns, out=out, texts=given)
    body, words = _EXPLAIN[entry.reads](asked, method=method, target=target, row=row)
    put(body, as_json, words)
