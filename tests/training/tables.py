"""Made-up evaluation tables whose true quality is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.contracts import DataInfo, Evaluation
from core.training.gate import Costs

SAME_COSTS = Costs(10.0, 10.0, 1.0, 0.9, 1.1, 20.0, 20.0, 31, "cpu")


def latent(n: int = 400, seed: int = 0, share: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Truth (N,), how plainly each example shows it (N,), and the generator that goes on from there."""
    draw = np.random.default_rng(seed)
    truth = (draw.random(n) < share).astype(np.int64)
    return truth, draw.normal(size=n), draw


def evaluated(truth: np.ndarray, logit: np.ndarray, fingerprint: str = "f", **columns: np.ndarray) -> Evaluation:
    """A table of two classes from logits (N,) of the second."""
    positive = 1 / (1 + np.exp(-logit))
    scores = np.stack([1 - positive, positive], axis=1).astype(np.float32)
    table = {
        "id": np.array([f"image {number}" for number in range(len(truth))]),
        "truth": truth,
        "prediction": (positive >= 0.5).astype(np.int64),
        "scores": scores,
        "abstained": np.zeros(len(truth), bool),
        "domain_score": np.zeros(len(truth), np.float32),
        **columns,
    }
    return Evaluation(("no", "yes"), table, {}, DataInfo("made", "test", len(truth), fingerprint), 0, "command")


def rivals(
    n: int = 400, seed: int = 0, old: float = 2.0, new: float = 2.0, **columns: np.ndarray
) -> tuple[Evaluation, Evaluation]:
    """Champion and challenger on the same examples; `old` and `new` are how well each parts the classes.

    What makes an example hard is half shared by both models, as it is with real ones.
    """
    truth, shared, draw = latent(n, seed)

    def logits(strength: float) -> np.ndarray:
        signal = (2 * truth - 1) * strength / 2
        noise = np.sqrt(0.5) * shared + np.sqrt(0.5) * draw.normal(size=n)
        # Calibrated: with unit noise the log odds of class 1 are strength times the observed value.
        return np.asarray((signal + noise) * strength)

    return evaluated(truth, logits(old), "f", **columns), evaluated(truth, logits(new), "f", **columns)


def without(evaluation: Evaluation, rows: np.ndarray) -> Evaluation:
    """The same table without some rows."""
    kept = np.setdiff1d(np.arange(len(evaluation.table["truth"])), rows)
    return replace(evaluation, table={name: column[kept] for name, column in evaluation.table.items()})
