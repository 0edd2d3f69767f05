"""Which kind of model the bundled recommender is, decided on validation alone: `python -m bench.shop_kinds`.

Every kind is fitted to the training of the recipe without its validation part, with strengths chosen as in any run, and
measured on that part; the test is not read. From the plainest kind on, a more complicated one takes the place of the
one before where a replay of that part shows it ahead, which is what the page does: it answers with what a visitor took
by now. It must not be shown behind by lists that stand still at the cut. Shown is what has an interval over users on
one side of zero.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.shop_recipe import CONFIG
from core.contracts import Metric, RunContext
from core.data.interaction_check import prepared
from core.data.interaction_split import RankingSplit
from core.data.interactions import Interactions
from core.data.simulated_shop import simulated_shop
from core.tasks.recommendation.choosing import METRIC, ranked
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.kinds import fit_scorer
from core.tasks.recommendation.model import Recommender
from core.tasks.recommendation.replay import replay
from core.tasks.recommendation.train import assembled, divided, strengths_of
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import accuracy_columns
from core.training.run import ListedRun

KINDS = ("popularity", "item_knn", "ease", "als", "sequential")
"""The plainest first."""
Ahead = Callable[[str, str], Metric]
"""What the second of two kinds has more than the first on the same users."""


@dataclass(frozen=True)
class Candidate:
    """One kind, fitted without the validation part."""

    model: Recommender
    strengths: Mapping[str, float]
    reached: NDArray[np.float64]
    """NDCG@20 of its list at the cut for each user of the validation part, (U,)."""


def candidate(data: Interactions, split: RankingSplit, config: RecommendationConfig, run: RunContext) -> Candidate:
    """Fit one kind and measure its lists on the validation part."""
    strengths = strengths_of(config.model, data, split, config, run).strengths
    # The network stops by its validation part, so that its figure here is too good rather than too bad.
    shortened = replace(split, validation=split.validation if config.model == "sequential" else split.validation[:0])
    scorer = fit_scorer(data, shortened, config, strengths, run)
    known, truth = data.histories(split.train), data.histories(split.validation)
    users = np.flatnonzero((known.sizes > 0) & (truth.sizes > 0))
    model = assembled(scorer, data, known, config)
    columns = accuracy_columns(ranked(scorer, known, users, 20, model.cold), truth.take(users), data.n_items)
    return Candidate(model, strengths, columns[METRIC].astype(np.float64))


def decided(kinds: Sequence[str], lists: Ahead, replayed: Ahead) -> tuple[str, dict[str, dict[str, Any]]]:
    """The kind that is taken, and how each stood to the one that was taken before it.

    Args:
        kinds: The plainest first.
        lists: By lists at the cut.
        replayed: By a replay, event by event.
    """
    taken, found = kinds[0], dict[str, dict[str, Any]]()
    for kind in kinds[1:]:
        still, moving = lists(taken, kind), replayed(taken, kind)
        found[kind] = {"ahead_of": taken, METRIC: still.as_dict(), "hits_per_event": moving.as_dict()}
        if moving.low > 0 and still.high >= 0:
            taken = kind
    return taken, found


def main(kinds: Sequence[str] = KINDS) -> dict[str, Any]:
    """Measure kinds, the plainest first, and say which of them is bundled."""
    data, split = divided(prepared(simulated_shop()), CONFIG)
    found: dict[str, Candidate] = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            config = replace(CONFIG, model=kind, compare=False, map_items=0, epochs=40, early_stopping=6)
            found[kind] = candidate(data, split, config, ListedRun(Path(folder), config.seed))
        print(f"{kind}: {found[kind].reached.mean():.4f} {dict(found[kind].strengths)}", file=sys.stderr, flush=True)
    asked = replace(split, validation=split.validation[:0], test=split.validation)

    def lists(first: str, second: str) -> Metric:
        gain = found[second].reached - found[first].reached
        return bootstrap(mean_of(gain), len(gain))

    def replayed(first: str, second: str) -> Metric:
        one = replay(found[first].model, found[second].model, data, asked)
        print(f"{second} after {first}: {one.users} users, {one.events} events", file=sys.stderr, flush=True)
        return one.difference

    taken, beside = decided(kinds, lists, replayed)
    alone = {kind: bootstrap(mean_of(one.reached), len(one.reached)).as_dict() for kind, one in found.items()}
    chosen = {kind: dict(one.strengths) for kind, one in found.items()}
    rows = {"validation": len(split.validation), "test": len(split.test)}
    return {"taken": taken, "rows": rows, METRIC: alone, "beside": beside, "chosen": chosen}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="only these, the plainest first")
    print(json.dumps(main(parser.parse_args().kinds), indent=1))
