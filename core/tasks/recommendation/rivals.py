"""Simpler models beside a served one: the same items and users, fitted again from what its checkpoint holds."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.tasks.recommendation.choosing import ITEMS
from core.tasks.recommendation.neighbours import fit_neighbours
from core.tasks.recommendation.predictor import RecommenderPredictor
from core.tasks.recommendation.scoring import Popularity, Scorer

POPULARITY, ITEM_KNN = "popularity", "item_knn"


def rivals_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Kinds of models that can stand beside a version, popularity first; nearest items as its own run chose them."""
    kinds = [POPULARITY, *(kind for kind in (ITEM_KNN,) if kind in manifest.get("rivals", {}))]
    fitting = int(manifest.get("items", 0)) <= ITEMS
    return tuple(kind for kind in kinds if kind != manifest.get("architecture") and (fitting or kind == POPULARITY))


def rival(predictor: RecommenderPredictor, kind: str, manifest: Mapping[str, Any]) -> RecommenderPredictor:
    """A predictor of one of `rivals_of` that learned from the same interactions as `predictor`.

    Raises:
        KeyError: There is no such model beside this version.
    """
    if kind not in rivals_of(manifest):
        raise KeyError(kind)
    model = predictor.model
    scorer: Scorer = Popularity(model.taken)
    if kind == ITEM_KNN:
        half_life = float(manifest["rivals"][ITEM_KNN].get("half_life", 0.0))
        scorer = fit_neighbours(model.histories, len(model.catalogue), half_life)
    other = copy.copy(predictor)
    other.model, other.architecture = replace(model, scorer=scorer), kind
    return other
