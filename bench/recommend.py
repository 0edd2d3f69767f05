"""Recommenders on public data and on the simulated shop: `python -m bench.recommend PART... --out FILE`.

Parts: `m1` (MovieLens-1M, m1 split, beside published figures), `ml100k` (75/25 by item, five seeds), `last` and `time`
(MovieLens 100K and latest-small: last item of each user, cut in time), `shop` (the simulated shop, both ways). Public
data sets are found below VITRINE_DATA. Every strength is chosen on a part of the training; the test part is measured
once per model, by the product's own training and evaluation.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts import Evaluation
from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions
from core.data.simulated_shop import simulated_shop
from core.settings import settings
from core.tasks.recommendation.config import RecommendationConfig
from core.tasks.recommendation.measure import HEADLINE
from core.tasks.recommendation.task import TASK
from core.training.evaluation import load_evaluation
from core.training.metrics import bootstrap, mean_of
from core.training.ranking import METRIC
from core.training.run import ListedRun

Figures = dict[str, Any]


@dataclass(frozen=True)
class Notes:
    """What was measured so far, and what shall be."""

    found: Figures
    out: Path | None
    models: frozenset[str]

    def keep(self) -> None:
        """Write it down, so that an interrupted run goes on where it was."""
        if self.out is not None:
            self.out.write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf-8")


PLAIN = RecommendationConfig(compare=False, map_items=0)
"""Strengths are chosen; nothing is fitted besides the model."""
MODELS: dict[str, RecommendationConfig] = {
    "popularity": replace(PLAIN, model="popularity"),
    "item-kNN": replace(PLAIN, model="item_knn", tune=False),
    "item-kNN, recency chosen": replace(PLAIN, model="item_knn"),
    "EASE 500": replace(PLAIN, tune=False),
    "EASE, strengths chosen": PLAIN,
    "ALS": replace(PLAIN, model="als"),
    "sequential": replace(PLAIN, model="sequential", epochs=40, early_stopping=6),
}
PUBLISHED_M1 = {
    "popularity": (0.1160, 0.1176),
    "item-kNN": (0.2272, 0.2231),
    "EASE 200": (0.2708, 0.2592),
    "EASE 500": (0.2759, 0.2660),
    "EASE 1000": (0.2755, 0.2674),
}
"""Recall@20 and NDCG@20 that are stated with the data, which were measured there on the same files."""
SHOWN = ("recall_at_20", "ndcg_at_20", "ndcg_at_10", "hr_at_10", "coverage", "long_tail", "novelty", "diversity")
SEEDS = range(5)
SMALL = ("movielens_100k", "movielens_latest_small")
NETWORK, NEAREST = "sequential", "item-kNN, recency chosen"


def measured(config: RecommendationConfig, data: Interactions) -> tuple[Evaluation, Figures]:
    """Train and evaluate as the product does; the evaluation, and the figures to print."""
    with tempfile.TemporaryDirectory() as folder:
        run = ListedRun(Path(folder), config.seed)
        began = time.perf_counter()
        checkpoint = TASK.train_on(config, data, run, ("python -m bench.recommend", "python -m bench.recommend"))
        seconds = time.perf_counter() - began
        evaluation = load_evaluation(checkpoint)
        manifest = json.loads((checkpoint / "manifest.json").read_text(encoding="utf-8"))
        size = (checkpoint / "model.safetensors").stat().st_size
    assert evaluation is not None
    found = {name: evaluation.summary[name].as_dict() for name in SHOWN if name in evaluation.summary}
    about = {"split": evaluation.data.split, "users": evaluation.data.n, "left_out": dict(evaluation.skipped)}
    made = {"chosen": manifest["chosen"], "seconds": round(seconds, 1), "file_mb": round(size / 2**20, 2)}
    return evaluation, {"metrics": found, **about, **made, "seed": config.seed}


def table(
    data: Interactions, models: dict[str, RecommendationConfig], split: str, found: Figures, notes: Notes
) -> None:
    """Every model on one split, and what the network is ahead of nearest items with recency; what is there stays."""
    evaluations = {}
    for name, config in ((name, config) for name, config in models.items() if name in notes.models):
        needed = name == NEAREST and NETWORK in notes.models & models.keys() - found.keys()
        if name not in found or needed:
            evaluations[name], found[name] = measured(replace(config, split=split), data)
            show(name, found[name])
            notes.keep()
    if NETWORK in evaluations:
        found[NETWORK]["ahead_of_nearest"] = ahead(evaluations[NETWORK], evaluations[NEAREST])
        notes.keep()
        print(f"  network ahead of nearest: {found[NETWORK]['ahead_of_nearest']}", file=sys.stderr, flush=True)


def show(name: str, figures: Figures) -> None:
    """A line for a reader."""
    values = " ".join(f"{metric} {one['value']:.4f}" for metric, one in figures["metrics"].items())
    print(f"  {name:26} {values} [{figures['seconds']} s] {figures['chosen']}", file=sys.stderr, flush=True)


def m1(found: Figures, notes: Notes) -> None:
    """MovieLens-1M, m1 split: stated baselines repeated, and our models."""
    data = movielens("movielens_1m_m1split")
    models = {name: config for name, config in MODELS.items() if name != NETWORK}
    models |= {
        f"EASE {strength}": replace(PLAIN, tune=False, regularisation=float(strength)) for strength in (200, 1000)
    }
    table(data, models, "given", found, notes)
    for name, (recall, ndcg) in ((name, stated) for name, stated in PUBLISHED_M1.items() if name in found):
        metrics = found[name]["metrics"]
        found[name]["stated"] = {"recall_at_20": recall, "ndcg_at_20": ndcg}
        found[name]["off"] = max(
            abs(metrics["recall_at_20"]["value"] - recall), abs(metrics["ndcg_at_20"]["value"] - ndcg)
        )


def ml100k(found: Figures, notes: Notes) -> None:
    """MovieLens 100K, a quarter of the ratings of each film held out, five draws."""
    data = movielens("movielens_100k")
    names = ("popularity", "item-kNN", "EASE 500", "EASE, strengths chosen", "ALS")
    for name in (name for name in names if name not in found):
        values = []
        for seed in SEEDS:
            _, one = measured(replace(MODELS[name], split="given", seed=seed), by_item(data, seed))
            show(f"{name}, seed {seed}", one)
            values.append(one)
        each = [one["metrics"][HEADLINE]["value"] for one in values]
        found[name] = {"ndcg_at_10": float(np.mean(each)), "deviation": float(np.std(each, ddof=1)), "seeds": values}
        notes.keep()


def by_item(data: Interactions, seed: int) -> Interactions:
    """The data with a quarter of the interactions of each item, rounded, as the test."""
    order = np.lexsort((np.random.default_rng(seed).random(len(data)), data.item))
    sizes = np.bincount(data.item, minlength=data.n_items)
    rank = np.arange(len(data)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    part = np.zeros(len(data), np.int8)
    part[order] = np.where(rank < np.round(0.75 * sizes)[data.item[order]], 0, 2)
    return replace(data, part=part)


def in_time(found: Figures, notes: Notes) -> None:
    """Both small MovieLens sets, everything after one moment held out."""
    for name in SMALL:
        table(movielens(name), MODELS, "time", found.setdefault(name, {}), notes)


def last(found: Figures, notes: Notes) -> None:
    """Both small MovieLens sets, the last item of each user held out."""
    for name in SMALL:
        table(movielens(name), MODELS, "leave_last", found.setdefault(name, {}), notes)


def shop(found: Figures, notes: Notes) -> None:
    """The simulated shop, last items of users and a cut in time."""
    data = simulated_shop()
    for split in ("leave_last", "time"):
        table(data, MODELS, split, found.setdefault(split, {}), notes)


def ahead(first: Evaluation, second: Evaluation) -> Figures:
    """What the first model has more than the second on the same users, with an interval over them."""
    assert list(first.table["id"]) == list(second.table["id"])
    found = {}
    for metric in ("hr_at_10", "ndcg_at_10"):
        gain = np.asarray(first.table[METRIC + metric], np.float64) - np.asarray(second.table[METRIC + metric])
        found[metric] = bootstrap(mean_of(gain), len(gain)).as_dict()
    return found


def movielens(name: str) -> Interactions:
    """A set below the folder of public data."""
    folder = settings().data
    if folder is None:
        raise SystemExit("Name the folder of the data sets by VITRINE_DATA.")
    return read_interactions(folder / "recsys" / name)


PARTS: dict[str, Callable[[Figures, Notes], None]] = {
    "m1": m1,
    "ml100k": ml100k,
    "time": in_time,
    "last": last,
    "shop": shop,
}


def measure(parts: Iterable[str], out: Path | None, models: Iterable[str] = ()) -> Figures:
    """Measure some parts with some models, else with all; what `out` holds already is not measured again."""
    found: Figures = json.loads(out.read_text(encoding="utf-8")) if out is not None and out.exists() else {}
    notes = Notes(found, out, frozenset(models or [*MODELS, "EASE 200", "EASE 1000"]))
    for part in parts:
        print(f"{part}: {PARTS[part].__doc__}", file=sys.stderr, flush=True)
        PARTS[part](found.setdefault(part, {}), notes)
    return found


def main() -> Figures:
    """Every part, for `python -m core bench recommend`."""
    return measure(PARTS, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", choices=[*PARTS, "all"])
    parser.add_argument("--out", type=Path, help="a JSON file that the figures are added to")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=(), help="only these")
    options = parser.parse_args()
    measure(PARTS if "all" in options.parts else options.parts, options.out, options.models)
