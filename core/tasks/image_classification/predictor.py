"""A loaded image classifier: squeeze, normalise, one pass, calibrated scores, a decision or a reason to decline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.contracts import N_, Classification, ImageSample, Message
from core.data.pixels import squeeze
from core.device import autocast, place
from core.errors import ModelRefused
from core.tasks.image_classification.domain import domain_reason, load_guard, pixel_reason, pooled_features
from core.tasks.image_classification.model import Preprocessing, load_network, read_checkpoint
from core.training.calibration import conformal_quantile, prediction_set, scores_of

POSITIVE = 1
"""Of two labels, the second is the one that a threshold is about."""


class ImagePredictor:
    """Answers batches of images. Thread-safe for reading; the serving pool holds one lock per model."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        checkpoint = read_checkpoint(folder, "image_classification")
        manifest, tensors = checkpoint.manifest, dict(checkpoint.tensors)
        self.device = device
        try:
            self.labels = tuple(str(label) for label in manifest["labels"])
            self.architecture = str(manifest["architecture"])
            known = manifest["preprocessing"]
            arithmetic = str(known.get("arithmetic", "float32"))
            self.preprocessing = Preprocessing(
                int(known["size"]), tuple(known["mean"]), tuple(known["std"]), arithmetic
            )
            self.trained_on = str(manifest["data"]["fingerprint"])
            self.seed = int(manifest["seed"])
            self.temperature = float(manifest["temperature"])
            self.threshold = float(manifest["threshold"]["value"])
            self.guard = load_guard(tensors)
            self.conformal = tensors["conformal.scores"].double().numpy()
        except (KeyError, TypeError, ValueError) as error:
            raise ModelRefused(
                "model.incomplete",
                Message(N_("The checkpoint is not complete: {reason}."), {"reason": str(error)}),
                Message(N_("Roll back to another version, or train again.")),
            ) from error
        network = place(load_network(checkpoint), device).eval()
        # Inputs come in this layout; with the weights in it too, a CPU answers one image in four fifths of the time.
        self.network = network.to(getattr(torch, arithmetic), memory_format=torch.channels_last)
        self.size_bytes = sum(t.numel() * t.element_size() for t in self.network.state_dict().values())

    def prepare(self, images: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Images (H, W, 3) uint8 of any size -> (N, 3, S, S) float in [0, 1] on the device, before normalisation."""
        stacked = np.stack([squeeze(image, self.preprocessing.size) for image in images])
        return torch.from_numpy(stacked).to(self.device).permute(0, 3, 1, 2).float() / 255

    @torch.inference_mode()
    def outputs(self, batch: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Calibrated scores (N, K) and domain scores (N,) of a batch in [0, 1]."""
        with autocast(self.device):
            features, logits = pooled_features(self.network, self.preprocessing.normalise(batch))
        return scores_of(logits.cpu().numpy(), self.temperature), self.guard.score(features.cpu().numpy())

    def decide(self, scores: NDArray[np.float32], threshold: float | None = None) -> NDArray[np.int64]:
        """Class numbers (N,): for two labels by the threshold on the second, else the highest score."""
        if len(self.labels) == 2:
            limit = self.threshold if threshold is None else threshold
            return np.asarray(scores[:, POSITIVE] >= limit, np.int64)
        return np.asarray(scores.argmax(axis=1), np.int64)

    def predict(
        self, inputs: Sequence[ImageSample], coverage: float = 0.9, threshold: float | None = None
    ) -> list[Classification]:
        """Answer a batch of images.

        Args:
            inputs: As the intake returns them.
            coverage: Share of true labels that the prediction sets should hold, in (0, 1).
            threshold: Operating point on the score of the second of two labels; None means the model's own.
        """
        if not inputs:
            return []
        scores, domain = self.outputs(self.prepare([sample.pixels for sample in inputs]))
        decided = self.decide(scores, threshold)
        quantile = conformal_quantile(self.conformal, coverage)
        answers = []
        for sample, row, distance, choice in zip(inputs, scores, domain, decided, strict=True):
            reason = pixel_reason(sample.pixels, self.guard.grey) or domain_reason(float(distance))
            answers.append(
                Classification(
                    labels=self.labels,
                    scores=row,
                    decision=None if reason else self.labels[choice],
                    prediction_set=tuple(self.labels[k] for k in prediction_set(row, quantile)),
                    abstained=reason,
                    domain_score=float(distance),
                )
            )
        return answers
