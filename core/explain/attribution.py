"""What each input of a network of numbers adds to its output, by captum."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray
from torch import Tensor, nn

STEPS = 256
"""Points on the way; a network with kinks is met closely enough for sums that agree to a hundredth."""
MOST_STEPS = 4096
CLOSE = 1e-3
"""The number of points is doubled until the sums agree to this, or there are `MOST_STEPS`."""


def integrated_gradients(module: nn.Module, inputs: Tensor) -> tuple[float, NDArray[np.float64]]:
    """Integrated gradients from zero, in inputs that are centred on their mean.

    Source: Sundararajan et al., ICML 2017, arXiv:1703.01365; implementation of captum.

    Args:
        module: Inputs (N, F) -> output (N, 1), in eval mode.
        inputs: (N, F), of the module's type.

    Returns:
        The output at zero, and contributions (N, F).
    """
    start = torch.zeros_like(inputs[:1])
    with torch.no_grad():
        base = float(module(start)[0, 0])
        wanted = module(inputs)[:, 0] - base
    steps = STEPS
    while True:
        added = _along(module, inputs, steps)
        if steps >= MOST_STEPS or float((added.sum(dim=1) - wanted).abs().max()) < CLOSE:
            return base, np.asarray(added.detach().double().cpu().numpy())
        steps *= 2


def _along(module: nn.Module, inputs: Tensor, steps: int) -> Any:
    return IntegratedGradients(module).attribute(
        inputs, baselines=torch.zeros_like(inputs), target=0, n_steps=steps, internal_batch_size=4 * steps
    )
