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
_FILTERS = ("shop.category", "shop.stocked", "wall.search", "wall.category")
_USER_MAX = 200
LIKED_MAX = 200
"""Clicks that are kept, the latest."""
LIKED, USER = "liked", "user"
"""What a link carries: the latest clicks, or the user whose history is looked at."""
_LINKED_MAX = 12
_BETWEEN = "~"


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
    if f"{slug}.shop" not in st.session_state:
        _from_link(slug, known)
    if st.session_state.get(slot, version) != version:
        who = visitor(slug)
        who.liked, who.removed = ([item for item in items if item in known] for items in (who.liked, who.removed))
        who.user_id = ""
        st.session_state.pop(f"{slug}.shop.own", None)
        for name in _OF_CATALOGUE:
            st.session_state.pop(f"{slug}.{name}", None)
    st.session_state[slot] = version


def toggle(slug: str, item: str) -> None:
    """Callback of a click on a card: the item is liked, or is not any more."""
    who = visitor(slug)
    if item in who.liked:
        who.liked.remove(item)
    else:
        who.liked = [*who.liked, item][-LIKED_MAX:]
        if item in who.removed:
            bring_back(slug, item)
    _write_link(who)


def take_out(slug: str, model: ModelRef, item: str, rank: int) -> None:
    """Callback of "not for me": the item is gone at once, and that is stored as feedback."""
    who = visitor(slug)
    who.removed = [*who.removed, item][-LIKED_MAX:]
    who.liked = [name for name in who.liked if name != item]
    _write_link(who)
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


def bring_all_back(slug: str) -> None:
    """Callback: everything that was taken out may be listed again."""
    for item in list(visitor(slug).removed):
        bring_back(slug, item)


def begin_again(slug: str) -> None:
    """Callback: without a click, as a new user or as the one who is borrowed; feedback that was stored stays."""
    who = Visitor(user_id=visitor(slug).user_id)
    st.session_state[f"{slug}.shop"] = who
    for name in _FILTERS:
        st.session_state.pop(f"{slug}.{name}", None)
    _write_link(who)


def borrow(slug: str, user_id: str) -> None:
    """From now on be a user of the training data, or where `user_id` is empty the new one again, with his clicks."""
    who, own = visitor(slug), f"{slug}.shop.own"
    if who.user_id == user_id:
        return
    if not who.user_id:
        st.session_state[own] = who
    who = Visitor(user_id=user_id) if user_id else st.session_state.pop(own, None) or Visitor()
    st.session_state[f"{slug}.shop"] = who
    _write_link(who)


def _from_link(slug: str, known: Container[str]) -> None:
    """Begin as a link says; what the catalogue does not know is passed over."""
    liked = [item for item in st.query_params.get(LIKED, "").split(_BETWEEN) if item in known]
    user = st.query_params.get(USER, "")[:_USER_MAX]
    st.session_state[f"{slug}.shop"] = Visitor(liked=list(dict.fromkeys(liked))[-_LINKED_MAX:], user_id=user)
    if user:
        st.session_state[f"{slug}.shop.who"] = "known"
        st.session_state[f"{slug}.shop.known"] = user


def _write_link(who: Visitor) -> None:
    """Keep the link in step, so that a reload or whoever gets it sees the same list."""
    liked = [item for item in who.liked if _BETWEEN not in item][-_LINKED_MAX:]
    for name, value in ((LIKED, _BETWEEN.join(liked)), (USER, who.user_id)):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def keep_key(slug: str) -> str:
    """Key of the box that says whether the visitor's own items may be kept."""
    return f"{slug}.shop.keep"
