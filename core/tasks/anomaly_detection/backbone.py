"""The frozen network whose features are compared: any timm architecture, cut off behind the last layer that is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import timm
import torch
from torch import Tensor, nn

from core.contracts import N_, Message
from core.errors import InputRefused
from core.store.sealed import refused

STRIDES = (8, 16, 32)
"""Layers that are looked at: the last ones that halve the picture three, four and five times; the fifth may lack."""


@dataclass(frozen=True)
class BackboneSpec:
    """What it takes to build a backbone again; stands in the manifest."""

    architecture: str
    layers: tuple[int, ...]
    """Numbers of timm's feature layers, shallow to deep."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    heads: tuple[int, ...] = ()
    """Channels that each layer is projected to; empty for the layers as they are."""
    model_args: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self) | {"model_args": dict(self.model_args)}


class Backbone(nn.Module):
    """Pixels in [0, 1] -> feature maps, one of each layer, (N, C, H, W)."""

    def __init__(self, spec: BackboneSpec) -> None:
        super().__init__()
        self.spec = spec
        self.trunk: nn.Module = timm.create_model(
            spec.architecture,
            features_only=True,
            feature_cls="getter",
            out_indices=spec.layers,
            in_chans=3,
            **spec.model_args,
        )
        info: Any = self.trunk.feature_info
        channels: list[int] = info.channels()
        self.heads = nn.ModuleList(nn.Conv2d(c, width, 1) for c, width in zip(channels, spec.heads, strict=False))
        self.channels = tuple(spec.heads) or tuple(channels)
        self.strides = tuple(int(stride) for stride in info.reduction())

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps of (N, 1 or 3, S, S) in [0, 1]."""
        mean = images.new_tensor(self.spec.mean).view(1, 3, 1, 1)
        std = images.new_tensor(self.spec.std).view(1, 3, 1, 1)
        normal = ((images.expand(-1, 3, -1, -1) - mean) / std).contiguous(memory_format=torch.channels_last)
        maps: list[Tensor] = self.trunk(normal)
        return [head(values) for head, values in zip(self.heads, maps, strict=True)] if len(self.heads) else maps


def layers_of(network: nn.Module) -> tuple[int, ...]:
    """Which feature layers of a timm network are compared; the last two where its strides are others.

    Raises:
        InputRefused: The network tells nothing of its layers.
    """
    known: Any = getattr(network, "feature_info", None)
    if not known or not hasattr(network, "forward_intermediates"):
        raise InputRefused(
            "config.architecture",
            N_("This architecture gives no feature maps that could be compared."),
            N_("Name another one, for example mobilenetv3_large_100 or resnet18."),
        )
    strides = [int(entry["reduction"]) for entry in known]
    found = {stride: place for place, stride in enumerate(strides) if stride in STRIDES}
    return tuple(sorted(found.values())) if found.keys() >= set(STRIDES[:2]) else tuple(range(len(strides)))[-2:]


def build_backbone(spec: BackboneSpec) -> Backbone:
    """A backbone with random weights; raises `InputRefused` for an unknown architecture."""
    if spec.architecture not in timm.list_models():
        raise InputRefused(
            "config.architecture",
            Message(N_("There is no timm architecture called {name}."), {"name": spec.architecture}),
        )
    return Backbone(spec)


def load_backbone(stated: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Backbone:
    """The backbone of a checkpoint, frozen.

    Args:
        stated: The entry of the manifest.
        tensors: Its weights, by the names of `Backbone`.

    Raises:
        ModelRefused: The weights do not fit what the manifest names.
    """
    try:
        spec = BackboneSpec(
            str(stated["architecture"]),
            tuple(int(layer) for layer in stated["layers"]),
            _triple(stated["mean"]),
            _triple(stated["std"]),
            tuple(int(width) for width in stated["heads"]),
            dict(stated["model_args"]),
        )
        backbone = build_backbone(spec)
        backbone.load_state_dict({name: tensor.float() for name, tensor in tensors.items()}, strict=True)
    except (KeyError, TypeError, ValueError, AssertionError, RuntimeError, InputRefused) as error:
        raise refused(
            "model.backbone", N_("The weights of the backbone do not fit what the manifest says of it.")
        ) from error
    return freeze(backbone)


def freeze(backbone: Backbone) -> Backbone:
    """The backbone in eval mode, without gradients, in the memory layout of its inputs."""
    backbone.requires_grad_(False)
    return backbone.eval().to(memory_format=torch.channels_last)


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
