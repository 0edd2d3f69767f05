"""One training run: read, divide, choose strengths on validation, fit to everything before the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.contracts import RunContext
from core.data.histories import Histories, from_pairs
from core.data.interaction_check import prepared
from core.data.interaction_split import RankingSplit, split_interactions
from core.data.interactions import Interactions
from core.data.mapping import parse_mapping
from core.data.read_interactions import read_interactions
from core.device import pick_device
from core.tasks.recommendation import choosing
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.factors import fit_factors
from core.tasks.recommendation.kinds import fit_scorer, fit_weights, given_strengths
from core.tasks.recommendation.model import Recommender, by_popularity, item_vectors, layout_of
from core.tasks.recommendation.scoring import Scorer

RIVALS = ("item_knn", "ease")
"""Fitted beside the model where a run compares; popularity is measured in any case."""


@dataclass(frozen=True)
class Fitted:
    """A model and what its run chose."""

    model: Recommender
    chosen: Mapping[str, float]
    tried: tuple[Mapping[str, float], ...]
    others: Mapping[str, Scorer]
    """Other models of the same items, to compare with."""
    rivals: Mapping[str, Mapping[str, float]]
    """Strengths that were chosen for each of them."""


def read_data(path: Path, config: RecommendationConfig) -> Interactions:
    """The interactions of a path that count, with the most taken items first.

    Raises:
        InputRefused: There is too little to learn from.
    """
    data = read_interactions(path, parse_mapping(config.columns))
    return prepared(data, config.least_rating)


def divided(data: Interactions, config: RecommendationConfig) -> tuple[Interactions, RankingSplit]:
    """The parts of the data, and the data with those items first that were taken most before the test."""
    split = split_interactions(
        data,
        config.split,
        test_share=config.test_share,
        validation_share=config.validation_share,
        seed=config.seed,
    )
    taken = np.bincount(data.item[split.known], minlength=data.n_items)
    return data.with_items(by_popularity(taken)), split


def fit_model(data: Interactions, split: RankingSplit, config: RecommendationConfig, run: RunContext) -> Fitted:
    """Choose strengths on the validation part, then fit to everything before the test.

    Raises:
        RunCancelled: Somebody asked for it to stop.
        JobError: The training diverged.
    """
    device, known = pick_device(), data.histories(split.known)
    chosen = strengths_of(config.model, data, split, config, run)
    scorer = fit_scorer(data, split, config, chosen.strengths, run)
    others: dict[str, Scorer] = {}
    rivals: dict[str, Mapping[str, float]] = {}
    for kind in RIVALS if config.compare else ():
        if kind != config.model:
            rivals[kind] = strengths_of(kind, data, split, config, run).strengths
            others[kind] = fit_weights(kind, known, data.n_items, rivals[kind], device, run)
    run.stage("map")
    return Fitted(assembled(scorer, data, known, config), chosen.strengths, chosen.tried, others, rivals)


def strengths_of(
    kind: str, data: Interactions, split: RankingSplit, config: RecommendationConfig, run: RunContext
) -> choosing.Chosen:
    """Strengths of one kind of model: chosen where the run shall choose, else as its options say."""
    if kind not in choosing.GRIDS or not config.tune or not len(split.validation):
        given = given_strengths(config) if kind == config.model else choosing.STARTS.get(kind, {})
        return choosing.Chosen(dict(given), ())
    n_items = min(data.n_items, choosing.ITEMS)
    before, after = (first_items(data.histories(rows), n_items) for rows in (split.train, split.validation))
    if kind == "als":
        return choosing.choose(
            kind, lambda strengths: fit_factors(before, n_items, strengths["penalty"], config, run), before, after, run
        )
    fit = choosing.remembered(lambda strengths: fit_weights(kind, before, n_items, strengths, pick_device()))
    return choosing.choose(kind, fit, before, after, run)


def first_items(histories: Histories, n_items: int) -> Histories:
    """The same users with their items below a place, which are the most taken ones."""
    kept = histories.items < n_items
    return from_pairs(histories.users[kept], histories.items[kept], len(histories))


def assembled(scorer: Scorer, data: Interactions, known: Histories, config: RecommendationConfig) -> Recommender:
    """The model as it is served."""
    taken = np.bincount(known.items, minlength=data.n_items).astype(np.int64)
    vectors = item_vectors(known, data.n_items, config.seed)
    layout = layout_of(vectors, config.map_items, config.seed)
    present = np.flatnonzero(known.sizes)
    return Recommender(scorer, data.catalogue, taken, vectors, layout, data.users[present], known.take(present))
