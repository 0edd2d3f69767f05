"""The wall of cards: search, one category or all, page by page; a click on a card likes its item."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

import streamlit as st

from core.data.catalogue_columns import translated
from core.serving.recommending import Shelf
from core.ui.i18n import language, t
from core.ui.shop_items import facts_of, like_button, show_item_picture
from core.ui.views import escape

PER_PAGE: Final = 12
ALL: Final = ""
_SEARCH_MAX: Final = 60


def show_wall(slug: str, shelf: Shelf, liked: Collection[str]) -> None:
    """Cards of the items that the search and the category leave, the most taken first."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            t("Search the catalogue"),
            max_chars=_SEARCH_MAX,
            key=f"{slug}.wall.search",
            type="search",
            live=True,
            icon=":material/search:",
            width=220,
        )
        category = category_input(slug, shelf, f"{slug}.wall.category", t("Category"))
    found = found_items(shelf, search, category)
    if not found:
        st.info(t("Nothing in the catalogue is called that."))
        st.button(
            t("Show everything"),
            icon=":material/backspace:",
            key=f"{slug}.wall.clear",
            on_click=_clear,
            args=(slug,),
        )
        return
    pages = -(-len(found) // PER_PAGE)
    # Search and category change the number of pages; a page of another number of them would mean nothing.
    key = f"{slug}.wall.page.{pages}.{category}"
    page = min(int(st.session_state.get(key) or 1), pages)
    show_cards(slug, shelf, found[(page - 1) * PER_PAGE : page * PER_PAGE], "wall", liked)
    if pages > 1:
        st.pagination(pages, key=key, max_visible_pages=5)
    st.caption(t("Items, the most taken first: {count:,}", count=len(found)))


def show_cards(slug: str, shelf: Shelf, items: Sequence[str], where: str, liked: Collection[str]) -> None:
    """A grid of cards: picture, title as a button that likes, category and price."""
    with st.grid(min_column_width=104, gap="small"):
        for item in items:
            with st.container(gap="xsmall"):
                show_item_picture(shelf, item)
                like_button(slug, shelf, item, where, item in liked)
                st.caption(escape(facts_of(shelf, item)) or " ")


def _clear(slug: str) -> None:
    for name in ("search", "category"):
        st.session_state.pop(f"{slug}.wall.{name}", None)


def category_input(slug: str, shelf: Shelf, key: str, title: str) -> str:
    """A value of the column of categories, `ALL` for all; nothing is asked where there is no such column."""
    counts = shelf.categories
    if not counts:
        return ALL
    names = category_names(shelf)
    return str(
        st.selectbox(
            title,
            [ALL, *sorted(counts, key=lambda value: names.get(value, value))],
            format_func=lambda value: f"{names.get(value, value)} ({counts[value]:,})" if value else t("All"),
            key=key,
            width=220,
        )
    )


def category_names(shelf: Shelf) -> dict[str, str]:
    """Value of the column of categories -> its name in the visitor's language, as plain text."""
    column, columns = shelf.category, shelf.catalogue.attributes
    if column is None:
        return {}
    return dict(zip(columns[column], columns[translated(shelf.catalogue, column, language())], strict=True))


def found_items(shelf: Shelf, search: str, category: str) -> list[str]:
    """Ids of the items of a category that hold all words of a search, in the order of the shelf."""
    words = [word for word in re.split(r"[\W_]+", search.casefold()) if word]
    ids = shelf.catalogue.ids.tolist()
    if category and shelf.category:
        among = shelf.catalogue.ids_with(shelf.category, {category})
        ids = [name for name in ids if name in among]
    if not words:
        return [] if search.strip() else [str(name) for name in ids]
    places = shelf.places
    return [str(name) for name in ids if all(word in shelf.searchable[places[name]] for word in words)]
