"""One place that knows every kind of model: how it is fitted and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import RunContext
from core.data.histories import Histories
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.device import pick_device
from core.tasks.recommendation import factors, item_weights, sequential
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.ease import EaseOptions, fit_ease
from core.tasks.recommendation.factors import fit_factors
from core.tasks.recommendation.item_weights import ItemWeights
from core.tasks.recommendation.neighbours import fit_neighbours
from core.tasks.recommendation.scoring import Popularity, Scorer
from core.tasks.recommendation.sequential import fit_sequential

Strengths = Mapping[str, float]


def given_strengths(config: RecommendationConfig) -> dict[str, float]:
    """The strengths that the options of a run name, by kind of model."""
    names = {
        "ease": ("regularisation", "user_power", "item_power", "half_life"),
        "item_knn": ("half_life",),
        "als": ("penalty",),
    }
    return {name: float(getattr(config, name)) for name in names.get(config.model, ())}


def fit_weights(
    kind: str, histories: Histories, n_items: int, strengths: Strengths, device: str, run: RunContext | None = None
) -> ItemWeights:
    """Fit a model of weights between items, `ease` or `item_knn`, in closed form.

    Raises:
        RunCancelled: The run, if there is one, should stop.
    """
    if kind == "item_knn":
        return fit_neighbours(histories, n_items, strengths["half_life"])
    fitted = {name: value for name, value in strengths.items() if name != "half_life"}
    options, stop = EaseOptions(**fitted), (lambda: False) if run is None else run.should_stop
    return replace(fit_ease(histories, n_items, options, device, stop), half_life=strengths["half_life"])


def fit_scorer(
    data: Interactions, split: RankingSplit, config: RecommendationConfig, strengths: Strengths, run: RunContext
) -> Scorer:
    """Fit the model of a run to everything before the test.

    Raises:
        RunCancelled: Somebody asked for it to stop.
        JobError: The training diverged.
    """
    known = data.histories(split.known)
    if config.model == "popularity":
        return Popularity(np.bincount(known.items, minlength=data.n_items))
    if config.model == "als":
        return fit_factors(known, data.n_items, strengths["penalty"], config, run)
    if config.model == "sequential":
        return fit_sequential(data, split, config, run)
    return fit_weights(config.model, known, data.n_items, strengths, pick_device(), run)


def read_scorer(
    kind: str, tensors: dict[str, NDArray[Any]], taken: NDArray[Any], config: Mapping[str, Any], device: str
) -> Scorer:
    """What `Scorer.tensors` gave; raises `KeyError`, `ValueError` or `RuntimeError` when it does not fit."""
    if kind == "popularity":
        return Popularity(taken)
    if kind == "als":
        return factors.from_tensors(tensors, len(taken))
    if kind == "sequential":
        return sequential.from_tensors(tensors, len(taken), config, device)
    return item_weights.from_tensors(kind, tensors, len(taken))
