"""Building, saving and loading the network: any timm architecture by name, never an unchecked file."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from core import hub
from core.contracts import N_, Message
from core.errors import InputRefused
from core.store.sealed import refused
from core.tasks.image_classification.formats import FORMAT, decode
from core.training.weights import read_sealed

_BUILDER = frozenset(inspect.signature(timm.create_model).parameters) | {"num_classes", "in_chans", "drop_rate"}
"""What timm's builder takes for itself; among it are paths of files that it would open."""
ARITHMETICS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Preprocessing:
    """How pixels become network input: squeezed to (size, size), scaled to [0, 1], normalised per channel."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    arithmetic: str = "float32"
    """Type that the network computes in, as torch names it; one of `ARITHMETICS`."""

    def __post_init__(self) -> None:
        if self.arithmetic not in ARITHMETICS:
            raise ValueError(f"unknown arithmetic {self.arithmetic!r}")

    def normalise(self, images: Tensor) -> Tensor:
        """(N, 1 or 3, H, W) in [0, 1] -> (N, 3, H, W) in the units the network was trained with."""
        mean = images.new_tensor(self.mean).view(1, 3, 1, 1)
        std = images.new_tensor(self.std).view(1, 3, 1, 1)
        normal = ((images.expand(-1, 3, -1, -1) - mean) / std).contiguous(memory_format=torch.channels_last)
        return normal.to(getattr(torch, self.arithmetic))


@dataclass(frozen=True)
class Start:
    """What a run starts from: a network with a fresh head, its input, its name and the arguments of its builder."""

    network: nn.Module
    preprocessing: Preprocessing
    architecture: str
    model_args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint folder: manifest and tensors, `net.` the network's and the rest by owner."""

    manifest: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def build_network(architecture: str, n_classes: int, dropout: float = 0.0) -> nn.Module:
    """A timm network with random weights and a small head; raises `InputRefused` for an unknown name."""
    if architecture not in timm.list_models():
        close = timm.list_models(f"*{architecture.split('_', maxsplit=1)[0]}*")[:5]
        raise InputRefused(
            "config.architecture",
            Message(N_("There is no timm architecture called {name}."), {"name": architecture}),
            Message(
                N_("Names that are close: {names}."), {"names": ", ".join(close) or "resnet18, mobilenetv3_small_100"}
            ),
        )
    network: nn.Module = timm.create_model(architecture, num_classes=n_classes, in_chans=3, drop_rate=dropout)
    shrink_head(network)
    return network


def shrink_head(network: nn.Module) -> None:
    """Start the classifier near zero: timm's own start makes the first loss of some architectures huge."""
    head = network.get_classifier()  # type: ignore[operator]
    if isinstance(head, nn.Linear):
        nn.init.normal_(head.weight, std=0.01)
        if head.bias is not None:
            nn.init.zeros_(head.bias)


def load_hub_network(architecture: str, n_classes: int, dropout: float) -> Start:
    """A timm network with the hub's weights, from the hub's cache folder or over the network.

    Args:
        architecture: A timm name such as `resnet18` or `mobilenetv2_100.ra_in1k`, or `hf-hub:owner/repository`.
        n_classes: Size of the fresh head.
        dropout: Before the head.

    Raises:
        InputRefused: Unknown architecture.
        NetworkUnavailable: Neither cached nor reachable.
        ModelRefused: What lies there is not a timm model.
    """
    if not architecture.startswith(hub.PREFIX):
        build_network(architecture.split(".", maxsplit=1)[0], n_classes)
    folder = hub.weights_folder(architecture)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        arguments = dict(config.get("model_args") or {})
        network: nn.Module = timm.create_model(
            f"local-dir:{folder}", pretrained=True, num_classes=n_classes, in_chans=3, drop_rate=dropout
        )
        wanted: Mapping[str, Any] = network.pretrained_cfg  # type: ignore[assignment]
        preprocessing = Preprocessing(int(wanted["input_size"][-1]), tuple(wanted["mean"]), tuple(wanted["std"]))
        name = str(config["architecture"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise refused(
            "model.hub", N_("The hub's files of {name} are not a complete timm model."), name=architecture
        ) from error
    shrink_head(network)
    return Start(network, preprocessing, name, arguments)


def read_checkpoint(folder: Path, task: str) -> Checkpoint:
    """Read and verify a checkpoint folder: schema, task, checksum, finite weights.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task.
    """
    return Checkpoint(*read_sealed(folder, task))


def load_network(checkpoint: Checkpoint, n_classes: int | None = None, dropout: float = 0.0) -> nn.Module:
    """The network of a checkpoint; with `n_classes` the classifier is replaced by a fresh one of that size.

    Raises:
        ModelRefused: The weights do not fit the architecture the manifest names.
    """
    manifest = checkpoint.manifest
    name = manifest["architecture"]
    if name not in timm.list_models():
        raise refused("model.architecture", N_("There is no timm architecture called {name}."), name=name)
    arguments = manifest.get("model_args", {})
    if not isinstance(arguments, dict) or _BUILDER & set(arguments):
        raise refused("model.arguments", N_("The manifest gives the network arguments that it may not have."))
    try:
        network: nn.Module = timm.create_model(
            name, num_classes=len(manifest["labels"]), in_chans=3, drop_rate=dropout, **arguments
        )
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise refused(
            "model.arguments", N_("The network {name} cannot be built as the manifest says."), name=name
        ) from error
    weights = decode(checkpoint.tensors, manifest.get(FORMAT))
    try:
        network.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        wanted = set(network.state_dict())
        odd = sorted(wanted ^ set(weights))[:3] or ["shapes"]
        raise refused(
            "model.keys",
            N_("The weights do not fit the architecture; first differences: {names}."),
            names=", ".join(odd),
        ) from error
    if n_classes is not None:
        network.reset_classifier(n_classes)  # type: ignore[operator]
        shrink_head(network)
    return network
