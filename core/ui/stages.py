"""Which of its stages a training is in, where the order of all of them is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.store.versions import find_sector
from core.ui.i18n import t

_OF_PARTS: Final = (
    *("read", "look", "suspects", "remember", "hold_out"),
    *("look", "outline"),  # a second network, where it learns from known defects
    *("evaluate", "robustness", "compare", "register"),
)
_OF_LISTS: Final = ("read", "train", "map", "evaluate", "variety", "compare", "register")
_ORDERS: Final = {"parts": _OF_PARTS, "interactions": _OF_LISTS}
"""What a sector reads -> stages of its trainings."""


def stage_number(slug: str, begun: Sequence[str]) -> str:
    """`stage 4 of at most 11`; empty where the stages to come are not known.

    Args:
        slug: Sector of the run.
        begun: Names of its stages so far, in order.
    """
    order = _ORDERS.get(find_sector(slug).reads, ())
    if not begun or not set(begun) <= set(order):
        return ""
    place = -1
    for name in begun:
        later = order[place + 1 :]
        # When memory runs out, a run begins again.
        place = place + 1 + later.index(name) if name in later else order.index(name)
    return t("stage {number} of at most {count}", number=place + 1, count=len(order))
