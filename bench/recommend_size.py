"""Time and memory of EASE at 3,000 and 20,000 items, lists for 6,000 users, and one new user.

Interactions are drawn: users of 50 tastes, a popularity with a long tail. Each size runs in a process of its own, so
that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import UserProfile
from core.data.histories import Histories, from_pairs
from core.data.interaction_split import RankingSplit
from core.data.interactions import Catalogue, Interactions
from core.store.files import WEIGHTS
from core.tasks.recommendation.checkpoint import Trained, write_checkpoint
from core.tasks.recommendation.choosing import ranked
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.ease import EaseOptions, fit_ease
from core.tasks.recommendation.item_weights import ItemWeights
from core.tasks.recommendation.task import TASK
from core.tasks.recommendation.train import assembled

SIZES = (3_000, 20_000)
USERS, TASTES, EACH = 6_000, 50, 130
CALLS = 200


def drawn(n_items: int, n_users: int = USERS, seed: int = 0) -> Histories:
    """Users who take about `EACH` items, mostly of two tastes, popular ones more."""
    random = np.random.default_rng(seed)
    fame = 1 / np.arange(1, n_items + 1) ** 0.7
    taste = random.integers(0, TASTES, n_items)
    users, items = [], []
    for user in range(n_users):
        loved = random.choice(TASTES, 2, replace=False)
        want = np.cumsum(fame * np.where(np.isin(taste, loved), 20.0, 1.0))
        size = int(random.poisson(EACH)) + 5
        items.append(np.unique(np.searchsorted(want / want[-1], random.random(size)).clip(max=n_items - 1)))
        users.append(np.full(len(items[-1]), user))
    return from_pairs(np.concatenate(users), np.concatenate(items), n_users)


def peak_mb() -> float:
    """Most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_size(n_items: int) -> dict[str, Any]:
    """Figures of one size."""
    histories = drawn(n_items)
    before, began = peak_mb(), time.perf_counter()
    scorer = fit_ease(histories, n_items, EaseOptions(500.0))
    fitted, after = time.perf_counter() - began, peak_mb()
    began = time.perf_counter()
    ranked(scorer, histories, np.arange(USERS), 20)
    listed = time.perf_counter() - began
    figures: dict[str, Any] = {
        "items": n_items,
        "items_taken": len(np.unique(histories.items)),
        "users": USERS,
        "interactions": len(histories.items),
        "fit_s": round(fitted, 2),
        "fit_peak_mb_more": round(after - before, 1),
        "lists_for_all_s": round(listed, 2),
    }
    return figures | served(scorer, histories)


def served(scorer: ItemWeights, histories: Histories) -> dict[str, Any]:
    """A version of that size on disk and in memory, and answers to new users who liked five items."""
    ids = np.arange(scorer.n_items).astype(np.str_)
    users = np.arange(len(histories)).astype(np.str_)
    data = Interactions(users, Catalogue(ids, tuple(ids.tolist())), histories.users, histories.items, name="drawn")
    config, none = RecommendationConfig(map_items=0), np.zeros(0, np.int64)
    split = RankingSplit(np.arange(len(data)), none, none, "random", "nothing held out")
    model = assembled(scorer, data, histories, config)
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), Trained(model, data, split, config, "", {}, ()))
        size = (Path(folder) / WEIGHTS).stat().st_size
        predictor = TASK.load(Path(folder), "cpu")
    random, taken = np.random.default_rng(1), []
    known = np.flatnonzero(predictor.model.taken)
    for _ in range(CALLS):
        liked = predictor.model.catalogue.ids[random.choice(known, 5, replace=False)]
        began = time.perf_counter()
        predictor.predict([UserProfile("new", tuple(liked.tolist()))])
        taken.append(1000 * (time.perf_counter() - began))
    return {
        "file_mb": round(size / 2**20, 1),
        "loaded_mb": round(predictor.size_bytes / 2**20, 1),
        "new_user_ms_p50": round(float(np.median(taken)), 2),
        "new_user_ms_p95": round(float(np.quantile(taken, 0.95)), 2),
    }


def main() -> dict[str, Any]:
    """Every size in a process of its own."""
    found = {}
    for n_items in SIZES:
        command = [sys.executable, "-m", "bench.recommend_size", "--items", str(n_items)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[str(n_items)] = json.loads(output.splitlines()[-1])
        print(found[str(n_items)], flush=True)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int)
    options = parser.parse_args()
    print(json.dumps(one_size(options.items) if options.items else main()))
