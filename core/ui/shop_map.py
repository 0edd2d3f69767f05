"""The catalogue: a map on which items that the same users take lie together, and everything about one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core import access
from core.contracts import Sector
from core.data.interactions import SEPARATOR
from core.errors import AppError
from core.serving.recommending import Shelf
from core.ui.figures import data_title
from core.ui.i18n import t
from core.ui.shop_answer import shelf_of
from core.ui.shop_download import lists_download
from core.ui.shop_items import GOODS, facts_of, like_button, show_item_picture, title_of
from core.ui.shop_list import show_attributes, show_similar
from core.ui.shop_visitor import Visitor, visitor
from core.ui.shop_wall import ALL, PER_PAGE, category_input, category_names, show_cards
from core.ui.theme import mode, palette, show_chart
from core.ui.views import chart_text, escape, show_error

if TYPE_CHECKING:
    import plotly.graph_objects as go

POINTS_MAX: Final = 2000
"""Items on the map, the most taken; a browser draws no more of them fluently."""
FLAT_MAX: Final = 1000
"""Points above which the browser's graphics card draws them."""
_SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross", "star")
_HEIGHT: Final = 560
_ITEM_MAX: Final = 2000
"""Items that a box offers by name, the most taken."""


def show_catalogue(sector: Sector) -> None:
    """The map with what is selected on it, and one item closely."""
    st.fragment(_draw)(sector.slug)


def _draw(slug: str) -> None:
    try:
        shelf = shelf_of(slug)  # anew each time: somebody may have promoted another version meanwhile
    except AppError as error:
        show_error(error)
        return
    with st.container(key=GOODS):
        _draw_shelf(slug, shelf, visitor(slug))


def _draw_shelf(slug: str, shelf: Shelf, who: Visitor) -> None:
    st.caption(
        t(
            "{items:,} items of {name}, taken by {users:,} users. On the map items lie together that the same users "
            "take; its directions mean nothing. Draw a box around points, or click one, to list them.",
            items=len(shelf),
            name=escape(data_title(shelf.data_name)),
            users=len(shelf.users),
        )
    )
    category = category_input(slug, shelf, f"{slug}.map.category", t("Category"))
    places = points_of(shelf, category)
    if not len(places):
        st.info(t("No item of this choice has a place on the map: nobody took it, or the version was made without."))
    else:
        _show_map(slug, shelf, places, who)
    _show_one(slug, shelf, who)
    if shelf.of_the_catalogue or access.allowed("presenter"):
        lists_download(slug, shelf.model.version, len(shelf.users))


def points_of(shelf: Shelf, category: str = ALL) -> NDArray[np.int64]:
    """Places of the items that are drawn, the most taken first."""
    there = np.isfinite(shelf.layout).all(axis=1)
    if category and shelf.category:
        among = shelf.catalogue.ids_with(shelf.category, {category})
        there &= np.array([name in among for name in shelf.catalogue.ids.tolist()], bool)
    return np.flatnonzero(there)[:POINTS_MAX]


def _show_map(slug: str, shelf: Shelf, places: NDArray[np.int64], who: Visitor) -> None:
    event = show_chart(
        _figure(shelf, places, set(who.liked)),
        f"{slug}.map",
        height=_HEIGHT,
        alt=t("Map of the catalogue: items that the same users take lie together"),
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
    )
    chosen = selected(shelf, event)
    if chosen:
        st.markdown(f"**{t('Selected: {count:,}', count=len(chosen))}**")
        show_cards(slug, shelf, chosen[:PER_PAGE], "selected", who.liked)
        if len(chosen) > PER_PAGE:
            st.caption(t("The {count} most taken of them are shown.", count=PER_PAGE))


def selected(shelf: Shelf, event: Any) -> list[str]:
    """Ids of the items that were selected on the map, the most taken first."""
    points = event["selection"]["points"] if event else []
    ids = {str(point["customdata"][0]) for point in points if point.get("customdata")}
    return sorted((name for name in ids if name in shelf.places), key=shelf.places.__getitem__)


def _figure(shelf: Shelf, places: NDArray[np.int64], liked: set[str]) -> go.Figure:
    import plotly.graph_objects as go

    look, names = palette(mode()), category_names(shelf)
    cells = shelf.catalogue.attributes[shelf.category] if shelf.category else ("",) * len(shelf)
    kinds = {int(place): cells[place].split(SEPARATOR)[0].strip() for place in places}  # of several the first
    ids = shelf.catalogue.ids.tolist()
    figure = go.Figure()
    # Colours repeat after so many categories; together with the symbol every one of them is told apart.
    for number, value in enumerate(sorted(set(kinds.values()))):
        own = [place for place, kind in kinds.items() if kind == value]
        titles = [(ids[place], _hover(shelf, ids[place])) for place in own]
        draw = figure.add_scattergl if len(places) > FLAT_MAX else figure.add_scatter
        draw(
            x=shelf.layout[own, 0],
            y=shelf.layout[own, 1],
            mode="markers",
            name=chart_text(names.get(value, value) or t("Items"), 24),
            customdata=titles,
            hovertemplate="%{customdata[1]}<extra></extra>",
            marker={
                "size": [13 if ids[place] in liked else 8 for place in own],
                "symbol": _SYMBOLS[(number // len(look.series)) % len(_SYMBOLS)],
                "color": look.series[number % len(look.series)],
                "line": {"width": [3 if ids[place] in liked else 0 for place in own], "color": look.text},
            },
        )
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_layout(
        xaxis=axis,
        yaxis=axis | {"scaleanchor": "x"},
        dragmode="select",
        clickmode="event+select",
        showlegend=len(names) > 0,
    )
    return figure


def _hover(shelf: Shelf, item: str) -> str:
    """What stands beside the pointer: title, category and price, and how many took it."""
    taken = t("taken by {count:,}", count=int(shelf.taken[shelf.places[item]]))
    return "<br>".join(chart_text(part) for part in (title_of(shelf, item), facts_of(shelf, item), taken) if part)


def _show_one(slug: str, shelf: Shelf, who: Visitor) -> None:
    """One item of the catalogue with those most like it."""
    item = st.selectbox(
        t("One item closely"),
        [str(name) for name in shelf.catalogue.ids[:_ITEM_MAX].tolist()],
        index=None,
        format_func=lambda name: title_of(shelf, name),
        placeholder=t("Choose an item, also one that nobody has taken yet"),
        key=f"{slug}.map.item",
    )
    if item is None:
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            show_item_picture(shelf, item, 96)
            with st.container():
                like_button(slug, shelf, item, "one", item in who.liked)
                st.caption(escape(facts_of(shelf, item)))
                taken = int(shelf.taken[shelf.places[item]])
                st.caption(t("Taken by {count:,} of {users:,} users.", count=taken, users=len(shelf.users)))
        show_attributes(shelf, item)
        show_similar(slug, shelf, item, who)
