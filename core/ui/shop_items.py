"""How an item of a catalogue is named and drawn: title, category and price in the visitor's language, its picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import streamlit as st
from PIL import Image

from core.contracts import N_
from core.data.catalogue_columns import translated
from core.data.interactions import SEPARATOR
from core.serving.recommending import Shelf
from core.ui.i18n import language, t
from core.ui.pictures import jpeg, show_picture
from core.ui.shop_visitor import toggle
from core.ui.views import escape

_COLUMNS: Final = {
    "category": N_("category"),
    "style": N_("style"),
    "brand": N_("brand"),
    "price": N_("price"),
    "currency": N_("currency"),
    "in_stock": N_("in stock"),
}
"""Columns of the simulated shop -> their names; those of other catalogues are shown as they are."""
_LANGUAGES: Final = ("_en", "_zh")
GOODS: Final = "goods"
"""Key of the container around small pictures, which a rule of `highlight.css` names."""


def title_of(shelf: Shelf, item: str) -> str:
    """Title of an item as plain text, in the visitor's language where the catalogue has it."""
    place = shelf.places[item]
    column = translated(shelf.catalogue, "title", language())
    own = shelf.catalogue.attributes[column][place] if column in shelf.catalogue.attributes else ""
    return own or shelf.catalogue.titles[place]


def facts_of(shelf: Shelf, item: str) -> str:
    """Category and price of an item, as plain text; empty where nothing is known of them."""
    parts, place = [], shelf.places[item]
    currencies = shelf.catalogue.attributes.get("currency") or ("",) * len(shelf)
    if column := shelf.category:
        cell = shelf.catalogue.attributes[translated(shelf.catalogue, column, language())][place]
        parts.append(cell.replace(SEPARATOR, ", "))
    if column := shelf.price:
        parts.append(_price(shelf.catalogue.attributes[column][place], currencies[place]))
    if shelf.is_new(item):
        parts.append(t("new"))
    if shelf.stock and item not in shelf.stocked:
        parts.append(t("out of stock"))
    return " · ".join(filter(None, parts))


def _price(cell: str, currency: str) -> str:
    """A price with two decimals and its currency, where one is named; a cell that is no number as it is."""
    try:
        return f"{float(cell):,.2f} {currency}".rstrip()
    except ValueError:
        return cell


def attributes_of(shelf: Shelf, item: str) -> dict[str, str]:
    """Column -> cell of an item, plain text in the visitor's language; empty cells and other languages left out."""
    found, place = {}, shelf.places[item]
    for column, cells in shelf.catalogue.attributes.items():
        if column.endswith(_LANGUAGES):
            continue
        cell = shelf.catalogue.attributes[translated(shelf.catalogue, column, language())][place] or cells[place]
        if cell:
            found[column_name(column)] = cell.replace(SEPARATOR, ", ")
    return found


def column_name(column: str) -> str:
    """Name of a column as plain text."""
    return t(_COLUMNS[column]) if column in _COLUMNS else column


def common_words(shelf: Shelf, common: tuple[str, ...]) -> list[str]:
    """Attributes in common, `column: value` as they come with reasons, in the visitor's language and each once."""
    columns = shelf.catalogue.attributes
    words = []
    for entry in common:
        column, _, value = entry.partition(": ")
        base, ending = column[:-3], column[-3:]
        if ending in _LANGUAGES and base in columns:
            if ending == f"_{language()}":
                words.append(f"{column_name(base)}: {value}")
        elif translated(shelf.catalogue, column, language()) == column:
            words.append(f"{column_name(column)}: {value}")
    return list(dict.fromkeys(words))


def show_item_picture(shelf: Shelf, item: str, width: int | str = "stretch") -> None:
    """The picture of an item, where we have one."""
    data = _picture(*_drawn_by(shelf, item))
    if data is not None:
        show_picture(data, escape(title_of(shelf, item)), width=width)


def _drawn_by(shelf: Shelf, item: str) -> tuple[str, str, str]:
    """What the picture of a product of our own shop is drawn from."""
    place, columns = shelf.places[item], shelf.catalogue.attributes
    category, style = (columns[name][place] if name in columns else "" for name in ("category", "style"))
    return category, style, shelf.catalogue.titles[place]


@lru_cache(maxsize=1024)
def _picture(category: str, style: str, title: str) -> bytes | None:
    from core.data.simulated_shop import product_picture

    try:
        pixels = product_picture({"category": category, "style": style}, title)
    except KeyError:  # not a product of our own shop: we have no picture of anything else
        return None
    return jpeg(Image.fromarray(pixels))


def like_button(slug: str, shelf: Shelf, item: str, where: str, liked: bool) -> None:
    """A button with the title of an item; a click likes it, or takes that back."""
    st.button(
        escape(title_of(shelf, item)),
        icon=":material/heart_check:" if liked else ":material/favorite:",
        type="primary" if liked else "secondary",
        key=f"{slug}.{where}.{item}",
        on_click=toggle,
        args=(slug, item),
        width="stretch",
    )
