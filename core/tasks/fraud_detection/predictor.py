"""A loaded fraud model: window features from raw rows, one pass, calibrated scores, a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.contracts import Decisions
from core.data.transactions import LABELS, Transactions
from core.store.sealed import unreadable
from core.tasks.fraud_detection.features import FeaturePlan
from core.tasks.fraud_detection.model import read_checkpoint, tensors_of
from core.tasks.fraud_detection.trees import BoostedTrees


class FraudPredictor:
    """Answers tables of transactions. Thread-safe for reading; the serving pool holds one lock per model."""

    labels = LABELS

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        manifest, self.model = read_checkpoint(folder, device)
        try:
            self.threshold = float(manifest["threshold"]["value"])
            self.trained_on = str(manifest["data"]["fingerprint"])
            self.seed = int(manifest["seed"])
            shares = manifest["config"]
            self.shares = float(shares["validation_share"]), float(shares["test_share"])
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(error) from error
        self.architecture = self.model.kind
        trees = sum(len(one.text) for one in self.model.scorers.values() if isinstance(one, BoostedTrees))
        self.size_bytes = trees + sum(array.nbytes for array in tensors_of(self.model).values())

    @property
    def plan(self) -> FeaturePlan:
        """The features that the model reads."""
        return self.model.plan

    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities of fraud, (N,), of features (N, F) in the order of the plan."""
        return self.model.scores(values)

    def predict(self, inputs: Sequence[Transactions], threshold: float | None = None) -> list[Decisions]:
        """Score the rows of each table that are not its history.

        Args:
            inputs: As the intake returns them; each brings its own past.
            threshold: Score from which a row counts as fraud; None means the model's own.

        Raises:
            InputRefused: A table lacks columns that the model reads.
        """
        limit = self.threshold if threshold is None else threshold
        found = []
        for transactions in inputs:
            table = self.plan.build(transactions)
            notices = (*table.notices, *self.model.domain.notices(self.plan, table.values))
            found.append(Decisions(LABELS, self.scores(table.values), limit, notices))
        return found
