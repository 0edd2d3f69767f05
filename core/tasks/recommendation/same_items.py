"""Whether items of the same id are the same items: ids like 1, 2, 3 stand in every catalogue."""

from __future__ import annotations

from core.contracts import N_, Message
from core.data.interactions import Catalogue, Interactions
from core.errors import InputRefused
from core.tasks.recommendation.model import Recommender

LEAST_ALIKE = 0.5
"""Share of the titles of common ids that have to agree; shops rename some."""


def check_same_items(model: Recommender, data: Interactions) -> None:
    """Refuse to measure a model on a catalogue whose items only happen to have the same ids.

    Where one of the two has no titles, nothing is known and nothing refused.

    Raises:
        InputRefused: Most of the items that both name by the same id are called otherwise.
    """
    theirs = _titled(model.catalogue)
    pairs = [(title, theirs[name]) for name, title in _titled(data.catalogue).items() if name in theirs]
    alike = sum(one == other for one, other in pairs)
    if not pairs or alike >= LEAST_ALIKE * len(pairs):
        return
    template = N_(
        "{name}: {other} of {both} items that the model knows by their ids are called otherwise there. It is another "
        "catalogue, and figures on it would mean nothing."
    )
    found = {"name": data.name, "other": len(pairs) - alike, "both": len(pairs)}
    hint = Message(N_("Measure the model on interactions with its own items."))
    raise InputRefused("interactions.other_items", Message(template, found), hint)


def same_items(first: Catalogue, second: Catalogue) -> frozenset[str]:
    """Ids that stand in both catalogues and mean the same there: with the same title, or where one of them has none."""
    theirs, own = _titled(second), _titled(first)
    both = set(first.ids.tolist()) & set(second.ids.tolist())
    return frozenset(name for name in both if own.get(name, "") == theirs.get(name, "") or not (own and theirs))


def _titled(catalogue: Catalogue) -> dict[str, str]:
    """Id -> title in small letters, of the items that have one."""
    ids = catalogue.ids.tolist()
    return {name: title.casefold() for name, title in zip(ids, catalogue.titles, strict=True) if title != name}
