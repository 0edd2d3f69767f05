"""From files in the hub's layout to a network and its tokenizer, strictly: every weight in its place, or words why not.

Only `transformers` builds the network and fills it; it reads safetensors alone and runs no code of the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_log

from core.contracts import N_
from core.store.files import sha256_of
from core.store.sealed import not_finite, refused
from core.tasks.text_classification.polarity import TWO, Sides, known_sides, sides_of
from core.tasks.text_classification.sources import Source
from core.tasks.text_classification.transformer import SideNetwork, TextTokens

MOST_PARAMETERS = 1_500_000_000
"""Larger networks than this are none of those that read reviews; their files are not opened."""
PROBE = "The room was clean. 房间很干净。"
OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet")
"""Kinds whose first positions are taken by the filling."""
POOLER = "pooler."
"""Part of an encoder between its last layer and the head; models that were trained without a head lack it."""

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
    """Of the first file of weights."""


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
    pad = config.pad_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    if pad is None or len(tokenizer) > config.vocab_size:
        raise refused(
            "model.tokenizer",
            N_("The tokenizer of {name} has {found} tokens and its network {wanted}; they do not fit."),
            name=source.name,
            found=len(tokenizer),
            wanted=config.vocab_size,
        )
    if tuned:  # what is trained to tell two sides apart says nothing of neutral
        sides = Sides(sides.negative, sides.positive)
    backend: Tokenizer = tokenizer.backend_tokenizer
    tokens = TextTokens(backend, min(max_length, most_tokens(config)), int(pad), tokenizer.unk_token_id)
    module = SideNetwork(network.eval(), sides, int(pad))
    try_out(module, tokens, source.name)
    return Start(module, tokens, source, fresh, sha256_of(min(source.folder.glob("model*.safetensors"))))


def config_of(said: Mapping[str, Any], name: str) -> Any:
    """The configuration of a network from its JSON; raises `ModelRefused` when it cannot be one."""
    try:
        return AutoConfig.for_model(**dict(said))
    except Exception as error:
        raise refused(
            "model.hub_config",
            N_("The configuration of {name} cannot be read: {reason}."),
            name=name,
            reason=_kind(error),
        ) from error


def most_tokens(config: Any) -> int:
    """The longest text that a network takes, in tokens."""
    taken = config.pad_token_id + 1 if config.model_type in OFFSET_POSITIONS else 0
    return int(config.max_position_embeddings) - taken


def check_size(config: Any, name: str) -> None:
    """Raise `ModelRefused` for a network that is larger than any of its kind, before memory is given to it."""
    try:
        with torch.device("meta"):
            network = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
    except Exception as error:
        raise refused(
            "model.hub_config",
            N_("The configuration of {name} cannot be read: {reason}."),
            name=name,
            reason=_kind(error),
        ) from error
    size = sum(entry.numel() for entry in network.parameters())
    if size > MOST_PARAMETERS:
        raise refused(
            "model.too_large",
            N_("{name} has {found:,} parameters; at most {limit:,} are read."),
            name=name,
            found=size,
            limit=MOST_PARAMETERS,
        )


def try_out(module: SideNetwork, tokens: TextTokens, name: str) -> None:
    """Read one text; raises `ModelRefused` when the network cannot, or says what is no number."""
    try:
        with torch.inference_mode():
            logits = module(tokens.padded([tokens.encode([PROBE])[0].ids], "cpu"))
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        raise refused(
            "model.probe", N_("{name} cannot read a text: {reason}."), name=name, reason=_kind(error)
        ) from error
    if not bool(logits.isfinite().all()):
        raise not_finite(name)


def _load_network(source: Source, config: Any, tuned: bool) -> tuple[nn.Module, frozenset[str]]:
    try:
        network, told = AutoModelForSequenceClassification.from_pretrained(
            source.folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # told below
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, SafetensorError) as error:
        raise refused(
            "model.hub", N_("The weights of {name} cannot be read: {reason}."), name=source.name, reason=_kind(error)
        ) from error
    fresh = frozenset({*told["missing_keys"], *(entry[0] for entry in told["mismatched_keys"])})
    base = f"{network.base_model_prefix}."
    odd = {name for name in fresh if not tuned or (name.startswith(base) and POOLER not in name)}
    if odd or told["error_msgs"]:
        raise refused(
            "model.keys",
            N_("The weights of {name} do not fit its configuration; first differences: {names}."),
            name=source.name,
            names=", ".join(sorted(odd)[:3]) or str(told["error_msgs"])[:80],
        )
    check_finite(network.state_dict())
    return network, fresh


def _load_tokenizer(source: Source) -> Any:
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.folder, local_files_only=True, trust_remote_code=False)
        if not isinstance(tokenizer.backend_tokenizer, Tokenizer):
            raise TypeError
    except Exception as error:
        raise refused(
            "model.tokenizer_damaged",
            N_("The tokenizer of {name} cannot be read: {reason}."),
            name=source.name,
            reason=_kind(error),
        ) from error
    return tokenizer


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise `ModelRefused` for weights that are no numbers."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise not_finite(name)


def _kind(error: BaseException) -> str:
    return type(error).__name__
