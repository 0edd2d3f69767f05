"""Where the features come from: our own network, or any timm network of the model hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
from safetensors import SafetensorError
from torch import Tensor

from core import hub
from core.contracts import N_, Message
from core.errors import InputRefused
from core.settings import settings
from core.store.sealed import refused
from core.tasks.anomaly_detection.backbone import (
    Backbone,
    BackboneSpec,
    build_backbone,
    freeze,
    layers_of,
    load_backbone,
)
from core.tasks.anomaly_detection.config import AnomalyDetectionConfig
from core.training.weights import read_sealed

TASK_NAME = "anomaly_detection"
BUNDLED = "defects/bundled"
PART = "backbone."
"""What the names of the backbone's tensors begin with in a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint folder: manifest and tensors by owner."""

    manifest: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin with `prefix`, without it."""
        return {name[len(prefix) :]: tensor for name, tensor in self.tensors.items() if name.startswith(prefix)}


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and verify a checkpoint folder: schema, task, checksum, finite values.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task.
    """
    return Checkpoint(*read_sealed(folder, TASK_NAME))


def backbone_of(checkpoint: Checkpoint) -> Backbone:
    """The backbone that a checkpoint holds; raises `ModelRefused` when it does not fit its manifest."""
    stated = checkpoint.manifest.get("backbone")
    if not isinstance(stated, dict):
        raise refused("model.backbone", N_("The manifest says nothing of the backbone."))
    return load_backbone(stated, checkpoint.part(PART))


def start_backbone(config: AnomalyDetectionConfig) -> Backbone:
    """The backbone of a run, as its config names it.

    Raises:
        InputRefused: The architecture is unknown, gives no feature maps, or takes another image size only.
        NetworkUnavailable: Hub weights are neither cached nor reachable.
        ModelRefused: What lies in the cache is no timm model.
    """
    if config.pretrained == "bundled":
        return backbone_of(read_checkpoint(settings().assets / "models" / BUNDLED))
    return _hub_backbone(config.architecture, config.image_size)


def _hub_backbone(architecture: str, image_size: int) -> Backbone:
    if not architecture.startswith(hub.PREFIX):  # a wrong name is told before anything is asked for
        build_backbone(BackboneSpec(architecture.split(".", maxsplit=1)[0], (-2, -1), (0.5,) * 3, (0.5,) * 3))
    folder = hub.weights_folder(architecture)
    try:
        stated = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        whole = timm.create_model(f"local-dir:{folder}", pretrained=True)
        wanted: Mapping[str, Any] = whole.pretrained_cfg
        mean, std = tuple(wanted["mean"]), tuple(wanted["std"])
        name, arguments = str(stated["architecture"]), dict(stated.get("model_args") or {})
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise refused(
            "model.hub", N_("The hub's files of {name} are not a complete timm model."), name=architecture
        ) from error
    if wanted.get("fixed_input_size") and int(wanted["input_size"][-1]) != image_size:
        fixed = int(wanted["input_size"][-1])
        raise InputRefused(
            "config.image_size",
            Message(
                N_("This architecture takes images of {fixed} px only, not {asked}."),
                {"fixed": fixed, "asked": image_size},
            ),
            Message(N_("Set the image size to that figure.")),
        )
    backbone = build_backbone(BackboneSpec(name, layers_of(whole), mean, std, model_args=arguments))
    weights = whole.state_dict()
    own = backbone.state_dict()
    backbone.load_state_dict({key: weights[key.removeprefix("trunk.model.")] for key in own}, strict=True)
    return freeze(backbone)
