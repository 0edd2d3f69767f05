"""Transactions asked about from the command line: one CSV or Parquet file."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import typer

from core.answers import attribution_document, finite, table_document
from core.cli.asked import Asked, Said, out_file, unwritable
from core.contracts import FeatureAttribution, Refusal
from core.errors import InputRefused

if TYPE_CHECKING:
    from core.contracts import Decisions
    from core.data.transactions import Transactions

SHOWN: Final = 20
"""Rows printed for a person, the highest scores."""


def predict(asked: Asked, refused: list[Refusal]) -> Said:
    """Scores of all rows of the file, in words those of the highest ones; with `out` also as CSV."""
    from core.data.read_transactions import open_transactions
    from core.data.scored import write_scored
    from core.serving import service

    asked.refuse(coverage=asked.coverage is not None, false_alarm_rate=asked.false_alarm_rate)
    slug, path, out = asked.sector.slug, asked.one_file(), asked.out and out_file(asked.out, [".csv"])
    chosen = service.choose(slug, asked.model)
    try:
        table = open_transactions(path, path.name, asked.columns)
        (answer,) = service.predict(slug, [table], chosen, threshold=asked.threshold)
    except InputRefused as error:
        refused.append(error.refusal(path.name))
        return Said(partial(table_document, slug, None, None, refused), asked.sector.notice, (), 0)
    refused += table.refused
    if out is not None:
        try:
            write_scored(out, table, answer.decisions, asked.sector.notice)
        except OSError as error:
            raise unwritable(out, error) from None
    words = _words(table, answer.decisions, asked.sector.notice)
    notices = [str(notice) for notice in (*table.notices, *answer.decisions.notices, *answer.notices)]
    return Said(partial(table_document, slug, table, answer), words, notices, len(answer.decisions.scores))


def _words(table: Transactions, found: Decisions, notice: str) -> str:
    """Counts and the highest scores."""
    over = int(found.decided.sum())
    counts = f"{len(found.scores)} rows, {over} {found.labels[1]} from a score of {found.threshold:.3f} on"
    if found.abstained is not None:
        counts = f"declined: {found.abstained.message}"
    order = np.argsort(-found.scores, kind="stable")[:SHOWN]
    ids, amounts = table.ids[table.context :], table.amount[table.context :]
    lines = [
        f"{ids[row]}\t{amounts[row]:.2f}\t{found.row(int(row)).decision}\t{found.scores[row]:.3f}" for row in order
    ]
    return "\n".join([counts, *lines, *([notice] if notice else [])])


def explain(asked: Asked, *, method: str, target: str, row: str) -> tuple[dict[str, Any], str]:
    """Write what every feature adds to the score of one row, as JSON or as a page with bars."""
    from core.data.read_transactions import open_transactions
    from core.explain.bars import write_bars
    from core.serving import service

    if not row:
        raise typer.BadParameter("--row is needed: the id of the row to explain")
    slug, path = asked.sector.slug, asked.one_file()
    out = out_file(asked.out or path, [".json", ".html"])
    table = open_transactions(path, path.name, asked.columns)
    places = np.flatnonzero(table.ids[table.context :] == row)
    if not len(places):
        raise typer.BadParameter(f"--row {row!r}: no such row among the {len(table) - table.context} of {path.name}")
    chosen, place = service.choose(slug, asked.model), int(places[0])
    (answer,) = service.predict(slug, [table], chosen)
    decision = answer.decisions.row(place)
    label, method = target or decision.labels[1], method or service.methods(slug)[0]
    found = service.explain(slug, (table, place), label, method, chosen)
    if not isinstance(found, FeatureAttribution):
        raise TypeError(f"{found.kind}, not what features add")
    body = {
        "input": row,
        "target": label,
        "decision": decision.decision,
        "score": round(decision.score, 6),
        "threshold": decision.threshold,
        "out": str(out),
        "notice": asked.sector.notice,
        **attribution_document(found),
    }
    try:
        if out.suffix.lower() == ".json":
            out.write_text(json.dumps(finite(body), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        else:
            write_bars(out, found, f"{row}: {label} {decision.score:.3f}", asked.sector.notice)
    except OSError as error:
        raise unwritable(out, error) from None
    strongest = [f"{entry['contribution']:+.2f}  {entry['reason'] or entry['name']}" for entry in body["features"][:5]]
    return body, "\n".join([f"{out}: {method} for {label} {decision.score:.3f}", *strongest])
