"""A Transformer that tells positive from negative: tokens, network, what its labels say, calibrated log odds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn

from core.device import autocast
from core.tasks.text_classification.language import languages_of
from core.tasks.text_classification.model import Floats, LengthCalibration, Reading, slopes_and_shifts
from core.tasks.text_classification.polarity import Sides
from core.tasks.text_classification.units import TAG, read_units

TOKENS_AT_ONCE = 16_384
"""Tokens of one pass, padding included; bounds the memory of the device."""
TEXTS_AT_ONCE = 4096
"""Texts among which those of a like length are put together."""
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class TokenReading(Reading):
    """What a Transformer says of a batch of texts before calibration; arrays (N,). `counts` are the tokens read."""

    neutral: Floats
    """Share of the labels that say neither of the two sides, in [0, 1]."""


@contextmanager
def panics_caught() -> Iterator[None]:
    """A tokenizer that breaks down in its compiled part raises what no `except Exception` catches; here RuntimeError.

    Raises:
        RuntimeError: It did.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise RuntimeError("the tokenizer broke down") from error


class TextTokens:
    """A tokenizer with a limit, in the form that the network takes. Thread-safe: nothing is written after the making.

    Args:
        tokenizer: Of the network; what a text says of its special tokens is read as ordinary text from then on.
        limit: Most tokens of a text, special ones included.
        pad: Number of the token that fills shorter texts.
        unknown: Number of the token for what is not in the vocabulary; None where everything is.
    """

    def __init__(self, tokenizer: Tokenizer, limit: int, pad: int, unknown: int | None) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(limit)
        tokenizer.encode_special_tokens = True
        self.tokenizer, self.limit, self.pad, self.unknown = tokenizer, limit, pad, unknown

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokens of texts; tags of HTML are gaps, as everywhere in this program."""
        with panics_caught():
            return list(self.tokenizer.encode_batch([_plain(text) for text in texts]))

    def padded(self, rows: Sequence[Sequence[int]], device: str) -> Tensor:
        """Numbers of tokens, (N, T), filled up to the longest."""
        width = max(len(row) for row in rows)
        return torch.tensor([[*row, *[self.pad] * (width - len(row))] for row in rows], device=device)


def _plain(text: str) -> str:
    """The text as a tokenizer takes it, with every character at its place."""
    if "<" in text:
        text = TAG.sub(lambda tag: " " * len(tag.group()), text)
    return _SURROGATES.sub("\ufffd", text)


class SideNetwork(nn.Module):
    """A network and what its labels say: tokens (N, T) -> logits of negative and positive (N, 2)."""

    def __init__(self, network: nn.Module, sides: Sides, pad: int) -> None:
        super().__init__()
        self.network, self.sides, self.pad = network, sides, pad

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the two sides; what is neither is left out."""
        return self.split(self.network(input_ids=tokens, attention_mask=(tokens != self.pad).long()).logits)

    def split(self, logits: Tensor) -> Tensor:
        """Logits of the labels, (N, K) -> those of the two sides, (N, 2)."""
        both = (self.sides.negative, self.sides.positive)
        return torch.stack([logits[:, list(side)].float().logsumexp(dim=1) for side in both], dim=1)

    def neutral(self, logits: Tensor) -> Tensor:
        """Logits of the labels, (N, K) -> share of the neutral ones, (N,)."""
        said = logits[:, list(self.sides.places)].float().softmax(dim=1)
        which = [self.sides.places.index(place) for place in self.sides.neutral]
        return said[:, which].sum(dim=1)


@dataclass(frozen=True)
class TransformerModel:
    """Everything that turns a text into a probability."""

    module: SideNetwork
    tokens: TextTokens
    calibrations: Mapping[str, LengthCalibration]
    """By language."""
    device: str

    def read(self, texts: Sequence[str]) -> TokenReading:
        """Raw scores of any number of texts, those of like lengths together."""
        parts = [
            self._read(texts[begin : begin + TEXTS_AT_ONCE]) for begin in range(0, max(len(texts), 1), TEXTS_AT_ONCE)
        ]
        return TokenReading(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
        )

    def log_odds(self, reading: Reading) -> Floats:
        """Calibrated log odds (N,) of the second label."""
        slopes, shifts = slopes_and_shifts(self.calibrations, reading)
        return np.asarray(reading.raw * slopes + shifts)

    def _read(self, texts: Sequence[str]) -> TokenReading:
        units, found = read_units(texts), self.tokens.encode(texts)
        raw, neutral = self._scores([encoding.ids for encoding in found])
        lengths = np.array([len(encoding.ids) for encoding in found], np.int64)
        return TokenReading(
            raw=raw,
            counts=lengths,
            sizes=np.bincount(units.texts, minlength=len(texts)).astype(np.float64),
            known=np.array([self._known(encoding) for encoding in found], np.float64),
            languages=languages_of(units),
            neutral=neutral,
        )

    def _known(self, found: Encoding) -> float:
        own = [number for number, special in zip(found.ids, found.special_tokens_mask, strict=True) if not special]
        return sum(number != self.tokens.unknown for number in own) / len(own) if own else 0.0

    @torch.inference_mode()
    def _scores(self, rows: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        """Log odds before calibration and shares of neutral, (N,) each."""
        raw, neutral = np.zeros(len(rows)), np.zeros(len(rows))
        for places in alike([len(row) for row in rows]):
            tokens = self.tokens.padded([rows[place] for place in places], self.device)
            mask = (tokens != self.tokens.pad).long()
            with autocast(self.device):
                logits = self.module.network(input_ids=tokens, attention_mask=mask).logits
            both = self.module.split(logits)
            raw[places] = (both[:, 1] - both[:, 0]).double().cpu().numpy()
            neutral[places] = self.module.neutral(logits).double().cpu().numpy()
        return raw, neutral


def share_read(found: Encoding) -> float:
    """Share of the tokens of a text that its limit left, special ones not counted."""
    pieces = [found, *found.overflowing]
    counts = [len(piece.ids) - sum(piece.special_tokens_mask) for piece in pieces]
    return counts[0] / sum(counts) if sum(counts) else 1.0


def alike(lengths: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    """Places of rows of like lengths, longest first, so many that they fit into one pass."""
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    begin = 0
    while begin < len(order):
        size = max(1, TOKENS_AT_ONCE // max(lengths[order[begin]], 1))
        yield order[begin : begin + size]
        begin += size


def parameters_of(module: nn.Module) -> dict[str, Any]:
    """How many numbers a network has, how many of them are trained, and their bytes."""
    sizes = [(entry.numel(), entry.requires_grad, entry.element_size()) for entry in module.parameters()]
    return {
        "parameters": sum(n for n, _, _ in sizes),
        "trained": sum(n for n, trained, _ in sizes if trained),
        "bytes": sum(n * width for n, _, width in sizes),
    }
