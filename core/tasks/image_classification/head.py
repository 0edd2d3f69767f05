"""The quick way: a new last layer on frozen features, fitted as a logistic regression."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch import nn

from core.contracts import N_, Message, RunContext
from core.data.images import ImageSet
from core.errors import InputRefused, RunCancelled
from core.tasks.image_classification.config import ImageClassificationConfig
from core.tasks.image_classification.forward import as_batch
from core.tasks.image_classification.model import Preprocessing

PENALTIES = (0.001, 0.01, 0.1, 1.0)
"""Inverse strengths of the penalty that are tried."""


def fit_head(
    network: nn.Module,
    preprocessing: Preprocessing,
    train: ImageSet,
    validation: ImageSet,
    config: ImageClassificationConfig,
    run: RunContext,
) -> nn.Module:
    """Replace the classifier by a logistic regression on frozen features; its penalty is chosen on validation."""
    head = _linear_head(network)
    inputs = head_inputs(network, preprocessing, train.pixels, run)
    held_out = head_inputs(network, preprocessing, validation.pixels, run)
    centre, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    best, best_loss = None, math.inf
    for step, strength in enumerate(PENALTIES):
        regression = LogisticRegression(
            C=strength,
            max_iter=500,
            class_weight="balanced" if config.class_weights else None,
            random_state=config.seed,
        ).fit((inputs - centre) / scale, train.targets)
        scores = regression.predict_proba((held_out - centre) / scale)
        value = log_loss(validation.targets, scores, labels=np.arange(head.out_features))
        run.report(step + 1, len(PENALTIES), validation_loss=float(value))
        if value < best_loss:
            best, best_loss = regression, value
        if run.should_stop():
            raise RunCancelled
    if best is None:
        raise InputRefused("train.not_finite", Message(N_("The features of these images are not finite numbers.")))
    _fold_in(head, best.coef_ / scale, best.intercept_ - (best.coef_ / scale) @ centre)
    return network


def _linear_head(network: nn.Module) -> nn.Linear:
    head = network.get_classifier()  # type: ignore[operator]
    if isinstance(head, nn.Linear):
        return head
    raise InputRefused(
        "config.quick",
        Message(N_("Quick mode needs a network whose last layer is linear; this one's is not.")),
        Message(N_("Choose the standard mode, or another architecture.")),
    )


def _fold_in(head: nn.Linear, coefficients: NDArray[np.float64], intercept: NDArray[np.float64]) -> None:
    """Put a regression into the layer; with two classes it has one row, shared out evenly between them."""
    if head.out_features == 2:
        coefficients, intercept = np.stack([-coefficients[0], coefficients[0]]) / 2, np.array([-1, 1]) * intercept / 2
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(coefficients))
        head.bias.copy_(torch.from_numpy(intercept))


@torch.inference_mode()
def head_inputs(
    network: nn.Module, preprocessing: Preprocessing, pixels: NDArray[np.uint8], run: RunContext
) -> NDArray[np.float64]:
    """What the classifier layer sees, (N, D)."""
    network.eval()
    device = str(next(network.parameters()).device)
    found = []
    for begin in range(0, len(pixels), 64):
        batch = preprocessing.normalise(as_batch(pixels[begin : begin + 64], device))
        found.append(network.forward_head(network.forward_features(batch), pre_logits=True).cpu().numpy())  # type: ignore[operator]
        run.report(min(begin + 64, len(pixels)), len(pixels))
        if run.should_stop():
            raise RunCancelled
    return np.concatenate(found).astype(np.float64)
