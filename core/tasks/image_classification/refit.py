"""A head moved by a handful of corrections, in seconds and without the training images.

Multinomial logistic regression on the corrections alone, held near the head in use: what it costs to move is the mean
squared change of the logits on images like the training images, from the kept spread of their features (`features`).
How strongly it is held is chosen on features of validation images only, plain and strongly changed: the weakest pull
that costs no more of them than whoever asks allows.

With few corrections the moved head is a combination of their features, so the problem is solved over one row of
weights per correction. Sources: the proximal term is a Gaussian prior as in Kirkpatrick et al., Overcoming catastrophic
forgetting, PNAS 2017, arXiv:1612.00796, with the second moments of the features in the place of the Fisher matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from core.tasks.image_classification.features import Floats, Spread

Ints = NDArray[np.int64]

STRENGTHS = tuple(float(10.0**power) for power in np.arange(3.0, -2.01, -0.5))
"""Pulls towards the head in use, strongest first, in corrections: 1 weighs a squared logit like one correction."""


@dataclass(frozen=True)
class Head:
    """A linear classifier on features (N, D)."""

    weight: Floats
    """Shape (K, D)."""
    bias: Floats
    """Shape (K,)."""

    def logits(self, features: Floats) -> Floats:
        """Shape (N, K)."""
        return np.asarray(features @ self.weight.T + self.bias)

    def rounded(self) -> Head:
        """As a checkpoint stores it: weights in half precision, the bias in single."""
        return Head(self.weight.astype(np.float16).astype(np.float64), self.bias.astype(np.float32).astype(np.float64))


class Pull:
    """Solves for heads near `head`; the costly parts are prepared once and shared by all strengths.

    Args:
        head: The head in use.
        temperature: Of its calibration; losses are taken at calibrated scores.
        spread: Of the training images' features.
        features: Of the corrections, (N, D).
        targets: Their right classes, (N,).
    """

    def __init__(self, head: Head, temperature: float, spread: Spread, features: Floats, targets: Ints) -> None:
        self.head, self.temperature, self.spread = head, temperature, spread
        self.before = head.logits(features) / temperature
        self.wanted = np.eye(len(head.bias))[targets]
        centred = features - spread.mean
        # Moving the bias changes every logit, hence the constant 1 beside the whitened features.
        self.whitened = cho_solve(cho_factor(spread.covariance()), centred.T).T
        kernel = centred @ self.whitened.T + 1.0
        self.root = np.linalg.cholesky(kernel + 1e-9 * np.trace(kernel) / len(kernel) * np.eye(len(kernel)))

    def solve(self, strength: float) -> Head:
        """The head that minimises the corrections' log loss plus half of `strength` times its distance."""
        shape = self.before.shape

        def objective(flat: Floats) -> tuple[float, Floats]:
            move = flat.reshape(shape)
            logits = self.before + self.root @ move
            loss = -float((log_softmax(logits, axis=1) * self.wanted).sum())
            slope = self.root.T @ (softmax(logits, axis=1) - self.wanted) + strength * move
            return loss + 0.5 * strength * float((move**2).sum()), slope.ravel()

        found = minimize(objective, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
        rows = np.linalg.solve(self.root.T, found.x.reshape(shape)) * self.temperature
        moved = rows.T @ self.whitened
        bias = self.head.bias + rows.sum(axis=0) - moved @ self.spread.mean
        return Head(self.head.weight + moved, bias).rounded()


@dataclass(frozen=True)
class Held:
    """Held-out features with their classes, and how scores become decisions."""

    features: Floats
    targets: Ints
    temperature: float
    threshold: float

    def decide(self, scores: Floats) -> Ints:
        """Class numbers (N,): of two labels by the threshold on the second, else the highest score."""
        if scores.shape[1] == 2:
            return np.asarray(scores[:, 1] >= self.threshold, np.int64)
        return np.asarray(scores.argmax(axis=1), np.int64)

    def right(self, head: Head) -> float:
        """Share of right decisions."""
        scores = softmax(head.logits(self.features) / self.temperature, axis=1)
        return float((self.decide(scores) == self.targets).mean())


def choose_strength(pull: Pull, held_out: Sequence[Held], tolerance: float) -> tuple[float, Head]:
    """The weakest pull that costs no set of held-out images more than `tolerance`, with its head.

    The strengths are tried from the strongest down and the search ends at the first that is too weak; the strongest is
    taken when that is too weak already.

    Args:
        pull: The problem.
        held_out: Sets of images that neither teach nor measure.
        tolerance: Share of a set by which its right decisions may become fewer.
    """
    chosen = STRENGTHS[0], pull.solve(STRENGTHS[0])
    for strength in STRENGTHS:
        head = pull.solve(strength)
        if any(held.right(pull.head) - held.right(head) > tolerance + 1e-9 for held in held_out):
            break
        chosen = strength, head
    return chosen
