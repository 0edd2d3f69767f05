"""Is this image of the kind the model was trained on? A guard that lets the model decline.

Two distances on pooled features of the network itself, from several depths: how far an image lies from the training
images (Mahalanobis in their principal components), and how much it looks like generated images of other kinds
(logistic regression against `core.data.negatives`). Both are divided by their limit, and the larger one counts.
Sources: Lee et al., A Simple Unified Framework for Detecting OOD Samples, NeurIPS 2018, arXiv:1807.03888;
Hendrycks et al., Deep Anomaly Detection with Outlier Exposure, ICLR 2019, arXiv:1812.04606.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from core.contracts import N_, Message, Reason
from core.data.pixels import is_grey

Floats = NDArray[np.floating]
BLANK_SPREAD = 4.0
"""Standard deviation of grey values, of 255, below which an image shows nothing."""
COMPONENTS = 48
HELD_OUT_DECLINED = 0.01
"""Share of held-out images of the right kind that the regression may decline."""
N_OWN = {"standard": 3000, "quick": 400}
"""Own images that a guard learns from, by the mode of the run: a quick run must stay quick."""
DISTANCE_QUANTILE = 0.999
DISTANCE_SLACK = 2.0
"""Another hospital's images lie further out than our own validation images; only what is far beyond is declined."""


def sampled(n: int, most: int, seed: int) -> NDArray[np.int64]:
    """At most `most` of `n` rows, drawn without order, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def pooled_features(network: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Features (N, D) and logits (N, K) of a normalised batch in one pass."""
    features, last = pooled_maps(network, inputs)
    return features, network.forward_head(last).float()  # type: ignore[operator]


def pooled_maps(network: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Features (N, D) of a normalised batch, and the last map, which is what the head is given.

    Features are the mean and spread over the image of every channel, at every depth where the architecture can give
    intermediate maps; of the last map only where it cannot.
    """
    if hasattr(network, "forward_intermediates"):
        last, maps = network.forward_intermediates(inputs)  # type: ignore[operator]
    else:
        last = network.forward_features(inputs)  # type: ignore[operator]
        maps = [last]
    columns = []
    for layer in maps:
        places = (2, 3) if layer.ndim == 4 else (1,)
        # In half precision a spread over thousands of values would be a guess. On a CPU `Tensor.std` takes several
        # times as long as these two passes.
        values = layer.float()
        mean = values.mean(places, keepdim=True)
        columns += [mean.flatten(1), (values - mean).square().mean(places).sqrt()]
    return torch.cat(columns, dim=1), last


@dataclass(frozen=True)
class DomainGuard:
    """Fitted limits. `tensors()` is what a checkpoint stores."""

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    axes: NDArray[np.float32]
    """Principal axes divided by their spread, (D, COMPONENTS)."""
    weight: NDArray[np.float32]
    limits: NDArray[np.float32]
    """[distance limit, bias of the regression, its limit]."""
    grey: bool

    def score(self, features: Floats) -> NDArray[np.float32]:
        """Domain score of features (N, D): above 1 the model declines, (N,)."""
        standard = np.clip((features - self.centre) / self.scale, -12, 12)
        distance = np.sqrt(np.mean((standard @ self.axes) ** 2, axis=1)) / self.limits[0]
        unlike = 1.0 / (1.0 + np.exp(standard @ self.weight + self.limits[1]))
        return np.asarray(np.maximum(distance, unlike / self.limits[2]), np.float32)

    def tensors(self) -> dict[str, Tensor]:
        """The arrays by name."""
        names = ("centre", "scale", "axes", "weight", "limits")
        found = {f"domain.{name}": torch.from_numpy(np.ascontiguousarray(getattr(self, name))) for name in names}
        return found | {"domain.grey": torch.tensor([self.grey])}


def load_guard(tensors: dict[str, Tensor]) -> DomainGuard:
    """The guard of a checkpoint's tensors; raises `KeyError` when they are missing."""
    arrays = {
        name: tensors[f"domain.{name}"].float().numpy() for name in ("centre", "scale", "axes", "weight", "limits")
    }
    return DomainGuard(**arrays, grey=bool(tensors["domain.grey"].item()))


def fit_guard(own: Floats, held_out: Floats, other: Floats, grey: bool, seed: int = 0) -> DomainGuard:
    """Fit on features of the training images, set limits on validation images.

    Args:
        own: Features of training images, augmented ones among them, (N, D).
        held_out: Features of validation images, changed ones among them, (M, D); set the limits.
        other: Features of generated images of other kinds, (L, D).
        grey: Whether all training images are grey, so that colour is a reason to decline.
        seed: Of the regression's solver.
    """
    centre, scale = own.mean(axis=0), own.std(axis=0) + 1e-3 * (own.std() + 1e-6)
    standard = np.clip((own - centre) / scale, -12, 12)
    components = min(COMPONENTS, len(own) - 1, own.shape[1])
    axes = PCA(components, svd_solver="randomized", random_state=seed).fit(standard)
    whiten = axes.components_.T / (np.sqrt(axes.explained_variance_) + 1e-6)

    def distances(features: Floats) -> Floats:
        clipped = np.clip((features - centre) / scale, -12, 12)
        return np.asarray(np.sqrt(np.mean((clipped @ whiten) ** 2, axis=1)))

    distance_limit = DISTANCE_SLACK * np.quantile(
        np.concatenate([distances(own), distances(held_out)]), DISTANCE_QUANTILE
    )
    rows = np.concatenate([standard, np.clip((other - centre) / scale, -12, 12)])
    truth = np.concatenate([np.ones(len(own)), np.zeros(len(other))])
    regression = LogisticRegression(C=0.01, max_iter=300, class_weight="balanced", random_state=seed).fit(rows, truth)
    unlike = regression.predict_proba(np.clip((held_out - centre) / scale, -12, 12))[:, 0]
    unlike_limit = min(max(0.5, float(np.quantile(unlike, 1 - HELD_OUT_DECLINED))), 0.99)
    return DomainGuard(
        centre=np.asarray(centre, np.float32),
        scale=np.asarray(scale, np.float32),
        axes=np.asarray(whiten, np.float32),
        weight=np.asarray(regression.coef_[0], np.float32),
        limits=np.array([distance_limit, regression.intercept_[0], unlike_limit], np.float32),
        grey=grey,
    )


def pixel_reason(pixels: NDArray[np.uint8], grey: bool) -> Reason | None:
    """Reasons that need no network: nothing to see, or colour where the training images have none."""
    spread = float(pixels.mean(axis=2).std())
    if spread < BLANK_SPREAD:
        return Reason("domain.blank", Message(N_("The image is blank: it shows next to no contrast.")))
    # A tinted scan or a coloured marker is still a radiograph, so this is laxer than the test for grey files.
    if grey and not is_grey(pixels, tolerance=24, share=0.1):
        return Reason("domain.colour", Message(N_("The image is in colour; this model knows grey images only.")))
    return None


def domain_reason(score: float) -> Reason | None:
    """Decline above the limit."""
    if score <= 1.0:
        return None
    return Reason(
        "domain.unlike",
        Message(
            N_("The image is unlike the training images: {score:.1f} times the distance at which the model declines."),
            {"score": score},
        ),
    )
