"""Logistic regression on standardised features: fitted by scikit-learn, kept as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_
from core.store.sealed import refused
from core.tasks.fraud_detection.features import FeaturePlan

Rows = tuple[NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True)
class LogisticModel:
    """Weights (F,) per standard deviation and the log odds at the mean of training."""

    kind: ClassVar[str] = "logistic_regression"
    plan: FeaturePlan
    weights: NDArray[np.float64]
    intercept: float

    def score(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds, (N,), of features (N, F); an unknown value counts as the mean."""
        return np.asarray(self.plan.standardised(values) @ self.weights + self.intercept)

    def contributions(self, values: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
        """The log odds at the mean of training, and what each feature adds, (N, F)."""
        return self.intercept, self.plan.standardised(values) * self.weights

    def tensors(self) -> dict[str, NDArray[np.float64]]:
        """What a file keeps."""
        return {"weights": self.weights, "intercept": np.array([self.intercept])}


def fit_logistic(train: Rows, plan: FeaturePlan, balanced: bool, seed: int) -> LogisticModel:
    """Fit to training rows (N, F) and their labels (N,) with scikit-learn's own L2 penalty, C = 1."""
    from sklearn.linear_model import LogisticRegression

    values, targets = train
    model = LogisticRegression(max_iter=1000, class_weight="balanced" if balanced else None, random_state=seed)
    model.fit(plan.standardised(values).astype(np.float64), targets)
    return LogisticModel(plan, np.asarray(model.coef_[0], np.float64), float(model.intercept_[0]))


def read_logistic(tensors: Mapping[str, NDArray[Any]], plan: FeaturePlan) -> LogisticModel:
    """What `LogisticModel.tensors` gave; raises `ModelRefused` for other shapes."""
    wanted = {"weights": (len(plan.names),), "intercept": (1,)}
    if {name: array.shape for name, array in tensors.items()} != wanted:
        raise refused("model.linear", N_("The weights of the logistic regression do not fit the features."))
    return LogisticModel(plan, tensors["weights"].astype(np.float64), float(tensors["intercept"][0]))
