"""Weights of networks in checkpoints: half as large when they are written, whole and finite when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from core.store.files import WEIGHTS
from core.store.sealed import not_finite, sealed_manifest, unreadable

HALF_MAX = 6e4
"""Largest size of a value that half precision holds, with some room."""


def read_sealed(folder: Path, task: str) -> tuple[Mapping[str, Any], dict[str, Tensor]]:
    """Manifest and tensors of a checkpoint folder: schema, task, checksum and finite values are verified.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task.
    """
    manifest = sealed_manifest(folder, task)
    try:
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise unreadable(error) from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise not_finite(name)
    return manifest, tensors


def halved(tensor: Tensor) -> Tensor:
    """Half precision for kernels, on the CPU; norms keep theirs, running variances can exceed its range."""
    tensor = tensor.detach().cpu().contiguous()
    fits = tensor.is_floating_point() and tensor.ndim > 1 and float(tensor.abs().max()) < HALF_MAX
    return tensor.half() if fits else tensor
