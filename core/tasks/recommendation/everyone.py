"""The best items of every user of the training, as a table to download."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.predictor import RecommenderPredictor


def recommend_to_everyone(predictor: RecommenderPredictor, k: int = 10) -> pd.DataFrame:
    """Rows `user_id`, `rank` (from 1), `item_id`, `title`: k for each user, fewer where he has taken nearly all."""
    model = predictor.model
    lists = ranked(model.scorer, model.histories, np.arange(len(model.users)), k, model.cold)
    user, rank = np.nonzero(lists >= 0)
    items = lists[user, rank]
    return pd.DataFrame(
        {
            "user_id": model.users[user],
            "rank": rank + 1,
            "item_id": model.catalogue.ids[items],
            "title": np.array(model.catalogue.titles, object)[items],
        }
    )
