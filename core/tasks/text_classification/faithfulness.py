"""Do the words that an explanation names move the score? Struck out and brought back, against random orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import Faithfulness

STEPS = 8
N_RANDOM = 4

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def faithfulness(
    score: Callable[[Sequence[str]], NDArray[Any]], text: str, spans: tuple[Places, Places], values: Floats
) -> Faithfulness | None:
    """Areas under the score while tokens are struck out, the most important first, and while they come back.

    Args:
        score: Texts -> scores of the explained label, (N,) in [0, 1].
        text: What was explained.
        spans: First characters of its tokens, and those behind their last ones, (T,) each.
        values: Contributions of the tokens, (T,).

    Returns:
        None for fewer than two tokens, which have no order.
    """
    if len(values) < 2:
        return None
    generator = np.random.default_rng(0)
    orders = [np.argsort(-values, kind="stable"), *(generator.permutation(len(values)) for _ in range(N_RANDOM))]
    texts = [changed for order in orders for changed in _struck(text, spans, order)]
    scores = np.asarray(score(texts), np.float64).reshape(len(orders), 2, STEPS + 1)
    areas = np.asarray(np.trapezoid(scores, dx=1 / STEPS, axis=2))
    random = areas[1:].mean(axis=0)
    return Faithfulness(float(areas[0, 0]), float(areas[0, 1]), float(random[0]), float(random[1]), N_RANDOM)


def _struck(text: str, spans: tuple[Places, Places], order: Places) -> list[str]:
    """The text with more and more tokens blanked in this order, and with more and more of them left."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    limits = np.linspace(0, len(order), STEPS + 1)
    return [
        *(without(text, spans, rank < limit) for limit in limits),
        *(without(text, spans, rank >= limit) for limit in limits),
    ]


def without(text: str, spans: tuple[Places, Places], struck: NDArray[np.bool_]) -> str:
    """The text with some of its tokens blanked."""
    letters = list(text)
    for start, end in zip(spans[0][struck], spans[1][struck], strict=True):
        letters[start:end] = " " * (end - start)
    return "".join(letters)
