"""Become a new user in a few clicks, or borrow the history of another; the list changes at every click."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from core import access
from core.contracts import N_, RankingOptions, Sector
from core.errors import AppError
from core.serving import recommending
from core.serving.recommending import Listed, Shelf
from core.ui.highlight import draw
from core.ui.i18n import t
from core.ui.predict import remembered
from core.ui.shop_compare import show_side_by_side
from core.ui.shop_items import GOODS, title_of
from core.ui.shop_list import LIST_ANCHOR, show_list, show_new
from core.ui.shop_options import options_input, show_cost
from core.ui.shop_reasons import strip_of
from core.ui.shop_visitor import Visitor, begin_again, borrow, settle, visitor
from core.ui.shop_wall import category_names, show_wall
from core.ui.views import escape, say, show_error

WHO: Final = {"new": N_("Become a new user"), "known": N_("Borrow a known user")}
VIEWS: Final = {"list": N_("List"), "sides": N_("Models side by side")}
INVENTED: Final = "simulated_shop"
OFFERED: Final = 40
"""Known users that are offered by name, from the least to the most active; any other can be typed."""
_USER_MAX: Final = 200


def show_shop(sector: Sector) -> None:
    """The wall of cards and the list that follows from the clicks."""
    try:
        shelf = shelf_of(sector.slug)
    except AppError as error:
        show_error(error)
        return
    for notice in shelf.notices:
        st.warning(say(notice), icon=":material/info:")
    if shelf.data_name == INVENTED:
        st.caption(t("The shop, its goods and its customers are invented; this program drew the pictures."))
    st.fragment(_draw)(sector.slug)


def shelf_of(slug: str) -> Shelf:
    """Items and users of the version in use."""
    shelf = remembered(slug, ("shelf",), lambda: recommending.shelf(slug), t("The catalogue is being opened"))
    settle(slug, shelf)
    return shelf


def _draw(slug: str) -> None:
    try:
        shelf = shelf_of(slug)  # anew at every click: somebody may have promoted another version meanwhile
        left, right = st.container(key=GOODS).columns([6, 5], gap="medium")
        with left:
            who = _user_input(slug, shelf)
            history = st.container()
            show_wall(slug, shelf, who.liked)
        with right:
            with st.container(horizontal=True, vertical_alignment="center"):
                view = _view_input(slug)
                options = options_input(slug, shelf)
            show_cost(slug, shelf.model.version, options)
        listed = listed_for(slug, shelf, who, options)
    except AppError as error:
        show_error(error)
        return
    with history:
        _show_history(slug, shelf, listed)
    with right:
        if view == "sides":
            show_side_by_side(slug, shelf, who, options)
        else:
            show_list(slug, shelf, listed, who)
            show_new(slug, shelf, listed, who)


def _view_input(slug: str) -> str:
    chosen = st.segmented_control(
        t("What to look at"),
        list(VIEWS),
        default="list",
        required=True,
        format_func={name: t(title) for name, title in VIEWS.items()}.__getitem__,
        key=f"{slug}.shop.view",
        label_visibility="collapsed",
    )
    return str(chosen or "list")


def listed_for(slug: str, shelf: Shelf, who: Visitor, options: RankingOptions) -> Listed:
    """The list of the version whose shelf it is, asked once for the same clicks and options."""
    profile = who.profile
    return remembered(
        slug,
        ("listed", profile.sha256, options),
        lambda: recommending.recommend(slug, profile, options, shelf.model.version),
        t("The model makes the list"),
        shelf.model.sha256,
    )


def _user_input(slug: str, shelf: Shelf) -> Visitor:
    """Who is recommended to; users of data that somebody sent are for those alone who may train."""
    if not (shelf.of_the_catalogue or access.allowed("presenter")):
        borrow(slug, "")  # of a version before this one, whose users were for everybody
        return visitor(slug)
    chosen = st.segmented_control(
        t("Who to recommend to"),
        list(WHO),
        default="new",
        required=True,
        format_func={name: t(title) for name, title in WHO.items()}.__getitem__,
        key=f"{slug}.shop.who",
        label_visibility="collapsed",
    )
    if chosen == "known":
        _known_input(slug, shelf)
    else:
        borrow(slug, "")
    return visitor(slug)


def _known_input(slug: str, shelf: Shelf) -> None:
    """A user of the training data: some of them by name, or any by id."""
    places = offered_users(shelf)
    sizes = dict(zip(shelf.users[places].tolist(), shelf.sizes[places].tolist(), strict=True))
    key = f"{slug}.shop.known"
    st.session_state.setdefault(key, list(sizes)[len(sizes) // 2])
    asked = st.session_state[key]
    user = st.selectbox(
        t("User"),
        [*sizes, *([asked] if asked and asked not in sizes else [])],
        format_func=lambda name: _user_title(shelf, name, sizes.get(name)),
        accept_new_options=True,
        help=t("Some of {count:,} users of the training data; you can type any other id.", count=len(shelf.users)),
        key=key,
    )
    borrow(slug, str(user or "").strip()[:_USER_MAX])


def _user_title(shelf: Shelf, name: str, count: int | None) -> str:
    """A user's id with what he mostly took, as plain text: nobody can choose by numbers alone."""
    if count is None:
        return name
    mostly = ", ".join(category_names(shelf).get(kind, kind) for kind in shelf.favourites(name))
    return f"{name}: {mostly} ({count})" if mostly else f"{name} ({count})"


def offered_users(shelf: Shelf) -> list[int]:
    """Places of users from the least to the most active, evenly spread."""
    order = np.argsort(shelf.sizes, kind="stable")
    picked = np.linspace(0, len(order) - 1, min(OFFERED, len(order))).round().astype(int)
    return [int(place) for place in order[np.unique(picked)]]


def _show_history(slug: str, shelf: Shelf, listed: Listed) -> None:
    """What the user has, the latest first, and how the list begins: on a telephone that itself is far below."""
    history = listed.history
    if not history:
        st.caption(
            t("Press what you like, and again to take it back. With nothing chosen the list holds what most took.")
        )
        return
    first = ", ".join(escape(title_of(shelf, item.item_id)) for item in listed.ranking.items[:3])
    st.caption(f"[:material/south: {t('First in the list: {names}', names=first or '–')}](#{LIST_ANCHOR})")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        draw(strip_of(shelf, history))
        st.button(
            t("Begin again"),
            icon=":material/restart_alt:",
            type="tertiary",
            key=f"{slug}.shop.again",
            on_click=begin_again,
            args=(slug,),
        )
