"""What every word adds to what a Transformer says of a text: integrated gradients, or what is lost without the word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray
from scipy.special import expit
from tokenizers import Encoding
from torch import Tensor

from core.contracts import TokenAttribution
from core.data.texts import LABELS
from core.tasks.text_classification.faithfulness import faithfulness, without
from core.tasks.text_classification.model import Floats, slopes_and_shifts
from core.tasks.text_classification.transformer import TransformerModel
from core.tasks.text_classification.units import Units, read_units

METHODS = ("integrated_gradients", "occlusion")
STEPS = 16
"""Points on each piece of the way from a text without words."""
CLOSE = 0.01
"""A piece whose sum misses the difference between its ends by a larger share of the whole is halved."""
PIECES_MOST = 48
"""Networks that are very sure jump within a hundredth of the way; more pieces find the jump."""
PASSES_AT_ONCE = 8
STRUCK_MOST = 200
"""Words that are struck out one by one; in a longer text neighbours are struck out together and share what is lost."""


def explain(model: TransformerModel, text: str, target: str, method: str) -> TokenAttribution:
    """Contributions in calibrated log odds of `target`, one for each word, Chinese character, mark or emoji.

    Words behind the model's limit contribute nothing.
    """
    units = read_units([text])
    reading = model.read([text])
    slopes, shifts = slopes_and_shifts(model.calibrations, reading)
    sign = 1.0 if target == LABELS[1] else -1.0
    scale, shift = sign * float(slopes[0]), sign * float(shifts[0])
    if method == METHODS[0]:
        base, values = _gradients(model, text, units)
    else:
        base, values = _struck(model, text, units)

    def score(texts: Sequence[str]) -> NDArray[Any]:
        return np.asarray(expit(sign * model.log_odds(model.read(texts))))

    contributions = scale * values
    return TokenAttribution(
        text=text,
        starts=units.starts,
        ends=units.ends,
        contributions=contributions,
        base=scale * base + shift,
        total=scale * float(reading.raw[0]) + shift,
        method=method,
        target=target,
        faithfulness=faithfulness(score, text, (units.starts, units.ends), contributions),
    )


def _gradients(model: TransformerModel, text: str, units: Units) -> tuple[float, Floats]:
    """Raw score of a text of fillings alone, and what each unit adds to it, (U,).

    The way leads through the embeddings, which are handed to the network: a hook at the layer, as captum offers it,
    would reach what other threads are asking of the same network.
    Source: Sundararajan et al., ICML 2017, arXiv:1703.01365; implementation of captum, piece by piece.
    """
    network: Any = model.module.network
    (found,) = model.tokens.encode([text])
    special = torch.tensor(found.special_tokens_mask, dtype=torch.bool, device=model.device)
    tokens = torch.tensor([found.ids], device=model.device)
    nothing = torch.where(special, tokens, torch.full_like(tokens, model.tokens.pad))
    with torch.no_grad():
        ends = [network.get_input_embeddings()(each).detach() for each in (tokens, nothing)]

    def raw(embedded: Tensor) -> Tensor:
        mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=model.device)
        both = model.module.split(network(inputs_embeds=embedded, attention_mask=mask).logits)
        return both[:, 1] - both[:, 0]

    added = _along(raw, ends[1], ends[0])
    with torch.no_grad():
        return float(raw(ends[1])[0]), _of_units(found, added.sum(dim=2)[0].double().cpu().numpy(), units)


def _along(raw: Callable[[Tensor], Tensor], start: Tensor, end: Tensor) -> Tensor:
    """Integrated gradients from `start` to `end`, (1, T, E): a sum over pieces of the way, short where it is steep."""

    def at(place: float) -> Tensor:
        return start + place * (end - start)

    def value(place: float) -> float:
        with torch.no_grad():
            return float(raw(at(place))[0])

    allowed = CLOSE * max(abs(value(1.0) - value(0.0)), CLOSE)
    pieces, tried, added = [(0.0, 1.0)], 0, torch.zeros_like(start)
    while pieces:
        begin, stop = pieces.pop()
        tried += 1
        piece = (
            IntegratedGradients(raw)
            .attribute(at(stop), baselines=at(begin), n_steps=STEPS, internal_batch_size=PASSES_AT_ONCE)
            .detach()
        )
        close = abs(float(piece.sum()) - (value(stop) - value(begin))) <= allowed
        if close or tried + len(pieces) >= PIECES_MOST:
            added += piece
        else:
            middle = (begin + stop) / 2
            pieces += [(middle, stop), (begin, middle)]
    return added


def _of_units(found: Encoding, values: Floats, units: Units) -> Floats:
    """What tokens add, given to the units that they stand in; a token across several is shared by its characters."""
    sums = np.zeros(len(units.starts))
    for value, (start, end) in zip(values, found.offsets, strict=True):
        inside = np.minimum(units.ends, end) - np.maximum(units.starts, start)
        inside = np.maximum(inside, 0)
        if inside.sum():
            sums += value * inside / inside.sum()
    return sums


def _struck(model: TransformerModel, text: str, units: Units) -> tuple[float, Floats]:
    """Raw score of a text without its units, and what is lost without each, (U,)."""
    n = len(units.starts)
    if n == 0:
        return float(model.read([text]).raw[0]), np.zeros(0)
    groups = np.array_split(np.arange(n), min(n, STRUCK_MOST))
    struck = [np.isin(np.arange(n), group) for group in (np.arange(n), *groups)]
    raw = model.read([text, *(without(text, (units.starts, units.ends), each) for each in struck)]).raw
    lost = [np.full(len(group), (raw[0] - left) / len(group)) for group, left in zip(groups, raw[2:], strict=True)]
    return float(raw[1]), np.concatenate(lost)
