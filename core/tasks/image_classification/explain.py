"""Where in the image a score comes from, and how far that picture can be trusted."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.contracts import N_, Heatmap, ImageSample, Message
from core.errors import InputRefused
from core.explain.faithfulness import measure
from core.explain.saliency import grad_cam, integrated_gradients
from core.tasks.image_classification.predictor import ImagePredictor

METHODS = ("grad_cam", "integrated_gradients")


class _Whole(nn.Module):
    """Pixels in [0, 1] -> logits, so that attributions are about the pixels a visitor sees."""

    def __init__(self, predictor: ImagePredictor) -> None:
        super().__init__()
        self.predictor = predictor
        self.network = predictor.network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(self.predictor.preprocessing.normalise(images))
        return logits.float()


def explain(predictor: ImagePredictor, sample: ImageSample, target: str, method: str) -> Heatmap:
    """A map of importance for the score of `target`, at the network's input size.

    Raises:
        InputRefused: `target` is no label of the model or `method` is unknown.
    """
    if target not in predictor.labels or method not in METHODS:
        raise InputRefused(
            "explain.choice",
            Message(N_("There is no explanation of {target} by {method}."), {"target": target, "method": method}),
            Message(
                N_("Labels: {labels}. Methods: {methods}."),
                {"labels": ", ".join(predictor.labels), "methods": ", ".join(METHODS)},
            ),
        )
    index = predictor.labels.index(target)
    image = predictor.prepare([sample.pixels])
    whole = _Whole(predictor).eval()
    values = grad_cam(whole, image, index) if method == "grad_cam" else integrated_gradients(whole, image, index)

    def score(batch: Tensor) -> NDArray[np.float32]:
        with torch.inference_mode():
            scores = torch.softmax(whole(batch) / predictor.temperature, dim=1)[:, index]
        return np.asarray(scores.cpu().numpy())

    return Heatmap(values, method, target, measure(score, image[0], values))
