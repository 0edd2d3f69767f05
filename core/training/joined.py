"""Evaluations over several data sets at once: their name is `a+b`, and the ids of their rows begin with the set's name.

Only the recipes of bundled models make them; each set lies on a machine, or does not, on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from core.contracts import DataInfo, Evaluation
from core.training.quality import matched_rows, take

GLUE = "+"


def parts_of(whole: Evaluation) -> dict[str, Evaluation]:
    """By the name of the set, its rows with their ids in that set; an evaluation over one set is its own only part."""
    names = whole.data.name.split(GLUE)
    if len(names) == 1:
        return {whole.data.name: whole}
    ids = np.asarray(whole.table["id"], np.str_)
    found = {}
    for name in names:
        rows = take(whole, np.flatnonzero(np.char.startswith(ids, f"{name}/")))
        own = np.array([str(one).removeprefix(f"{name}/") for one in rows.table["id"]], np.str_)
        data = DataInfo(name, whole.data.split, len(own), "")
        found[name] = replace(rows, table={**rows.table, "id": own}, data=data, summary={})
    return found


def as_whole(parts: Mapping[str, Evaluation], whole: Evaluation) -> Evaluation | None:
    """Parts that were measured again as one evaluation over the same rows as `whole`; None when these are others.

    The summary is left empty. Columns that not all parts have are left out.
    """
    tables = [
        {**part.table, "id": np.char.add(f"{name}/", np.asarray(part.table["id"], np.str_))}
        for name, part in parts.items()
    ]
    shared = set.intersection(*(set(table) for table in tables))
    columns = {name: np.concatenate([table[name] for table in tables]) for name in sorted(shared)}
    found = replace(whole, table=columns, summary={}, skipped={}, notices=())
    rows, order = matched_rows(whole, found)
    same = len(rows) == len(whole.table["id"]) == len(columns["id"])
    if not same or np.any(np.asarray(whole.table["truth"])[rows] != columns["truth"][order]):
        return None
    return found


def measured_again(whole: Evaluation, measure: Callable[[str, Evaluation], Evaluation]) -> Evaluation | None:
    """The rows of an evaluation over several sets, measured set by set with `measure(name, rows)`."""
    return as_whole({name: measure(name, part) for name, part in parts_of(whole).items()}, whole)
