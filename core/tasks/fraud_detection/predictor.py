"""A loaded fraud model: window features from raw rows, one pass, calibrated scores, a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from core.contracts import Decisions
from core.data.transactions import LABELS, Transactions
from core.store.sealed import unreadable
from core.tasks.fraud_detection.features import FeaturePlan
from core.tasks.fraud_detection.history import history_notices
from core.tasks.fraud_detection.model import read_checkpoint, tensors_of
from core.tasks.fraud_detection.trees import BoostedTrees


@dataclass(frozen=True)
class TrainedOn:
    """What a model was made from, to tell it from what it is measured on."""

    name: str
    fingerprint: str
    boundaries: Mapping[str, tuple[np.datetime64, np.datetime64]]
    """Part -> first day and the day after the last, datetime64[D]; empty without times."""


class FraudPredictor:
    """Answers tables of transactions, any number at once: features and scores only read what was loaded."""

    labels = LABELS
    thread_safe: ClassVar[Literal[True]] = True

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        manifest, self.model = read_checkpoint(folder, device)
        try:
            self.threshold = float(manifest["threshold"]["value"])
            self.trained_on = _trained_on(manifest["data"])
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
            short = history_notices(self.plan, transactions)
            moved = self.model.domain.notices(self.plan, table.values, windows=not short)
            notices = (*table.notices, *short, *moved)
            found.append(Decisions(LABELS, self.scores(table.values), limit, notices))
        return found


def _trained_on(data: Mapping[str, Any]) -> TrainedOn:
    stored = dict(data["boundaries"]).items()
    days = {str(part): (np.datetime64(begin, "D"), np.datetime64(end, "D")) for part, (begin, end) in stored}
    return TrainedOn(str(data["name"]), str(data["fingerprint"]), days)
