"""Why an item is in a list: what each item of the user's adds to its score, and what the two have in common.

For EASE, nearest items and the factorisation a score is a sum over the user's items, so that shares are exact. For the
network a share is what the score loses without the item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.contracts import ItemReasons
from core.data.histories import from_lists
from core.tasks.recommendation.model import Recommender

EXACT, LEFT_OUT, CONTENT = "sum", "left_out", "attributes"
METHODS = (EXACT, LEFT_OUT)
"""How contributions were found: terms of a sum, or by leaving items out one at a time; likeness for content."""
COMMON, CARRIERS = 5, 10
"""Attributes in common that are named at most, and items of a user of which they are."""
_LISTS = 64
"""Lists that are scored at one time: each has a score for every item of the catalogue."""

Places = NDArray[np.int64]


def reasons(model: Recommender, history: Places, items: Places, content: bool = False) -> list[ItemReasons]:
    """Reasons for each of the listed items.

    Args:
        model: That ranked them.
        history: Places of the user's items, oldest first, (H,).
        items: Places of the listed items, (K,).
        content: Whether they were chosen by their attributes.
    """
    contributions, totals, method = _contributions(model, history, items, content)
    ids = model.catalogue.ids
    held = tuple(str(name) for name in ids[history])
    return [
        ItemReasons(
            target=str(ids[item]),
            item_ids=held,
            contributions=contributions[:, place].astype(np.float64),
            total=float(totals[place]),
            method=method,
            exact=method != LEFT_OUT,
            common=_common(model, history, int(item), contributions[:, place]),
        )
        for place, item in enumerate(items)
    ]


def _common(model: Recommender, history: Places, item: int, contributions: NDArray[Any]) -> tuple[tuple[str, ...], ...]:
    """Attributes in common with the listed item, of the user's items that carry it most; nothing for the others."""
    strongest = set(np.argsort(-np.abs(contributions), kind="stable")[:CARRIERS].tolist())
    return tuple(
        model.attributes.common(int(own), item)[:COMMON] if place in strongest else ()
        for place, own in enumerate(history)
    )


def _contributions(
    model: Recommender, history: Places, items: Places, content: bool
) -> tuple[NDArray[Any], NDArray[Any], str]:
    """Of every item of the user's to every listed one (H, K), the scores (K,), and the method."""
    if content:
        matrix = model.attributes.matrix
        shares = np.asarray((matrix[history] @ matrix[items].T).toarray(), np.float64) / max(len(history), 1)
        return shares, shares.sum(axis=0), CONTENT
    shares_of = model.scorer.shares(history, items)
    if shares_of is not None:
        return shares_of, shares_of.sum(axis=0, dtype=np.float64), EXACT
    return (*_left_out(model, history, items), LEFT_OUT)


def _left_out(model: Recommender, history: Places, items: Places) -> tuple[NDArray[Any], NDArray[Any]]:
    """Only items within reach are left out one at a time: without any other the score is the same."""
    reach = len(history) if model.scorer.reach is None else min(model.scorer.reach, len(history))
    # One item more than is within reach: it moves up where a later one is left out.
    latest = history[max(0, len(history) - reach - 1) :]
    places = range(len(latest) - reach, len(latest))
    lists: Sequence[Places] = [latest, *(np.delete(latest, place) for place in places)]
    chunks = [from_lists(lists[begin : begin + _LISTS]) for begin in range(0, len(lists), _LISTS)]
    scores = np.concatenate([model.scorer.scores(chunk)[:, items] for chunk in chunks]).astype(np.float64)
    lost = np.zeros((len(history), len(items)))
    lost[len(history) - reach :] = scores[0] - scores[1:]
    return lost, scores[0]
