"""From files in the hub's layout to a network and its tokenizer, strictly: every weight in its place, or words why not.

`transformers` builds the network and fills it, but never chooses a file: the weights are read here, as safetensors, and
the tokenizer is made in a folder that holds nothing else. No code of the files is run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, AutoTokenizer
from transformers.utils import logging as transformers_log

from core.contracts import N_
from core.errors import ModelRefused
from core.store.files import sha256_of
from core.store.sealed import not_finite, refused
from core.tasks.text_classification.encoder_config import check_size, config_of, most_tokens
from core.tasks.text_classification.polarity import TWO, Sides, known_sides, sides_of
from core.tasks.text_classification.sources import CONFIG, TOKENIZER_FILES, Source, refused_to_start
from core.tasks.text_classification.transformer import SideNetwork, TextTokens, panics_caught

PROBE = "The room was clean. 房间很干净。 𓂀"
"""Ends with a sign that no vocabulary knows."""
POOLER = "pooler."
"""Part of an encoder between its last layer and the head; models that were trained without a head lack it."""
FULL = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
"""Numbers that weights are stored as; others mean something only to what has quantized them."""
LAYER = re.compile(r"layers?\.[0-9]")
"""In the names of the weights of a layer."""

# Neither bars nor reports on stderr: what matters of them is told by the errors below.
transformers_log.disable_progress_bar()  # type: ignore[no-untyped-call, unused-ignore]
transformers_log.set_verbosity_error()  # type: ignore[no-untyped-call, unused-ignore]


@dataclass(frozen=True)
class Start:
    """What a run starts from."""

    module: SideNetwork
    tokens: TextTokens
    source: Source
    fresh: frozenset[str]
    """Names of weights that the files did not have and that are random."""
    sha256: str
    """Of the file of weights; of several, of their checksums."""


@refused_to_start()
def load_start(source: Source, max_length: int, tuned: bool) -> Start:
    """The network of a source.

    Args:
        source: Its files.
        max_length: Most tokens of a text; fewer where the network takes fewer.
        tuned: The network is going to be trained, so that it may lack a last layer, or have one for other labels.

    Raises:
        ModelRefused: Something is missing, damaged, too large or of another form than the configuration says.
    """
    config = config_of(source.config, source.name)
    check_size(config, source.name)
    sides = sides_of(config.id2label) if tuned else known_sides(config.id2label)
    if sides is None:
        config.num_labels, sides = 2, TWO
    network, fresh = _load_network(source, config, tuned)
    tokenizer = _load_tokenizer(source)
    pad = _filling(tokenizer, config, source.name)
    if tuned:  # what is trained to tell two sides apart says nothing of neutral
        sides = Sides(sides.negative, sides.positive)
    backend: Tokenizer = tokenizer.backend_tokenizer
    module = SideNetwork(network.eval(), sides, pad)
    try:
        tokens = TextTokens(backend, min(max_length, most_tokens(config)), pad, tokenizer.unk_token_id)
    except Exception as error:
        raise _damaged(source.name, error) from error
    try_out(module, tokens, source.name)
    return Start(module, tokens, source, fresh, _sha256(source))


def _filling(tokenizer: Any, config: Any, name: str) -> int:
    """The token that fills shorter texts; raises `ModelRefused` when a token has no place in the network."""
    pad = config.pad_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    wanted = 1 + max([*tokenizer.get_vocab().values(), len(tokenizer) - 1])
    if pad is None or not 0 <= pad < config.vocab_size or wanted > config.vocab_size:
        raise refused(
            "model.tokenizer",
            N_("The tokenizer of {name} has {found} tokens and its network {wanted}; they do not fit."),
            name=name,
            found=wanted,
            wanted=config.vocab_size,
        )
    return int(pad)


def _sha256(source: Source) -> str:
    found = [sha256_of(source.folder / file) for file in source.weights]
    return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()


def try_out(module: SideNetwork, tokens: TextTokens, name: str) -> None:
    """Read one text; raises `ModelRefused` when the network cannot, or says what is no number."""
    try:
        with torch.inference_mode():
            logits = module(tokens.padded([tokens.encode([PROBE])[0].ids], "cpu"))
    except Exception as error:
        raise refused(
            "model.probe", N_("{name} cannot read a text: {reason}."), name=name, reason=_kind(error)
        ) from error
    if not bool(logits.isfinite().all()):
        raise not_finite(name)


def _load_network(source: Source, config: Any, tuned: bool) -> tuple[nn.Module, frozenset[str]]:
    try:
        weights = _read_weights(source)
        network, told = fill(config, weights)
    except Exception as error:
        raise refused(
            "model.hub", N_("The weights of {name} cannot be read: {reason}."), name=source.name, reason=_kind(error)
        ) from error
    fresh = frozenset({*told["missing_keys"], *(entry[0] for entry in told["mismatched_keys"])})
    base = f"{network.base_model_prefix}."
    odd = {name for name in fresh if not tuned or (name.startswith(base) and POOLER not in name)}
    odd |= {name for name in told["unexpected_keys"] if LAYER.search(name)}
    odd |= {name for name, tensor in weights.items() if tensor.dtype not in FULL and not name.endswith("_ids")}
    if odd or told["error_msgs"]:
        raise refused(
            "model.keys",
            N_("The weights of {name} do not fit its configuration; first differences: {names}."),
            name=source.name,
            names=", ".join(sorted(odd)[:3]) or str(told["error_msgs"])[:80],
        )
    check_finite(network.state_dict())
    return network, fresh


def fill(config: Any, weights: Mapping[str, Tensor]) -> tuple[Any, Mapping[str, Any]]:
    """A network with these weights, and what was missing, unexpected or of another shape, as `transformers` says it."""
    network, told = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)].from_pretrained(
        None,
        config=config,
        state_dict=dict(weights),
        dtype=torch.float32,
        ignore_mismatched_sizes=True,  # told
        output_loading_info=True,
    )
    return network, told


def _read_weights(source: Source) -> dict[str, Tensor]:
    """All tensors of all files; a name stands in one of them alone."""
    tensors: dict[str, Tensor] = {}
    for file in source.weights:
        found = load_file(source.folder / file)
        if tensors.keys() & found.keys():
            raise ValueError
        tensors |= found
    return tensors


def _load_tokenizer(source: Source) -> Any:
    """The tokenizer, made from copies of its files: what else lies beside them cannot be looked for."""
    try:
        with panics_caught(), TemporaryDirectory() as made:
            folder = Path(made)
            for file in TOKENIZER_FILES:
                if (source.folder / file).exists():
                    (folder / file).write_bytes((source.folder / file).read_bytes())
            (folder / CONFIG).write_text(json.dumps({"model_type": source.kind}), encoding="utf-8")
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if not isinstance(tokenizer.backend_tokenizer, Tokenizer):
            raise TypeError
    except Exception as error:
        raise _damaged(source.name, error) from error
    return tokenizer


def _damaged(name: str, error: Exception) -> ModelRefused:
    return refused(
        "model.tokenizer_damaged",
        N_("The tokenizer of {name} cannot be read: {reason}."),
        name=name,
        reason=_kind(error),
    )


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise `ModelRefused` for weights that are no numbers."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise not_finite(name)


def _kind(error: BaseException) -> str:
    return type(error).__name__
