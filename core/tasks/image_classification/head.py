"""The quick way: a new last layer on frozen features, fitted as a logistic regression."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
from core.tasks.image_classification.domain import N_OWN, pooled_maps, sampled
from core.tasks.image_classification.forward import as_batch
from core.tasks.image_classification.model import Preprocessing

PENALTIES = (0.001, 0.01, 0.1, 1.0)
"""Inverse strengths of the penalty that are tried."""


@dataclass(frozen=True)
class Seen:
    """What a trained network makes of images as they are, which calibration and domain guard start from."""

    train: NDArray[np.float32]
    """Features of the training images that the guard learns from, (M, D)."""
    validation: NDArray[np.float32]
    """Likewise of validation images."""
    logits: NDArray[np.float32]
    """Of all validation images, (N, K)."""


@dataclass(frozen=True)
class Fitted:
    """A trained network."""

    network: nn.Module
    seen: Seen | None = None
    """What it saw while it was trained, where that is what it sees now: the features were frozen."""


def fit_head(
    network: nn.Module,
    preprocessing: Preprocessing,
    train: ImageSet,
    validation: ImageSet,
    config: ImageClassificationConfig,
    run: RunContext,
) -> Fitted:
    """Replace the classifier by a logistic regression on frozen features; its penalty is chosen on validation."""
    head = _linear_head(network)
    looked = [
        _look(network, preprocessing, images.pixels, run, sampled(len(images), N_OWN["quick"], config.seed))
        for images in (train, validation)
    ]
    inputs, held_out = (found.astype(np.float64) for found, _ in looked)
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
    with torch.inference_mode():
        logits = head(torch.from_numpy(looked[1][0]).to(head.weight.device)).float().cpu().numpy()
    return Fitted(network, Seen(looked[0][1], looked[1][1], logits))


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


def head_inputs(
    network: nn.Module, preprocessing: Preprocessing, pixels: NDArray[np.uint8], run: RunContext
) -> NDArray[np.float64]:
    """What the classifier layer sees, (N, D)."""
    return _look(network, preprocessing, pixels, run, np.array([], np.int64))[0].astype(np.float64)


@torch.inference_mode()
def _look(
    network: nn.Module,
    preprocessing: Preprocessing,
    pixels: NDArray[np.uint8],
    run: RunContext,
    kept: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the classifier layer sees of all images, (N, D), and the guard's features of the rows `kept`, (M, E)."""
    network.eval()
    device = str(next(network.parameters()).device)
    inputs, features = [], []
    for begin in range(0, len(pixels), 64):
        batch = preprocessing.normalise(as_batch(pixels[begin : begin + 64], device))
        pooled, last = pooled_maps(network, batch)
        inputs.append(network.forward_head(last, pre_logits=True).float().cpu().numpy())  # type: ignore[operator]
        rows = kept[(kept >= begin) & (kept < begin + 64)] - begin
        features.append(pooled.cpu().numpy()[rows])
        run.report(min(begin + 64, len(pixels)), len(pixels))
        if run.should_stop():
            raise RunCancelled
    return np.concatenate(inputs), np.concatenate(features)
