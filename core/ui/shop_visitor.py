"""Who is recommended to: items that this visitor clicked, those that he does not want, and whose history he borrows."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, field

import streamlit as st

from core.contracts import ModelRef, UserProfile
from core.errors import AppError
from core.intake.profiles import read_profile
from core.store import removals

_OF_CATALOGUE = (
    *("shop.who", "shop.known", "shop.category", "shop.third", "shop.looked_at"),
    *("wall.search", "wall.category", "map.category", "map.item"),
)
"""Widgets whose values are of one catalogue."""
LIKED_MAX = 200
"""Clicks that are kept, the latest."""


@dataclass
class Visitor:
    """What a session knows of its visitor; nothing of it leaves the session but what is stored as feedback."""

    liked: list[str] = field(default_factory=list)
    """Oldest first."""
    removed: list[str] = field(default_factory=list)
    user_id: str = ""
    """A user of the training data whose history comes before `liked`; empty for a new one."""
    trouble: AppError | None = None
    """Why the last feedback could not be stored."""

    @property
    def profile(self) -> UserProfile:
        """The same as a recommender reads it."""
        return read_profile(json.dumps({"liked": self.liked, "removed": self.removed, "user_id": self.user_id}))


def visitor(slug: str) -> Visitor:
    """The one of this session."""
    found: Visitor = st.session_state.setdefault(f"{slug}.shop", Visitor())
    return found


def settle(slug: str, version: str, known: Container[str]) -> None:
    """Forget what means nothing any more once another version is in use.

    Clicks on items that it knows stay; a borrowed user, a search and chosen categories were of the catalogue before.

    Args:
        slug: Sector.
        version: Checksum of the version in use.
        known: Ids of its items.
    """
    slot = f"{slug}.shop.version"
    if st.session_state.get(slot, version) != version:
        who = visitor(slug)
        who.liked, who.removed = ([item for item in items if item in known] for items in (who.liked, who.removed))
        who.user_id = ""
        for name in _OF_CATALOGUE:
            st.session_state.pop(f"{slug}.{name}", None)
    st.session_state[slot] = version


def toggle(slug: str, item: str) -> None:
    """Callback of a click on a card: the item is liked, or is not any more."""
    who = visitor(slug)
    if item in who.liked:
        who.liked.remove(item)
        return
    who.liked = [*who.liked, item][-LIKED_MAX:]
    if item in who.removed:
        bring_back(slug, item)


def take_out(slug: str, model: ModelRef, item: str, rank: int) -> None:
    """Callback of "not for me": the item is gone at once, and that is stored as feedback."""
    who = visitor(slug)
    who.removed = [*who.removed, item][-LIKED_MAX:]
    who.liked = [name for name in who.liked if name != item]
    keep = bool(st.session_state.get(keep_key(slug)))
    try:
        removals.add(model, item, rank, who.liked if keep else ())
    except AppError as error:
        who.trouble = error


def bring_back(slug: str, item: str) -> None:
    """Callback: an item may be listed again, and the feedback on it is deleted."""
    who = visitor(slug)
    who.removed = [name for name in who.removed if name != item]
    try:
        removals.withdraw(slug, item)
    except AppError as error:
        who.trouble = error


def begin_again(slug: str) -> None:
    """Callback: a new user without a click; feedback that was stored stays."""
    st.session_state[f"{slug}.shop"] = Visitor()


def borrow(slug: str, user_id: str) -> None:
    """From now on be a user of the training data, or nobody's again where `user_id` is empty."""
    who = visitor(slug)
    if who.user_id != user_id:
        st.session_state[f"{slug}.shop"] = Visitor(user_id=user_id)


def keep_key(slug: str) -> str:
    """Key of the box that says whether the visitor's own items may be kept."""
    return f"{slug}.shop.keep"
