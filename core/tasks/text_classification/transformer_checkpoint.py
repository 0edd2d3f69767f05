"""Checkpoint folders of Transformers: weights as safetensors, tokenizer and configuration as JSON, the rest said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from core.contracts import N_
from core.data.texts import LABELS
from core.store.files import MANIFEST, WEIGHTS, sha256_of
from core.store.sealed import FILES, not_finite, refused, sealed_manifest, unreadable
from core.tasks.text_classification.calibrate import Limits
from core.tasks.text_classification.encoder_config import check_size, config_of, most_tokens
from core.tasks.text_classification.manifest import TASK_NAME, TRANSFORMER, Origin, manifest_of
from core.tasks.text_classification.model import CALIBRATED, LengthCalibration
from core.tasks.text_classification.polarity import Sides
from core.tasks.text_classification.pretrained import check_finite, fill, try_out
from core.tasks.text_classification.sources import CONFIG, ENCODERS, TOKENIZER, Source
from core.tasks.text_classification.transformer import SideNetwork, TextTokens, TransformerModel, panics_caught

NETWORK = "net."
"""What the names of the network's weights begin with."""
CONFORMAL = "conformal.scores"
_DAMAGED = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    SafetensorError,
)
"""What files raise that are not those which a training wrote."""
HALF_MOST = 6e4
"""Half precision holds no larger numbers."""


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint folder."""

    manifest: Mapping[str, Any]
    model: TransformerModel
    limits: Limits
    languages: frozenset[str]
    """Languages that it was measured on."""


def halve(network: nn.Module) -> None:
    """Round the matrices of a network to half precision, as the file keeps them; all that is measured comes after."""
    with torch.no_grad():
        for tensor in network.parameters():
            if fits_half(tensor):
                tensor.copy_(tensor.half().float())


def fits_half(tensor: Tensor) -> bool:
    """Whether a file keeps these weights in half precision: matrices, where none of their numbers is too large."""
    return tensor.is_floating_point() and tensor.ndim > 1 and float(tensor.detach().abs().max()) < HALF_MOST


def write_checkpoint(
    folder: Path, model: TransformerModel, limits: Limits, languages: frozenset[str], origin: Origin, source: Source
) -> None:
    """Write weights, tokenizer, configuration and manifest into `folder`, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    network: Any = model.module.network
    tensors = {f"{NETWORK}{name}": _stored(tensor) for name, tensor in network.state_dict().items()}
    tensors[CONFORMAL] = torch.from_numpy(limits.conformal).float()
    save_file(tensors, folder / WEIGHTS)
    model.tokens.tokenizer.save(str(folder / TOKENIZER))
    (folder / CONFIG).write_text(network.config.to_json_string(), encoding="utf-8")
    manifest = manifest_of(TRANSFORMER, origin) | {
        "encoder": source.kind,
        "source": {"name": source.name, "revision": source.revision, "licence": source.licence},
        "sides": asdict(model.module.sides),
        "tokens": {name: getattr(model.tokens, name) for name in ("limit", "pad", "unknown")},
        "calibration": {name: asdict(one) for name, one in model.calibrations.items()},
        "unknown_limit": limits.unknown,
        "languages": sorted(languages),
        "torch_version": str(torch.__version__),
        "sha256": sha256_of(folder / WEIGHTS),
        FILES: {name: sha256_of(folder / name) for name in (TOKENIZER, CONFIG)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _stored(tensor: Tensor) -> Tensor:
    # A copy: weights may share memory, which a file cannot.
    kept = tensor.detach().to("cpu", copy=True).contiguous()
    return kept.half() if fits_half(kept) else kept


def read_checkpoint(folder: Path, device: str) -> Checkpoint:
    """Read and verify a checkpoint folder: schema, task, checksums, architecture, every weight in its place and finite.

    Raises:
        ModelRefused: Anything is missing, damaged or made for another task.
    """
    manifest = sealed_manifest(folder, TASK_NAME)
    try:
        if manifest["labels"] != list(LABELS) or set(manifest[FILES]) != {TOKENIZER, CONFIG}:
            raise refused("model.reading", N_("The model was trained on texts that were read in another way."))
        said = dict(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        tensors = load_file(folder / WEIGHTS)
        conformal = tensors.pop(CONFORMAL).numpy().astype(np.float64)
        sides = Sides(**{name: tuple(int(place) for place in places) for name, places in manifest["sides"].items()})
        calibrations = {name: LengthCalibration(**manifest["calibration"][name]) for name in CALIBRATED}
        limits = Limits(float(manifest["unknown_limit"]), conformal)
        tokens = _tokens(folder, manifest["tokens"])
        languages = frozenset(str(name) for name in manifest["languages"])
    except _DAMAGED as error:
        raise unreadable(error) from error
    numbers = [limits.unknown, *(value for one in calibrations.values() for value in asdict(one).values())]
    if not np.isfinite([*numbers, *conformal]).all():
        raise not_finite("manifest")
    module = SideNetwork(_network(said, tensors, sides, tokens), sides, tokens.pad)
    try_out(module, tokens, TRANSFORMER)
    model = TransformerModel(module.to(device), tokens, calibrations, device)
    return Checkpoint(manifest, model, limits, languages)


def _tokens(folder: Path, said: Mapping[str, Any]) -> TextTokens:
    text = (folder / TOKENIZER).read_text(encoding="utf-8")
    try:
        with panics_caught():
            tokenizer = Tokenizer.from_str(text)
    except Exception as error:
        raise unreadable(error) from error
    unknown = None if said["unknown"] is None else int(said["unknown"])
    return TextTokens(tokenizer, int(said["limit"]), int(said["pad"]), unknown)


def _network(said: Mapping[str, Any], tensors: Mapping[str, Tensor], sides: Sides, tokens: TextTokens) -> nn.Module:
    """The network with these weights, all of them and no other."""
    if said.get("model_type") not in ENCODERS:
        raise refused(
            "model.architecture",
            N_("The network {name} is not one of those that this program reads."),
            name=str(said.get("model_type"))[:40],
        )
    config = config_of(said, TRANSFORMER)
    check_size(config, TRANSFORMER)
    labels, numbers = range(config.num_labels), range(config.vocab_size)
    fitting = sides.negative and sides.positive and set(sides.places) <= set(labels) and tokens.pad in numbers
    if not fitting or not 2 < tokens.limit <= most_tokens(config):
        raise refused("model.reading", N_("The model was trained on texts that were read in another way."))
    check_finite(tensors)
    weights = {
        name.removeprefix(NETWORK): tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }
    try:
        network, told = fill(config, weights)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise unreadable(error) from error
    odd = {*told["missing_keys"], *told["unexpected_keys"], *(entry[0] for entry in told["mismatched_keys"])}
    if odd:
        raise refused(
            "model.keys",
            N_("The weights do not fit the architecture; first differences: {names}."),
            names=", ".join(sorted(odd)[:3]),
        )
    ready: nn.Module = network.eval()
    return ready
