"""Which kind of model the bundled recommender is, decided on validation alone: `python -m bench.shop_kinds`.

Every kind is fitted to the training of the recipe without its validation part, with strengths chosen as in any run, and
measured on that part; the test is not read. From the plainest kind on, a more complicated one is taken only where its
NDCG@20 is ahead user by user with an interval above zero. Decision 0024 weighs a replay besides.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.shop_recipe import CONFIG
from core.contracts import RunContext
from core.data.interaction_check import prepared
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.data.simulated_shop import simulated_shop
from core.tasks.recommendation.choosing import METRIC, ranked
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.kinds import fit_scorer
from core.tasks.recommendation.train import divided, strengths_of
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import accuracy_columns
from core.training.run import ListedRun

KINDS = ("popularity", "item_knn", "ease", "als", "sequential")
"""The plainest first."""
Columns = dict[str, NDArray[np.float64]]


def on_validation(
    data: Interactions, split: RankingSplit, config: RecommendationConfig, run: RunContext
) -> tuple[NDArray[np.float64], Mapping[str, float]]:
    """What one kind reaches on each user of the validation part, (U,), and its strengths."""
    strengths = strengths_of(config.model, data, split, config, run).strengths
    # The network stops by its validation part, so that its figure here is too good rather than too bad.
    shortened = replace(split, validation=split.validation if config.model == "sequential" else split.validation[:0])
    scorer = fit_scorer(data, shortened, config, strengths, run)
    known, truth = data.histories(split.train), data.histories(split.validation)
    users = np.flatnonzero((known.sizes > 0) & (truth.sizes > 0))
    lists = ranked(scorer, known, users, 20)
    return accuracy_columns(lists, truth.take(users), data.n_items)[METRIC].astype(np.float64), strengths


def decided(reached: Mapping[str, NDArray[np.float64]]) -> tuple[str, dict[str, Any]]:
    """The kind that is taken, and what each reached beside the one that was taken before it."""
    taken, found = "", dict[str, dict[str, Any]]()
    for kind, values in reached.items():
        found[kind] = {METRIC: bootstrap(mean_of(values), len(values)).as_dict()}
        if taken:
            ahead = bootstrap(mean_of(values - reached[taken]), len(values))
            found[kind] |= {"ahead_of": taken, "ahead": ahead.as_dict()}
        if not taken or ahead.low > 0:
            taken = kind
    return taken, found


def main() -> dict[str, Any]:
    """Measure every kind and say which one is bundled."""
    data, split = divided(prepared(simulated_shop()), CONFIG)
    reached: Columns = {}
    chosen: dict[str, Mapping[str, float]] = {}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            config = replace(CONFIG, model=kind, compare=False, epochs=40, early_stopping=6)
            reached[kind], chosen[kind] = on_validation(data, split, config, ListedRun(Path(folder), config.seed))
        print(f"{kind}: {reached[kind].mean():.4f} {dict(chosen[kind])}", file=sys.stderr, flush=True)
    taken, found = decided(reached)
    rows = {"validation": len(split.validation), "test": len(split.test)}
    return {"taken": taken, "users": len(reached[taken]), "rows": rows, "kinds": found, "chosen": chosen}


if __name__ == "__main__":
    print(json.dumps(main(), indent=1))
