"""Why an item is in a list, as thin bars: the items of the user's that carry it with their shares, what is common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from core.contracts import ItemReasons, RankedItem
from core.serving.recommending import Shelf
from core.ui.highlight import SERIES, literal
from core.ui.i18n import t
from core.ui.shop_items import common_words, facts_of, title_of

SHOWN: Final = 2
"""Items of the user's that are named in a row; the others are added up."""
_COMMON: Final = 3
_DOT: Final = "display:inline-block;width:.65em;height:.65em;border-radius:2px;margin-right:.3em"
_NAMED: Final = 12
"""Items of a history that have a dot of their own and stand in the strip above the wall, the latest."""
_OTHERS: Final = "var(--v-line)"


def tones(history: Sequence[str]) -> dict[str, str]:
    """Item of a user's -> its colour, the same in the strip and in every reason; the latest ones alone have one."""
    colours = tuple(f"var(--v-series-{number})" for number in range(SERIES))
    latest = list(history)[-_NAMED:]
    return {item: colours[number % len(colours)] for number, item in enumerate(latest)}


def strip_of(shelf: Shelf, history: Sequence[str]) -> str:
    """What a user has, the latest first, each with its colour; how many more there are."""
    colour = tones(history)
    words = [
        f'<span style="margin-right:.8em;white-space:nowrap"><span style="{_DOT};background:{colour[item]}"></span>'
        f"{literal(title_of(shelf, item))}</span>"
        for item in reversed(colour)
    ]
    if more := len(history) - len(colour):
        words.append(f'<span style="color:var(--v-muted)">{literal(t("and {count:,} more", count=more))}</span>')
    return f'<div style="font-size:.85em;line-height:1.7;display:flex;flex-wrap:wrap">{"".join(words)}</div>'


def row_of(shelf: Shelf, item: RankedItem, rank: int, colour: Mapping[str, str]) -> str:
    """An item of a list as HTML of our own: rank, title, category and price, and why it is there."""
    head = (
        f"<div><b>{rank}. {literal(title_of(shelf, item.item_id))}</b> "
        f'<span style="color:var(--v-muted)">{literal(facts_of(shelf, item.item_id))}</span></div>'
    )
    return head + (_why(shelf, item.reasons, colour) if item.reasons is not None else "")


def carriers(reasons: ItemReasons, count: int = SHOWN) -> list[tuple[int, float]]:
    """Place and share in (0, 1] of the user's items that carry an item most, the strongest first."""
    shares = reasons.shares
    order = np.argsort(-shares, kind="stable")[:count]
    return [(int(place), float(shares[place])) for place in order if shares[place] > 0]


def whole_percents(shares: Sequence[float]) -> list[int]:
    """Shares of one as whole percents that add up: those with the largest rest are rounded up (Hamilton)."""
    exact = np.asarray(shares, np.float64) * 100
    floors = np.floor(exact).astype(int)
    short = round(float(exact.sum())) - int(floors.sum())
    floors[np.argsort(-(exact - floors), kind="stable")[:short]] += 1
    return [int(value) for value in floors]


def _why(shelf: Shelf, reasons: ItemReasons, colour: Mapping[str, str]) -> str:
    strongest = carriers(reasons)
    if not strongest:
        return f'<div style="color:var(--v-muted)">{literal(t("Nothing of this user carries it."))}</div>'
    ids = [reasons.item_ids[place] for place, _ in strongest]
    named = [(title_of(shelf, item), colour.get(item, _OTHERS)) for item in ids]
    shares = [share for _, share in strongest]
    rest = 1 - sum(shares)
    if rest > 0.005:
        named, shares = [*named, (t("the others"), _OTHERS)], [*shares, rest]
    boxes = "".join(
        f'<span style="flex:{share:.4f};background:{tone}"></span>'
        for (_, tone), share in zip(named, shares, strict=True)
    )
    words = "".join(
        f'<span style="margin-right:.8em"><span style="{_DOT};background:{tone}"></span>'
        f"{percent} % {literal(name)}</span>"
        for (name, tone), percent in zip(named, whole_percents(shares), strict=True)
    )
    bar = f'<div style="display:flex;height:.5em;gap:1px;border-radius:3px;overflow:hidden;margin:.3em 0">{boxes}</div>'
    legend = f'<div style="font-size:.85em;line-height:1.5;display:flex;flex-wrap:wrap">{words}</div>'
    return bar + legend


def common_of(shelf: Shelf, reasons: ItemReasons) -> str:
    """Attributes that the strongest carrier has in common with the item, as plain text; empty without any."""
    strongest = carriers(reasons, 1)
    if not reasons.common or not strongest:
        return ""
    words = common_words(shelf, reasons.common[strongest[0][0]])[:_COMMON]
    return t("In common: {words}", words=", ".join(words)) if words else ""
