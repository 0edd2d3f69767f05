"""The Fraud Detection Handbook's protocols A and B: our four models beside the published ones.

python -m bench.handbook --choose network    tries settings of a model on the four earlier folds
python -m bench.handbook                     measures the chosen settings on protocols A and B

Both write docs/results/fraud_handbook.json; `python -m core bench handbook` measures alone.

A fold is a training week, a week without known labels and a test week from which customers known as bad are dropped.
Nothing is chosen on the test weeks of protocol B: `CHOSEN` comes from the earlier folds alone. Needs `VITRINE_DATA`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.handbook_data import (
    DELAY,
    EARLIER,
    FOLDS,
    METRICS,
    Fold,
    fold_of,
    mean_of_folds,
    measure,
    payments_of,
    read_frame,
)
from core.data.transactions import Transactions
from core.settings import ROOT
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.features import FeaturePlan, FeatureTable
from core.tasks.fraud_detection.linear import fit_logistic
from core.tasks.fraud_detection.network import fit_network
from core.tasks.fraud_detection.rules import fit_rules
from core.tasks.fraud_detection.trees import fit_trees
from core.training.run import ListedRun

SEEDS = (0, 1, 2)
PUBLISHED_FEATURES = (
    "amount",
    "night",
    "weekend",
    *(
        f"{name}_{days}d"
        for name in ("customer_count", "customer_mean", "terminal_count", "terminal_risk")
        for days in (1, 7, 30)
    ),
)
PUBLISHED = {
    "logistic regression, published features": (0.868, 0.623, 0.297),
    "random forest, published features": (0.870, 0.678, 0.299),
    "random forest of depth 20, published features": (0.870, 0.678, 0.299),
}
"""What the handbook reports of protocol B, mean of the four folds."""
BAR = {"average_precision": 0.687, "card_precision_at_100": 0.303}
TREES: dict[str, Any] = {"early_stopping": 0, "trees": 400, "leaves": 8, "tree_rate": 0.02, "min_leaf": 20}
NETWORK: dict[str, Any] = {
    "early_stopping": 0,
    "epochs": 40,
    "batch_size": 1024,
    "learning_rate": 3e-3,
    "width": 128,
    "dropout": 0.2,
}
CHOSEN = {"boosted_trees": TREES, "network": NETWORK}
TRIED: dict[str, list[dict[str, Any]]] = {
    "boosted_trees": [
        {},
        {"trees": 200, "tree_rate": 0.05, "leaves": 16, "min_leaf": 40},
        {"trees": 200, "tree_rate": 0.05, "min_leaf": 40},
        {"trees": 200, "tree_rate": 0.05, "leaves": 16},
        {"trees": 200, "tree_rate": 0.05, "leaves": 16, "min_leaf": 100},
        {"trees": 400, "tree_rate": 0.05, "leaves": 16, "min_leaf": 40},
        {"trees": 200, "tree_rate": 0.05, "leaves": 16, "min_leaf": 40, "class_weights": True},
    ],
    "network": [
        {},
        {"epochs": 20},
        {"epochs": 20, "learning_rate": 1e-2},
        {"epochs": 5, "batch_size": 256, "learning_rate": 1e-3},
        {"epochs": 10, "batch_size": 256, "learning_rate": 1e-3},
        {"epochs": 20, "batch_size": 256, "learning_rate": 1e-3},
        {"epochs": 10, "batch_size": 256, "learning_rate": 3e-4},
    ],
}
"""What `--choose` changes in turn."""
RESULTS = ROOT / "docs" / "results" / "fraud_handbook.json"

Score = NDArray[np.float64]
Model = Callable[["Prepared", Fold, int], Score]


@dataclass(frozen=True)
class Prepared:
    """Payments with all their features, computed once for all folds."""

    payments: Transactions
    table: FeatureTable
    folds: Mapping[str, Fold]

    @classmethod
    def of(cls, first_days: Iterable[str]) -> Prepared:
        """Read the payments up to the end of the last test week, no further."""
        days = tuple(first_days)
        frame = read_frame()
        payments = payments_of(frame[frame["time"] < np.datetime64(max(days)) + np.timedelta64(21, "D")])
        folds = {day: fold_of(payments, day) for day in days}
        plan = FeaturePlan.fit(payments, next(iter(folds.values())).train, DELAY)
        return cls(payments, plan.build(payments), folds)

    def rows(self, places: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features and labels of some rows."""
        assert self.payments.label is not None
        return self.table.values[places], self.payments.label[places].astype(np.int64)

    def published(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The 15 features of the handbook."""
        columns = np.array([self.table.names.index(name) for name in PUBLISHED_FEATURES])
        return np.asarray(self.table.values[np.ix_(places, columns)])


def published_regression(data: Prepared, fold: Fold, seed: int) -> Score:
    """Scikit-learn's on the handbook's own features, as the handbook fits it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(random_state=seed))
    model.fit(data.published(fold.train), data.rows(fold.train)[1])
    return np.asarray(model.predict_proba(data.published(fold.test))[:, 1])


def published_forest(depth: int | None) -> Model:
    """Scikit-learn's 100 trees on the handbook's own features; without a depth they grow as far as they can."""

    def scored(data: Prepared, fold: Fold, seed: int) -> Score:
        from sklearn.ensemble import RandomForestClassifier

        model = RandomForestClassifier(max_depth=depth, random_state=seed)
        model.fit(data.published(fold.train), data.rows(fold.train)[1])
        return np.asarray(model.predict_proba(data.published(fold.test))[:, 1])

    return scored


def our_rules(data: Prepared, fold: Fold, _: int) -> Score:
    """The product's plain rules."""
    values, targets = data.rows(fold.train)
    return fit_rules(values, targets, data.table.names).score(data.rows(fold.test)[0])


def our_regression(data: Prepared, fold: Fold, seed: int) -> Score:
    """The product's logistic regression on all its features."""
    model = fit_logistic(data.rows(fold.train), _plan(data, fold.train), False, seed)
    return model.score(data.rows(fold.test)[0])


def our_trees(settings: Mapping[str, Any], *, long: bool = False) -> Model:
    """The product's boosted trees with a fixed number of trees."""

    def scored(data: Prepared, fold: Fold, seed: int) -> Score:
        known = data.rows(fold.long if long else fold.train)
        with tempfile.TemporaryDirectory() as folder:
            model = fit_trees(known, known, FraudConfig(seed=seed, **settings), ListedRun(Path(folder), seed))
        return model.score(data.rows(fold.test)[0])

    return scored


def our_network(settings: Mapping[str, Any]) -> Model:
    """The product's network with a fixed number of epochs; of those the one with the lowest loss on its own rows."""

    def scored(data: Prepared, fold: Fold, seed: int) -> Score:
        known, config = data.rows(fold.train), FraudConfig(model="network", seed=seed, **settings)
        with tempfile.TemporaryDirectory() as folder:
            model = fit_network(known, known, _plan(data, fold.train), config, ListedRun(Path(folder), seed))
        return model.score(data.rows(fold.test)[0])

    return scored


def _plan(data: Prepared, places: NDArray[np.int64]) -> FeaturePlan:
    return FeaturePlan.of_values(data.table.names, data.table.values[places], DELAY)


MODELS: dict[str, tuple[Model, tuple[int, ...]]] = {
    "logistic regression, published features": (published_regression, (0,)),
    "random forest, published features": (published_forest(None), (0,)),
    "random forest of depth 20, published features": (published_forest(20), (0,)),
    "rules": (our_rules, (0,)),
    "logistic regression": (our_regression, (0,)),
    "boosted trees": (our_trees(TREES), SEEDS),
    "network": (our_network(NETWORK), SEEDS),
    "boosted trees, trained on 28 days": (our_trees(TREES, long=True), SEEDS),
}
"""Name of a row of the table -> the model and its seeds."""


def choose(kind: str) -> list[dict[str, Any]]:
    """What each of `TRIED` reaches on the earlier folds: mean of the four, one seed."""
    data, build = Prepared.of(EARLIER), {"boosted_trees": our_trees, "network": our_network}[kind]
    tried = []
    for change in TRIED[kind]:
        model = build(CHOSEN[kind] | change)
        found = mean_of_folds([measure(data.payments, f.test, model(data, f, 0)) for f in data.folds.values()])
        tried.append({"settings": CHOSEN[kind] | change} | {name: found[name][0] for name in METRICS})
        print(f"{kind:14}", {name: found[name][0] for name in METRICS}, change, flush=True)
    return tried


def main() -> dict[str, Any]:
    """Measure the models on both protocols, print the table and return the figures."""
    data = Prepared.of(FOLDS)
    fold = data.folds[FOLDS[0]]
    assert data.payments.label is not None
    rows: dict[str, Any] = {part: len(places) for part, places in (("train", fold.train), ("test", fold.test))}
    rows["test_frauds"] = int(data.payments.label[fold.test].sum())
    figures: dict[str, Any] = {"rows_of_protocol_a": rows, "chosen_on": EARLIER, "chosen": CHOSEN, "models": {}}
    print(f"{'':47}{'A: AUC, AP, CP@100':>24}{'B: AUC, AP, CP@100, mean ± sd of the folds':>48}")
    for name, (model, seeds) in MODELS.items():
        by_fold = {
            day: mean_of_folds([measure(data.payments, one.test, model(data, one, seed)) for seed in seeds])
            for day, one in data.folds.items()
        }
        means = [{metric: found[metric][0] for metric in METRICS} for found in by_fold.values()]
        figures["models"][name] = {"seeds": seeds, "folds": by_fold, "a": means[0], "b": mean_of_folds(means)}
        shown = figures["models"][name]
        one, four = ([shown[part][metric] for metric in METRICS] for part in ("a", "b"))
        said = "  ".join(f"{mean:.3f} ± {spread:.3f}" for mean, spread in four)
        print(f"{name:47}{'  '.join(f'{value:.3f}' for value in one):>24}{said:>48}", flush=True)
    figures["reproduced"] = _reproduced(figures["models"])
    figures["reach_the_bar"] = [
        name for name, found in figures["models"].items() if all(found["b"][m][0] > bar for m, bar in BAR.items())
    ]
    print("above", ", ".join(f"{name} {value}" for name, value in BAR.items()), "on B:", figures["reach_the_bar"])
    return figures


def _reproduced(models: Mapping[str, Any]) -> dict[str, float]:
    """The widest gap to the published figures of protocol B."""
    return {
        name: round(max(abs(models[name]["b"][m][0] - p) for m, p in zip(METRICS, published, strict=True)), 4)
        for name, published in PUBLISHED.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--choose", choices=tuple(CHOSEN), help="try settings of this model on the earlier folds")
    chosen = parser.parse_args().choose
    found: Any = choose(chosen) if chosen else main()
    stored = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    stored[f"tried_{chosen}" if chosen else "measured"] = found
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
