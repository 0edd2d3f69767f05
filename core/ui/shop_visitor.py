"""Who is recommended to: items that this visitor clicked, those that he does not want, and whose history he borrows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import streamlit as st

from core.contracts import ModelRef, UserProfile
from core.errors import AppError
from core.intake.profiles import read_profile
from core.serving.recommending import Shelf
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
LIKED, USER, DATA = "liked", "user", "data"
"""What a link carries: the latest clicks, the user whose history is looked at, and of which data both are."""
_LINKED_MAX = 12
_DATA_LENGTH = 8
_BETWEEN = "~"


@dataclass
class Visitor:
    """What a session knows of its visitor.

    Stored is only what he takes out of a list; his clicks, and a user of public data, stand in the link as well.
    """

    liked: list[str] = field(default_factory=list)
    """Oldest first."""
    removed: list[str] = field(default_factory=list)
    user_id: str = ""
    """A user of the training data whose history comes before `liked`; empty for a new one."""
    trouble: AppError | None = None
    """Why the last feedback could not be stored."""
    data: str = ""
    """Beginning of the fingerprint of the data in use, for the link."""
    public: bool = False
    """Whether users of the data in use may stand in a link."""

    @property
    def profile(self) -> UserProfile:
        """The same as a recommender reads it."""
        return read_profile(json.dumps({"liked": self.liked, "removed": self.removed, "user_id": self.user_id}))


def visitor(slug: str) -> Visitor:
    """The one of this session."""
    found: Visitor = st.session_state.setdefault(f"{slug}.shop", Visitor())
    return found


def settle(slug: str, shelf: Shelf) -> None:
    """Forget what means nothing any more once another version is in use.

    Clicks stay on items that it knows by the same id and title; a borrowed user, a search and chosen categories were
    of the catalogue before.
    """
    slot = f"{slug}.shop.version"
    if f"{slug}.shop" not in st.session_state:
        _from_link(slug, shelf)
    who = visitor(slug)
    who.data, who.public = shelf.fingerprint[:_DATA_LENGTH], shelf.of_the_catalogue
    seen, titles = st.session_state.get(slot, (shelf.model.sha256, {}))
    if seen != shelf.model.sha256:
        known = {item for item, title in titles.items() if _title(shelf, item) == title}
        who.liked, who.removed = ([item for item in items if item in known] for items in (who.liked, who.removed))
        who.user_id = ""
        st.session_state.pop(f"{slug}.shop.own", None)
        for name in _OF_CATALOGUE:
            st.session_state.pop(f"{slug}.{name}", None)
        _write_link(who)
    titles = {item: _title(shelf, item) for item in (*who.liked, *who.removed)}
    st.session_state[slot] = (shelf.model.sha256, titles)


def _title(shelf: Shelf, item: str) -> str | None:
    place = shelf.places.get(item)
    return None if place is None else shelf.catalogue.titles[place]


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
    old = visitor(slug)
    who = Visitor(user_id=old.user_id, data=old.data, public=old.public)
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
    fresh = Visitor(user_id=user_id, data=who.data, public=who.public)
    who = fresh if user_id else st.session_state.pop(own, None) or fresh
    st.session_state[f"{slug}.shop"] = who
    _write_link(who)


def _from_link(slug: str, shelf: Shelf) -> None:
    """Begin as a link says; what the catalogue does not know, and all that is of other data, is passed over."""
    same = st.query_params.get(DATA, "") in ("", shelf.fingerprint[:_DATA_LENGTH])
    given = st.query_params.get(LIKED, "").split(_BETWEEN) if same else []
    liked = [item for item in given if item in shelf.places]
    user = st.query_params.get(USER, "")[:_USER_MAX] if same and shelf.of_the_catalogue else ""
    st.session_state[f"{slug}.shop"] = Visitor(liked=list(dict.fromkeys(liked))[-_LINKED_MAX:], user_id=user)
    if user:
        st.session_state[f"{slug}.shop.who"] = "known"
        st.session_state[f"{slug}.shop.known"] = user


def _write_link(who: Visitor) -> None:
    """Keep the link in step, so that a reload or whoever gets it sees the same list."""
    liked = [item for item in who.liked if _BETWEEN not in item][-_LINKED_MAX:]
    user = who.user_id if who.public else ""
    for name, value in ((LIKED, _BETWEEN.join(liked)), (USER, user), (DATA, who.data if liked or user else "")):
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def keep_key(slug: str) -> str:
    """Key of the box that says whether the visitor's own items may be kept."""
    return f"{slug}.shop.keep"
