"""Views of an evaluation of lists: other models on the same users, and users by how much was known of them."""

from __future__ import annotations

import numpy as np

from core.contracts import Evaluation, Metric
from core.training.evaluation import OTHER
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import METRIC
from core.training.resampling import table_bootstrap
from core.training.slices import PREFIX

HEADLINE = "ndcg_at_10"


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


def by_activity(evaluation: Evaluation) -> list[tuple[str, Metric, Metric]]:
    """Items that users were known to have, as a range, with NDCG@10 and hit rate of those users."""
    activity = np.asarray(evaluation.table[PREFIX + "activity"])
    columns = [np.asarray(evaluation.table[METRIC + name], np.float64) for name in (HEADLINE, "hr_at_10")]
    found = []
    for name in sorted(set(activity.tolist()), key=_upper_end):
        own = [column[activity == name] for column in columns]
        metrics = [bootstrap(mean_of(values), len(values)) for values in own]
        found.append((str(name), metrics[0], metrics[1]))
    return found


def _upper_end(name: str) -> tuple[bool, int]:
    return name.startswith(">"), int("".join(sign if sign.isdigit() else " " for sign in name).split()[-1])
