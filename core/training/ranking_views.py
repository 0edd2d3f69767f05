"""Views of an evaluation of lists: other models on the same users, parts of the users, and items that they wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.contracts import Evaluation, Metric
from core.training.evaluation import OTHER
from core.training.list_replay import hits_per_event
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import FOUND, GROUPS, METRIC, WANTED
from core.training.resampling import table_bootstrap
from core.training.slices import PREFIX

HEADLINE = "ndcg_at_10"
POPULARITY = "popularity"
ORDER = {name: place for place, name in enumerate(("≤ 5", "6–20", "21–50", "51–100", "> 100", "low", "middle", "high"))}
"""Parts whose order means something; others are shown by size."""


@dataclass(frozen=True)
class UserPart:
    """Some of the users: what their lists reach, and by how much that is more than popularity reaches on them."""

    name: str
    headline: Metric
    hit_rate: Metric
    ahead: Metric | None
    """None where popularity was not measured on the same users."""


@dataclass(frozen=True)
class ItemPart:
    """Items that users wanted, of one group of `core.training.ranking.GROUPS`."""

    name: str
    wanted: int
    found: Metric
    """Share of them that stood among the first ten of whoever wanted it."""


def figure_of(evaluation: Evaluation, architecture: str) -> Metric | None:
    """NDCG@10 of a model on the users of an evaluation, the version's own where it is not among the others."""
    name = OTHER + architecture
    if name not in evaluation.table:
        return evaluation.summary.get(HEADLINE)
    values = np.asarray(evaluation.table[name], np.float64)
    return bootstrap(mean_of(values), len(values))


def compared(evaluation: Evaluation, name: str) -> tuple[Metric, Metric]:
    """NDCG@10 of another model, and that of the version minus it, with intervals over users."""
    table = evaluation.table
    other = np.asarray(table[OTHER + name], np.float64)
    ahead = np.asarray(table[METRIC + HEADLINE], np.float64) - other
    found = [table_bootstrap(table, mean_of(values)) for values in (other, ahead)]
    return found[0], found[1]


def slice_names(evaluation: Evaluation) -> list[str]:
    """Ways in which the users of an evaluation are parted, those that leave all together left out."""
    return [
        name.removeprefix(PREFIX)
        for name, column in evaluation.table.items()
        if name.startswith(PREFIX) and len(np.unique(column)) > 1
    ]


def by_slice(evaluation: Evaluation, name: str) -> list[UserPart]:
    """Every part of the users by one of `slice_names`, each with intervals over its own users."""
    table, column = evaluation.table, np.asarray(evaluation.table[PREFIX + name])
    own, hit = (np.asarray(table[METRIC + metric], np.float64) for metric in (HEADLINE, "hr_at_10"))
    other = np.asarray(table[OTHER + POPULARITY], np.float64) if OTHER + POPULARITY in table else None
    found = []
    for value in np.unique(column).tolist():
        rows = column == value
        metrics = [bootstrap(mean_of(values[rows]), int(rows.sum())) for values in (own, hit)]
        ahead = None if other is None else bootstrap(mean_of((own - other)[rows]), int(rows.sum()))
        found.append(UserPart(str(value), metrics[0], metrics[1], ahead))
    return sorted(found, key=lambda part: (ORDER.get(part.name, len(ORDER)), -part.headline.n, part.name))


def by_wanted(evaluation: Evaluation) -> list[ItemPart]:
    """How many of the wanted items were found, by how many users had taken them before; empty where not counted."""
    found = []
    for name in GROUPS:
        if WANTED + name not in evaluation.table:
            continue
        wanted, right = (np.asarray(evaluation.table[column + name]) for column in (WANTED, FOUND))
        users = wanted > 0
        if users.any():
            share = hits_per_event(right[users].astype(np.float64), wanted[users].astype(np.int64))
            found.append(ItemPart(name, int(wanted.sum()), share))
    return found
