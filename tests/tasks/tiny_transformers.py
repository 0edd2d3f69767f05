"""Tiny Transformers with random weights, written as the hub keeps them: `config.json`, safetensors, a tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, AutoConfig

REVISION = "0123456789abcdef0123456789abcdef01234567"
GOOD, BAD = ("good", "great", "lovely", "nice"), ("bad", "awful", "boring", "ugly")
THINGS = ("the soup is {}", "a {} film", "my room was {} today", "what a {} day", "she said it was {}")
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = sorted({word for line in THINGS for word in line.split()} - {"{}"})
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,."
CHINESE = "很好差房间干净今天"
VOCABULARY = list(dict.fromkeys((*MARKS, *GOOD, *BAD, *WORDS, *LETTERS, *(f"##{sign}" for sign in LETTERS), *CHINESE)))
NAMES = {0: "NEGATIVE", 1: "POSITIVE"}
SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "embedding_size": 32,
    "max_position_embeddings": 66, "vocab_size": len(VOCABULARY), "pad_token_id": 0,
    "bos_token_id": 2, "cls_token_id": 2, "eos_token_id": 3, "sep_token_id": 3,
}  # fmt: skip
"""Of all kinds together: each takes the names that it knows and keeps the others to itself."""


def tokenizer() -> Tokenizer:
    found = Tokenizer(models.WordPiece({word: place for place, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    found.normalizer = normalizers.BertNormalizer(lowercase=True)
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    found.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    found.add_special_tokens(list(MARKS))
    return found


def write_model(folder: Path, kind: str = "bert", names: dict[int, str] | None = None, seed: int = 3) -> Path:
    """A model of a kind in a folder that has the hub's layout; its labels are called by `names`."""
    torch.manual_seed(seed)
    names = NAMES if names is None else names
    config = AutoConfig.for_model(kind, **SIZES, id2label=names, label2id={name: k for k, name in names.items()})
    network = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)](config)
    network.save_pretrained(folder)
    tokenizer().save(str(folder / "tokenizer.json"))
    marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    return folder


def put_in_cache(cache: Path, repository: str, revision: str = REVISION, **model: object) -> Path:
    """A model as `huggingface_hub` keeps what it fetched: refs/main names a snapshot folder."""
    root = cache / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text(revision)
    folder = root / "snapshots" / revision
    folder.mkdir(parents=True)
    return write_model(folder, **model)  # type: ignore[arg-type]


def texts(n: int = 240, seed: int = 0) -> pd.DataFrame:
    """Texts that one word decides."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        label = number % 2
        word = str(generator.choice(GOOD if label else BAD))
        rows.append((f"{generator.choice(THINGS).format(word)}, {number // 2}.", label))
    return pd.DataFrame(rows, columns=["text", "label"])
