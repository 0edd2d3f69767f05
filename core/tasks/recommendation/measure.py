"""From a predictor and divided interactions to an evaluation table and its summary.

One row is one user who took something in the test part and of whom something was known before. `prediction` says
whether any of the first ten items was right, so that everything that compares versions answer by answer works on hits;
the metrics stand in columns `metric.<name>`, their means in the summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, DataInfo, Evaluation, Message, Metric
from core.data.histories import Histories, from_pairs
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.errors import InputRefused
from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.model import Recommender
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.scoring import Popularity, Scorer
from core.tasks.recommendation.sliced import user_slices, wanted_columns
from core.training.evaluation import ANSWERS, OTHER, VALIDATION, save_evaluation
from core.training.metrics import mean_of
from core.training.ranking import LIST, METRIC, accuracy_columns, list_columns, ranking_summary
from core.training.resampling import table_bootstrap

LABELS = ("missed", "found")
K = 20
HEADLINE = "ndcg_at_10"
NO_HISTORY = "users without history"
"""Left out of the figures: whatever they are shown is the same for all of them."""


@dataclass(frozen=True)
class Held:
    """What is measured: U users with what is known of them and what is to be found, as places of the model's items.

    Items that the model does not know have places beyond its own: they cannot be found and count as missed.
    """

    users: NDArray[np.str_]
    known: Histories
    truth: Histories
    n_items: int
    """Of the model and beyond it."""
    without_history: int


def held_of(model: Recommender, data: Interactions, split: RankingSplit, part: str) -> Held:
    """The users of a part of the data.

    Raises:
        InputRefused: Nothing of the data is known to the model.
    """
    places, ids = model.item_places, data.catalogue.ids.tolist()
    own = np.array([places.get(name, -1) for name in ids], np.int64)
    unknown = np.flatnonzero(own < 0)
    own[unknown] = len(places) + np.arange(len(unknown))
    before = split.train if part == "validation" else split.known
    known_rows = before[own[data.item[before]] < len(places)]
    wanted = split.validation if part == "validation" else split.test
    known = from_pairs(data.user[known_rows], own[data.item[known_rows]], data.n_users)
    truth = from_pairs(data.user[wanted], own[data.item[wanted]], data.n_users)
    chosen = np.flatnonzero((truth.sizes > 0) & (known.sizes > 0))
    if not len(chosen):
        template = N_("{name}: no user has items that the model knows before the test, and others in it.")
        raise InputRefused("interactions.nothing_to_measure", Message(template, {"name": data.name}))
    without = int(((truth.sizes > 0) & (known.sizes == 0)).sum())
    return Held(data.users[chosen], known.take(chosen), truth.take(chosen), len(places) + len(unknown), without)


def measure_users(
    model: Recommender, held: Held, others: Mapping[str, Scorer] | None = None
) -> dict[str, NDArray[Any]]:
    """Columns of an evaluation table, one row for each user; `others` are scorers of the same items."""
    everyone = np.arange(len(held.users))
    lists = ranked(model.scorer, held.known, everyone, K, model.cold)
    accuracy = accuracy_columns(lists, held.truth, held.n_items)
    like = list_columns(lists[:, :10], model.taken, model.vectors, len(model.users))
    headline = accuracy[HEADLINE]
    table: dict[str, NDArray[Any]] = {
        "id": held.users,
        "truth": np.ones(len(everyone), np.int64),
        "prediction": (accuracy["hr_at_10"] > 0).astype(np.int64),
        "scores": np.stack([1 - headline, headline], axis=1),
        "abstained": np.zeros(len(everyone), bool),
        "domain_score": np.zeros(len(everyone), np.float32),
        LIST: lists,
        **user_slices(model, held.known),
        **wanted_columns(lists, held.truth, model, held.n_items),
    }
    table |= {METRIC + name: values for name, values in (accuracy | like).items()}
    rivals: dict[str, Scorer] = {"popularity": Popularity(model.taken), **(others or {})}
    for name, scorer in rivals.items():
        if name != model.scorer.kind:
            listed = ranked(scorer, held.known, everyone, K, model.cold)
            table[OTHER + name] = accuracy_columns(listed, held.truth, held.n_items)[HEADLINE]
    return table


def summarise(evaluation: Evaluation) -> dict[str, Metric]:
    """The metrics of a table of this task, or of some of its rows."""
    return ranking_summary(evaluation.table, _items_of(evaluation))


def _items_of(evaluation: Evaluation) -> int:
    """Items that could be listed; stored once, in a column of its own, because a table has one row per user."""
    catalogue = np.asarray(evaluation.table.get("catalogue", np.zeros(0)))
    return int(catalogue[0]) if len(catalogue) else 0


def over_other(evaluation: Evaluation, name: str = "popularity") -> Metric:
    """NDCG@10 of the version minus that of another model on the same users, with an interval over the users.

    Raises:
        KeyError: The table holds no such model.
    """
    table = evaluation.table
    gain = np.asarray(table[METRIC + HEADLINE], np.float64) - np.asarray(table[OTHER + name], np.float64)
    return table_bootstrap(table, mean_of(gain))


def evaluate_part(
    predictor: RecommenderPredictor,
    data: Interactions,
    split: RankingSplit,
    command: str,
    others: Mapping[str, Scorer] | None = None,
    part: str = "test",
) -> Evaluation:
    """One row per user of a part.

    Raises:
        InputRefused: There is nobody to measure.
    """
    held = held_of(predictor.model, data, split, part)
    table = measure_users(predictor.model, held, others)
    table[ANSWERS] = _answers(data, split.validation if part == "validation" else split.test, held.users)
    table["catalogue"] = np.full(len(held.users), len(predictor.model.catalogue), np.int32)
    name = split.name if part == "test" else part
    evaluation = Evaluation(
        labels=LABELS,
        table=table,
        summary={},
        data=DataInfo(data.name, name, len(held.users), data.sha256),
        seed=predictor.seed,
        command=command,
        skipped={NO_HISTORY: held.without_history} if held.without_history else {},
        notices=(*data.notices, *split.notices, *_said(held, predictor)),
    )
    evaluation = replace(evaluation, summary=summarise(evaluation))
    return _with_verdict(evaluation)


def _answers(data: Interactions, rows: NDArray[np.int64], users: NDArray[np.str_]) -> NDArray[np.uint64]:
    """A number for each of the users (U,) that stands for the items that he took in some rows, in any order."""
    ids = data.catalogue.ids.tolist()
    own = {item: sha256(ids[item].encode("utf-8", "surrogatepass")).digest() for item in np.unique(data.item[rows])}
    numbers = np.array([int.from_bytes(own[item][:8]) for item in data.item[rows].tolist()], np.uint64)
    found = np.zeros(data.n_users, np.uint64)
    np.add.at(found, data.user[rows], numbers)
    return found[np.searchsorted(data.users, users)]


def _said(held: Held, predictor: RecommenderPredictor) -> tuple[Message, ...]:
    missing = held.n_items - len(predictor.model.catalogue)
    if not missing:
        return ()
    template = N_("Items of these data that the model does not know and that count as missed: {count}.")
    return (Message(template, {"count": missing}),)


def _with_verdict(evaluation: Evaluation) -> Evaluation:
    """The evaluation with a notice where the version is not shown to beat popularity."""
    if OTHER + "popularity" not in evaluation.table:
        return evaluation
    gain = over_other(evaluation)
    if gain.low > 0:
        return evaluation
    template = N_(
        "This model is not shown to be better than showing everybody what most users took: NDCG@10 differs by "
        "{value:+.4f} ({low:+.4f} to {high:+.4f})."
    )
    found = {"value": gain.value, "low": gain.low, "high": gain.high}
    return replace(evaluation, notices=(*evaluation.notices, Message(template, found)))


def save_splits(folder: Path, test: Evaluation, validation: Evaluation | None) -> None:
    """Store the tables beside the checkpoint."""
    save_evaluation(folder, test)
    if validation is not None:
        save_evaluation(folder / VALIDATION, validation)
