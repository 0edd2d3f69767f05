"""Maps of pixel importance by captum, as arrays in [0, 1]."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

STEPS = 24


def _unit(values: Tensor) -> NDArray[np.float32]:
    """Scale a map (H, W) of non-negative values so that its 99th percentile is 1."""
    values = values.detach().float().cpu()
    top = torch.quantile(values.flatten(), 0.99).clamp_min(1e-12)
    return (values / top).clamp(0, 1).numpy()


def last_map_layer(model: nn.Module, image: Tensor) -> nn.Module:
    """The last layer whose output is still a map (1, C, H, W) with H > 3; where Grad-CAM looks.

    Raises:
        LookupError: The network has no such layer.
    """
    seen: list[nn.Module] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[-1] > 3 and output.shape[-2] > 3:
            seen.append(module)

    leaves = [m for m in model.modules() if not list(m.children())]
    hooks = [module.register_forward_hook(note) for module in leaves]
    try:
        with torch.no_grad():
            model(image)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        raise LookupError("the network has no layer with a map")
    return seen[-1]


def grad_cam(model: nn.Module, image: Tensor, target: int) -> NDArray[np.float32]:
    """Grad-CAM of the last map of the network, enlarged to the image, (H, W).

    Source: Selvaraju et al., ICCV 2017, arXiv:1610.02391; implementation of captum.
    """
    layer = last_map_layer(model, image)
    attribution = LayerGradCam(model, layer).attribute(image, target=target, relu_attributions=True)
    enlarged = F.interpolate(attribution, size=image.shape[-2:], mode="bilinear", align_corners=False)
    return _unit(enlarged[0, 0])


def integrated_gradients(model: nn.Module, image: Tensor, target: int) -> NDArray[np.float32]:
    """Integrated gradients from a mid-grey image, absolute, summed over channels, lightly smoothed, (H, W).

    Source: Sundararajan et al., ICML 2017, arXiv:1703.01365; implementation of captum.
    """
    baseline = torch.full_like(image, float(image.mean()))
    attribution = IntegratedGradients(model).attribute(
        image, baselines=baseline, target=target, n_steps=STEPS, internal_batch_size=8
    )
    strength = attribution.abs().sum(dim=1, keepdim=True)
    return _unit(F.avg_pool2d(strength, 5, stride=1, padding=2, count_include_pad=False)[0, 0])
