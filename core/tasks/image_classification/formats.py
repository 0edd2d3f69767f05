"""How a checkpoint keeps its weights and in which arithmetic it computes: half, 8 bit, pruned; back to floats on load.

The manifest's `format` names one of `FORMATS`; a checkpoint without it was written by a training (matrices in half
precision, computed in single). Only what the name promises is read, and it is checked before it is used.

Eight bits and pruning are formats of the file alone: on loading the weights become ordinary floats, so that
explanations, refits and the domain guard work as before. They make the download small, not the answer quick.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import N_, Message
from core.errors import ModelRefused

FORMAT = "format"
"""Key of the manifest."""
NET = "net."
_INT8, _SCALE = "int8.", "scale."
_KEPT, _MASK, _SHAPE = "kept.", "mask.", "shape."
PREFIXES = (NET, _INT8, _SCALE, _KEPT, _MASK, _SHAPE)
"""Beginnings of the names of all tensors that are the network's."""
_HALF_LIMIT = 6e4


@dataclass(frozen=True)
class Format:
    """One way to keep weights."""

    name: str
    title: str
    stored: torch.dtype | None = None
    """Type of floating-point weights in the file; None for the packed formats."""
    arithmetic: str = "float32"
    """Type that the network computes in, as torch names it."""
    zeros: float = 0.0
    """Share of the weights set to zero and left out of the file."""


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("fp32", N_("32 bit"), torch.float32),
        Format("bf16", N_("bfloat16"), torch.bfloat16, "bfloat16"),
        Format("fp16", N_("16 bit"), torch.float16, "float16"),
        Format("int8", N_("8 bit")),
        Format("pruned50", N_("Half of the weights pruned"), zeros=0.5),
        Format("pruned80", N_("Four of five weights pruned"), zeros=0.8),
    )
}


def encode(weights: Mapping[str, Tensor], chosen: Format) -> dict[str, Tensor]:
    """What the file of a format holds of the state dict `weights` of a network in single precision.

    Raises:
        ModelRefused: `model.not_finite` when the format cannot hold the values.
    """
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    if chosen.stored is not None:
        found = {
            NET + name: tensor.to(chosen.stored) if tensor.is_floating_point() else tensor
            for name, tensor in weights.items()
        }
        for name, tensor in found.items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise _refused(
                    "model.not_finite",
                    N_("The format {format} cannot hold the values of {name}."),
                    format=chosen.name,
                    name=name.removeprefix(NET),
                )
        return found
    limit = _magnitude(weights, chosen.zeros) if chosen.zeros else 0.0
    packed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if not _is_matrix(tensor):
            packed[NET + name] = tensor
        elif chosen.zeros:
            packed |= _pruned(name, tensor, limit)
        else:
            packed |= _eight_bit(name, tensor)
    return packed


def decode(tensors: Mapping[str, Tensor], name: object) -> dict[str, Tensor]:
    """The state dict, in single precision, of a checkpoint whose manifest names the format `name`; None is a training.

    Raises:
        ModelRefused: the format is unknown, or the tensors are not those of it.
    """
    if name is not None and name not in FORMATS:
        raise _refused("model.format", N_("The checkpoint has the weight format {format}, unknown here."), format=name)
    weights = {key.removeprefix(NET): tensor for key, tensor in tensors.items() if key.startswith(NET)}
    try:
        if name == "int8":
            for key in _named(tensors, _INT8):
                weights[key] = _from_eight_bit(tensors[_INT8 + key], tensors[_SCALE + key])
        elif name is not None and FORMATS[str(name)].zeros:
            for key in _named(tensors, _KEPT):
                weights[key] = _from_pruned(tensors[_KEPT + key], tensors[_MASK + key], tensors[_SHAPE + key])
    except (KeyError, ValueError, RuntimeError) as error:
        raise _refused("model.format", N_("The weights are not in the format {format}."), format=name) from error
    return {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in weights.items()}


def _is_matrix(tensor: Tensor) -> bool:
    """Weights of layers; biases and statistics are few and stay as they are."""
    return tensor.is_floating_point() and tensor.ndim > 1


def _eight_bit(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """Steps of the largest weight of each output channel, from -127 to 127."""
    scale = tensor.flatten(1).abs().amax(dim=1).clamp_min(1e-12) / 127
    steps = torch.round(tensor / _per_channel(scale, tensor)).to(torch.int8)
    return {_INT8 + name: steps, _SCALE + name: scale.float()}


def _from_eight_bit(steps: Tensor, scale: Tensor) -> Tensor:
    if steps.dtype != torch.int8 or scale.shape != steps.shape[:1]:
        raise ValueError("not eight bits with one scale per channel")
    return steps.float() * _per_channel(scale, steps)


def _per_channel(scale: Tensor, like: Tensor) -> Tensor:
    return scale.view(-1, *(1,) * (like.ndim - 1))


def _magnitude(weights: Mapping[str, Tensor], zeros: float) -> float:
    """The size below which a share of `zeros` of all matrix weights lies."""
    sizes = torch.cat([tensor.abs().flatten() for tensor in weights.values() if _is_matrix(tensor)])
    return float(sizes.kthvalue(max(1, round(zeros * len(sizes)))).values)


def _pruned(name: str, tensor: Tensor, limit: float) -> dict[str, Tensor]:
    """The weights above the limit in half precision, and one bit per weight that says which they are."""
    kept = tensor.abs() > limit
    values = tensor[kept]
    half = values.half() if not len(values) or float(values.abs().max()) < _HALF_LIMIT else values
    return {_KEPT + name: half, _MASK + name: _pack(kept.flatten()), _SHAPE + name: torch.tensor(tensor.shape)}


def _from_pruned(kept: Tensor, mask: Tensor, shape: Tensor) -> Tensor:
    sizes = [int(size) for size in shape.tolist()]
    count = math.prod(sizes)
    # Before anything of that size is made: the file says how large it would be.
    if mask.dtype != torch.uint8 or min(sizes, default=0) < 0 or len(mask) != -(-count // 8):
        raise ValueError("the mask has another size")
    places = _unpack(mask, count).view(sizes)
    if int(places.sum()) != len(kept):
        raise ValueError("the mask has another number of weights")
    tensor = torch.zeros(sizes)
    tensor[places] = kept.float()
    return tensor


_BITS = torch.arange(8, dtype=torch.uint8)


def _pack(flags: Tensor) -> Tensor:
    padded = torch.nn.functional.pad(flags.to(torch.uint8), (0, -len(flags) % 8)).view(-1, 8)
    return (padded << _BITS).sum(dim=1).to(torch.uint8)


def _unpack(packed: Tensor, count: int) -> Tensor:
    return ((packed[:, None] >> _BITS) & 1).flatten()[:count].bool()


def _named(tensors: Mapping[str, Tensor], prefix: str) -> list[str]:
    return [key.removeprefix(prefix) for key in tensors if key.startswith(prefix)]


def _refused(code: str, template: str, **params: object) -> ModelRefused:
    return ModelRefused(code, Message(template, params), Message(N_("Roll back to another version, or train again.")))
