"""Gradient-boosted trees by LightGBM, kept in its own text format."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, ClassVar

import lightgbm
import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, RunContext
from core.errors import RunCancelled
from core.settings import settings
from core.store.sealed import refused
from core.tasks.fraud_detection.config import FraudConfig
from core.tasks.fraud_detection.tree_text import sound_trees

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]
REPORT_EVERY = 10
"""Trees between two reports."""


@dataclass(frozen=True)
class BoostedTrees:
    """A LightGBM model of the log odds of fraud.

    LightGBM predicts from many threads at once with one booster as long as all ask for the same trees and number of
    threads, as here; its contributions do not, since they write the depths of the trees into the booster.
    """

    kind: ClassVar[str] = "boosted_trees"
    text: str
    """The model in LightGBM's format."""
    booster: Any = field(repr=False, compare=False)
    best_score: float = float("nan")
    """Log loss on validation at the last tree that is kept; NaN for a model that was loaded."""
    _explaining: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def score(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds, (N,), of features (N, F); unknown values take the branch that they took in training."""
        if not len(values):
            return np.empty(0)
        return np.asarray(self.booster.predict(values, raw_score=True, num_threads=_threads()))

    def contributions(self, values: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
        """Exact tree SHAP: the mean log odds of training, and what each feature adds, (N, F).

        Source: Lundberg et al., Nature Machine Intelligence 2, 2020; implementation of LightGBM.
        """
        with self._explaining:
            found = np.asarray(self.booster.predict(values, pred_contrib=True, num_threads=_threads()))
        return float(found[0, -1]), found[:, :-1]


def fit_trees(train: Rows, validation: Rows, config: FraudConfig, run: RunContext) -> BoostedTrees:
    """Fit to training rows and stop when the log loss on validation no longer improves.

    Raises:
        RunCancelled: somebody asked for it to stop; it is asked after every tree.
    """
    options: dict[str, Any] = {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": config.tree_rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.min_leaf,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "is_unbalance": config.class_weights,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": _threads(),
        "verbosity": -1,
    }
    known = lightgbm.Dataset(train[0], train[1], params=options)
    told: list[Any] = [_watch(run)]
    if config.early_stopping:
        told.append(lightgbm.early_stopping(10 * config.early_stopping, verbose=False))
    booster = lightgbm.train(
        options,
        known,
        config.trees,
        valid_sets=[lightgbm.Dataset(validation[0], validation[1], reference=known)],
        valid_names=["validation"],
        callbacks=told,
    )
    loss = float(booster.best_score["validation"]["binary_logloss"])
    text = booster.model_to_string(num_iteration=booster.best_iteration or booster.current_iteration())
    return read_trees(text, train[0].shape[1], loss)


def read_trees(text: str, n_features: int, best_score: float = float("nan")) -> BoostedTrees:
    """A model from LightGBM's text; raises `ModelRefused` when it is damaged or of other features."""
    if not sound_trees(text, n_features):
        raise refused("model.trees", N_("The trees of the checkpoint are damaged or of other features."))
    try:
        booster = lightgbm.Booster(model_str=text)
        fits = booster.num_feature() == n_features and booster.num_trees() > 0
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise refused("model.trees", N_("The trees of the checkpoint are damaged or of other features.")) from error
    if not fits:
        raise refused("model.trees", N_("The trees of the checkpoint are damaged or of other features."))
    return BoostedTrees(text, booster, best_score)


def _watch(run: RunContext) -> Any:
    """A callback that reports, and ends the training when somebody asked for it."""

    def callback(env: Any) -> None:
        if run.should_stop():
            raise RunCancelled
        done = env.iteration + 1
        if done % REPORT_EVERY == 0 or done == env.end_iteration:
            run.report(done, env.end_iteration, validation_loss=float(env.evaluation_result_list[0][2]))

    return callback


def _threads() -> int:
    """As many as a model of torch may use; 0 is LightGBM's own choice."""
    return settings().torch_threads
