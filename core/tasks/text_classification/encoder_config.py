"""What `config.json` says of a network: only what its kind knows is taken, within bounds, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from transformers import CONFIG_MAPPING, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
from transformers.configuration_utils import PreTrainedConfig

from core.contracts import N_
from core.errors import ModelRefused
from core.store.sealed import refused

MOST_PARAMETERS = 1_500_000_000
"""Larger networks than this are none of those that read reviews; their files are not opened."""
MOST = {
    **dict.fromkeys(("num_hidden_layers", "n_layers", "num_hidden_groups"), 100),
    "inner_group_num": 4,
    **dict.fromkeys(("num_attention_heads", "n_heads"), 256),
    **dict.fromkeys(("hidden_size", "dim", "embedding_size", "pooler_hidden_size", "attention_head_size"), 8192),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "max_position_embeddings"), 32_768),
    **dict.fromkeys(("max_relative_positions", "position_buckets", "relative_attention_num_buckets"), 32_768),
    **dict.fromkeys(("num_labels", "type_vocab_size", "task_type_vocab_size", "conv_kernel_size", "conv_groups"), 1000),
}
"""Of what takes time or memory to build, by name; several times what the largest of these kinds have."""
MOST_OF_ANY = 2_000_000
"""Of every other number, such as the size of the vocabulary."""
LABELS = ("id2label", "label2id", "num_labels")
OLDER = (
    *("attention_head_size", "cls_dropout", "conv_act", "conv_groups", "conv_kernel_size", "embedding_size"),
    *("norm_rel_ebd", "pooler_hidden_size", "position_buckets", "share_att_key", "talking_head"),
    *("global_attn_every_n_layers", "global_rope_theta", "local_rope_theta", "rope_scaling", "rope_theta"),
)
"""Read by these kinds, though their classes do not declare them."""
OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet")
"""Kinds whose first positions are taken by the filling."""


def config_of(said: Mapping[str, Any], name: str) -> Any:
    """The configuration of a network from its JSON; raises `ModelRefused` when it cannot be one.

    Of what the JSON says, only what shapes the network is taken: neither arithmetic, nor files, nor code.
    """
    try:
        known = _known(str(said["model_type"]))
        taken = {key: value for key, value in said.items() if key in known}
        for key, value in taken.items():
            _check_number(key, value, name)
        _check_number("num_labels", len(taken.get("id2label") or ()), name)
        config: Any = CONFIG_MAPPING[said["model_type"]](**taken)
        if not all(isinstance(label, str) for label in config.id2label.values()) or most_tokens(config) < 1:
            raise ValueError
    except ModelRefused:
        raise
    except Exception as error:
        raise _unreadable(name, error) from error
    return config


def most_tokens(config: Any) -> int:
    """The longest text that a network takes, in tokens."""
    taken = config.pad_token_id + 1 if config.model_type in OFFSET_POSITIONS else 0
    return int(config.max_position_embeddings) - taken


def check_size(config: Any, name: str) -> None:
    """Raise `ModelRefused` for a network that is larger than any of its kind, before memory is given to it."""
    try:
        with torch.device("meta"):
            network = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)](config)
    except Exception as error:
        raise _unreadable(name, error) from error
    size = sum(entry.numel() for entry in network.parameters())
    if size > MOST_PARAMETERS:
        raise refused(
            "model.too_large",
            N_("{name} has {found:,} parameters; at most {limit:,} are read."),
            name=name,
            found=size,
            limit=MOST_PARAMETERS,
        )


def _known(kind: str) -> frozenset[str]:
    """What the configuration of a kind may say."""
    kept = CONFIG_MAPPING[kind]
    common = {entry.name for entry in fields(PreTrainedConfig)}
    own = {entry.name for entry in fields(kept)} - common
    return frozenset({*own, *kept.attribute_map, *LABELS, *OLDER})


def _check_number(key: str, value: object, name: str) -> None:
    limit = MOST.get(key, MOST_OF_ANY)
    if isinstance(value, int | float) and abs(value) > limit:
        raise refused(
            "model.too_large",
            N_("The configuration of {name} says {option} = {found}; at most {limit:,} is read."),
            name=name,
            option=key,
            found=str(value)[:20],
            limit=limit,
        )


def _unreadable(name: str, error: Exception) -> ModelRefused:
    return refused(
        "model.hub_config",
        N_("The configuration of {name} cannot be read: {reason}."),
        name=name,
        reason=type(error).__name__,
    )
