"""Rows of a list: what came from a table of items is shown and never HTML; shares are those of the reasons."""

from __future__ import annotations

import numpy as np

from core.contracts import ItemReasons, ModelRef, RankedItem
from core.data.interactions import Catalogue
from core.serving.recommending import Shelf
from core.ui.shop_items import common_words, facts_of, title_of
from core.ui.shop_map import points_of, selected
from core.ui.shop_reasons import carriers, row_of
from core.ui.shop_wall import category_names, found_items

NASTY = '<img src=x onerror="alert(1)"> **b**'


def shelf(**columns: tuple[str, ...]) -> Shelf:
    catalogue = Catalogue(np.array(["a", "b", "c", "d"]), (NASTY, "B", "C", "D"), columns)
    layout = np.array([[0, 0], [1, 1], [np.nan, np.nan], [2, 2]], np.float32)
    taken = np.array([5, 3, 0, 1])
    sizes, users = np.array([1, 2]), np.array(["u", "v"])
    model = ModelRef("recommendations", "1", "ease", "f" * 64)
    return Shelf(model, catalogue, taken, layout, users, sizes, (), "mine", of_the_catalogue=False)


def reasons(*contributions: float, common: tuple[tuple[str, ...], ...] = ()) -> ItemReasons:
    values = np.array(contributions)
    return ItemReasons("d", ("a", "b", "c")[: len(values)], values, float(values.sum()), "sum", True, common)


def test_what_a_table_says_is_text_between_tags() -> None:
    found = shelf(category=(NASTY, "x", "y", "z"), price=("1", NASTY, "2", "3"))
    html = row_of(found, RankedItem("a", NASTY, 1.0, "history", reasons(1.0, common=((f"category: {NASTY}",),))), 1)
    assert "<img" not in html and "&lt;img" in html
    assert "In common: category: &lt;img" in html


def test_shares_are_those_above_zero_and_the_rest_is_added_up() -> None:
    assert carriers(reasons(1.0, 3.0, -2.0)) == [(1, 0.75), (0, 0.25)]
    html = row_of(shelf(), RankedItem("d", "D", 1.0, "history", reasons(1.0, 3.0, -2.0)), 2)
    assert "75 % B" in html and "25 %" in html and "others" not in html
    assert "Nothing of this user carries it" in row_of(shelf(), RankedItem("d", "D", 0.0, "history", reasons(-1.0)), 1)


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
