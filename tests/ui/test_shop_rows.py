"""Rows of a list: what came from a table of items is shown and never HTML; shares are those of the reasons."""

from __future__ import annotations

import numpy as np

from core.contracts import ItemReasons, ModelRef, RankedItem
from core.data.histories import from_lists
from core.data.interactions import Catalogue
from core.serving.recommending import Shelf
from core.ui.shop_items import common_words, facts_of, title_of
from core.ui.shop_map import points_of, selected
from core.ui.shop_reasons import carriers, common_of, row_of, strip_of, tones, whole_percents
from core.ui.shop_wall import category_names, found_items

NASTY = '<img src=x onerror="alert(1)"> **b**'


def shelf(**columns: tuple[str, ...]) -> Shelf:
    catalogue = Catalogue(np.array(["a", "b", "c", "d"]), (NASTY, "B", "C", "D"), columns)
    layout = np.array([[0, 0], [1, 1], [np.nan, np.nan], [2, 2]], np.float32)
    taken = np.array([5, 3, 0, 1])
    users, histories = np.array(["u", "v"]), from_lists([np.array([0]), np.array([1, 3])])
    model = ModelRef("recommendations", "1", "ease", "f" * 64)
    return Shelf(model, catalogue, taken, layout, users, histories, (), "mine", "f" * 64, of_the_catalogue=False)


def reasons(*contributions: float, common: tuple[tuple[str, ...], ...] = ()) -> ItemReasons:
    values = np.array(contributions)
    return ItemReasons("d", ("a", "b", "c")[: len(values)], values, float(values.sum()), "sum", True, common)


def test_what_a_table_says_is_text_between_tags() -> None:
    found = shelf(category=(NASTY, "x", "y", "z"), price=("1", NASTY, "2", "3"))
    why = reasons(1.0, common=((f"category: {NASTY}",),))
    html = row_of(found, RankedItem("a", NASTY, 1.0, "history", why), 1, {})
    assert "<img" not in html and "&lt;img" in html
    assert common_of(found, why) == f"In common: category: {NASTY}" and common_of(found, reasons(-1.0)) == ""


def test_shares_are_those_above_zero_and_the_rest_is_added_up() -> None:
    assert carriers(reasons(1.0, 3.0, -2.0)) == [(1, 0.75), (0, 0.25)]
    html = row_of(shelf(), RankedItem("d", "D", 1.0, "history", reasons(1.0, 3.0, -2.0)), 2, {})
    assert "75 % B" in html and "25 %" in html and "others" not in html
    assert "Nothing of this user carries it" in row_of(
        shelf(), RankedItem("d", "D", 0.0, "history", reasons(-1.0)), 1, {}
    )


def test_attributes_of_other_languages_are_left_out() -> None:
    found = shelf(category=("x",) * 4, category_zh=("茶",) * 4, style=("Oak",) * 4)
    assert common_words(found, ("category_zh: 茶", "category: x", "style: Oak")) == ["category: x", "style: Oak"]


def test_a_catalogue_without_columns_can_be_shown_and_searched() -> None:
    found = shelf()
    assert title_of(found, "b") == "B" and facts_of(found, "b") == "" and facts_of(found, "c") == "new"
    assert found_items(found, "", "") == ["a", "b", "c", "d"] and found_items(found, "img SRC", "") == ["a"]
    assert category_names(found) == {}


def test_items_without_a_place_are_not_on_the_map() -> None:
    found = shelf(category=("x", "y", "x", "x"))
    assert points_of(found).tolist() == [0, 1, 3] and points_of(found, "x").tolist() == [0, 3]
    event = {
        "selection": {"points": [{"customdata": ["d", "D"]}, {"customdata": ["a", "A"]}, {"customdata": ["gone"]}]}
    }
    assert selected(found, event) == ["a", "d"] and selected(found, None) == []


def test_shares_in_percent_add_up() -> None:
    assert whole_percents([0.585, 0.295, 0.12]) == [59, 29, 12]
    assert whole_percents([1 / 3, 1 / 3, 1 / 3]) == [34, 33, 33]
    assert whole_percents([0.5, 0.3]) == [50, 30]


def test_an_item_has_the_same_colour_in_the_strip_and_in_every_reason() -> None:
    colour = tones(["a", "b", "c"])
    assert len(set(colour.values())) == 3
    html = row_of(shelf(), RankedItem("d", "D", 1.0, "history", reasons(1.0, 3.0)), 2, colour)
    assert html.index(colour["b"]) < html.index(colour["a"]), "the strongest comes first, in its own colour"
    assert colour["b"] in strip_of(shelf(), ["a", "b", "c"])
    assert len(tones([str(number) for number in range(40)])) < 40


def test_what_a_user_mostly_took_is_told_by_kinds() -> None:
    found = shelf(category=("tea", "books", "tea", "books"))
    assert found.favourites("v") == ["books"] and found.favourites("u") == ["tea"]
    assert found.favourites("nobody") == [] and shelf().favourites("u") == []
