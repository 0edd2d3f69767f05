"""Measured users whose test items the model had learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.contracts import Evaluation
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.tasks.recommendation.predictor import RecommenderPredictor


def seen_users(
    predictor: RecommenderPredictor, data: Interactions, split: RankingSplit, evaluation: Evaluation
) -> NDArray[np.bool_]:
    """Which of the measured users (U,) have an item in the test that stands in their history of the training."""
    model, ids = predictor.model, data.catalogue.ids
    own = np.array([model.item_places.get(name, -1) for name in ids.tolist()], np.int64)
    pairs = model.histories.users.astype(np.int64) * len(model.catalogue) + model.histories.items
    users = np.array([model.user_places.get(name, -1) for name in data.users.tolist()], np.int64)
    user, item = users[data.user[split.test]], own[data.item[split.test]]
    learned = (user >= 0) & (item >= 0) & np.isin(user * len(model.catalogue) + item, pairs)
    names = data.users[data.user[split.test][learned]]
    return np.isin(evaluation.table["id"], names)
