"""Why an item is in a list, as thin bars: the items of the user's that carry it with their shares, what is common."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.contracts import ItemReasons, RankedItem
from core.serving.recommending import Shelf
from core.ui.highlight import literal
from core.ui.i18n import t
from core.ui.shop_items import common_words, facts_of, title_of

SHOWN: Final = 3
"""Items of the user's that are named in a row; the others are added up."""
_COMMON: Final = 3
_DOT: Final = "display:inline-block;width:.65em;height:.65em;border-radius:2px;margin-right:.3em"
_TONES: Final = ("var(--v-up)", "var(--v-down)", "var(--v-muted)", "var(--v-line)")


def row_of(shelf: Shelf, item: RankedItem, rank: int) -> str:
    """An item of a list as HTML of our own: rank, title, category and price, and why it is there."""
    head = (
        f"<div><b>{rank}. {literal(title_of(shelf, item.item_id))}</b> "
        f'<span style="color:var(--v-muted)">{literal(facts_of(shelf, item.item_id))}</span></div>'
    )
    return head + (_why(shelf, item.reasons) if item.reasons is not None else "")


def carriers(reasons: ItemReasons, count: int = SHOWN) -> list[tuple[int, float]]:
    """Place and share in (0, 1] of the user's items that carry an item most, the strongest first."""
    shares = reasons.shares
    order = np.argsort(-shares, kind="stable")[:count]
    return [(int(place), float(shares[place])) for place in order if shares[place] > 0]


def _why(shelf: Shelf, reasons: ItemReasons) -> str:
    strongest = carriers(reasons)
    if not strongest:
        return f'<div style="color:var(--v-muted)">{literal(t("Nothing of this user carries it."))}</div>'
    named = [(title_of(shelf, reasons.item_ids[place]), share) for place, share in strongest]
    rest = 1 - sum(share for _, share in named)
    if rest > 0.005:
        named.append((t("the others"), rest))
    boxes = "".join(
        f'<span style="flex:{share:.4f};background:{tone}"></span>'
        for (_, share), tone in zip(named, _TONES, strict=False)
    )
    words = "".join(
        f'<span style="margin-right:.8em"><span style="{_DOT};background:{tone}"></span>'
        f"{100 * share:.0f} % {literal(name)}</span>"
        for (name, share), tone in zip(named, _TONES, strict=False)
    )
    bar = f'<div style="display:flex;height:.5em;gap:1px;border-radius:3px;overflow:hidden;margin:.3em 0">{boxes}</div>'
    legend = f'<div style="font-size:.85em;line-height:1.5;display:flex;flex-wrap:wrap">{words}</div>'
    return bar + legend + _common(shelf, reasons)


def _common(shelf: Shelf, reasons: ItemReasons) -> str:
    """Attributes that the strongest carrier has in common with the item."""
    if not reasons.common:
        return ""
    place = carriers(reasons, 1)[0][0]
    words = common_words(shelf, reasons.common[place])[:_COMMON]
    if not words:
        return ""
    said = t("In common: {words}", words=", ".join(words))
    return f'<div style="font-size:.85em;color:var(--v-muted)">{literal(said)}</div>'
