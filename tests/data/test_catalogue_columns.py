"""Columns of catalogues by their names and contents."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.catalogue_columns import category_column, in_stock, price_column, stock_column, translated, values_of
from core.data.interactions import Catalogue


def catalogue(**columns: tuple[str, ...]) -> Catalogue:
    return Catalogue(np.array(["a", "b", "c"]), ("A", "B", "C"), columns)


def test_columns_are_known_by_their_names() -> None:
    found = catalogue(Genres=("Action|Drama", "Drama", ""), Price=("1", "2", "3"), in_stock=("yes", "no", ""))
    assert (category_column(found), price_column(found), stock_column(found)) == ("Genres", "Price", "in_stock")
    assert values_of(found, "Genres") == {"Drama": 2, "Action": 1}
    assert category_column(catalogue()) is None and price_column(catalogue()) is None


def test_a_column_that_cannot_be_chosen_from_is_no_category() -> None:
    assert category_column(catalogue(category=("same", "same", "same"))) is None
    many = Catalogue(np.array([str(n) for n in range(100)]), ("",) * 100, {"category": tuple(map(str, range(100)))})
    assert category_column(many) is None


@pytest.mark.parametrize(
    ("cells", "there"),
    [(("yes", "No", "Y"), {"a", "c"}), (("3", "0", "0.0"), {"a"}), (("", "sold out", "Available"), {"c"})],
)
def test_what_can_be_had(cells: tuple[str, ...], there: set[str]) -> None:
    assert in_stock(catalogue(stock=cells), "stock") == there


def test_the_same_in_another_language() -> None:
    found = catalogue(category=("Tea", "Tea", "Pets"), category_zh=("茶", "茶", "宠物"))
    assert translated(found, "category", "zh") == "category_zh"
    assert translated(found, "category", "en") == "category" and translated(found, "brand", "zh") == "brand"
