"""The simulated shop: seeded, seasonal, with products that nobody bought yet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.data.read_interactions import read_interactions
from core.data.shop import Shop, ShopWorld, simulate_shop
from core.data.shop_goods import CATEGORIES, CURRENCY, STYLES, TASTES, TOGETHER
from core.data.shop_pictures import COLOURS, DRAWINGS, SIDE, picture_of
from core.data.simulated_shop import product_picture, save

WORLD = ShopWorld(customers=150, seed=5)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop() -> Shop:
    return simulate_shop(WORLD)


def test_the_same_seed_makes_the_same_shop(shop: Shop) -> None:
    again, other = simulate_shop(WORLD), simulate_shop(ShopWorld(customers=150, seed=6))
    assert shop.interactions.equals(again.interactions)
    assert shop.items.equals(again.items)
    assert not shop.interactions.equals(other.interactions)


def test_nothing_is_bought_twice_or_before_it_is_sold(shop: Shop) -> None:
    bought = shop.interactions
    assert not bought.duplicated(["user_id", "item_id"]).any()
    assert bought["timestamp"].is_monotonic_increasing
    assert set(bought["item_id"]) <= set(shop.items["item_id"])
    assert len(set(shop.items["item_id"]) - set(bought["item_id"])) >= 14


def test_every_product_has_both_names_a_price_and_a_picture(shop: Shop) -> None:
    assert len(shop.items) == 360 == shop.items["title"].nunique() == shop.items["title_zh"].nunique()
    assert (shop.items["price"] > 0).all() and set(shop.items["currency"]) == {CURRENCY}
    pictures = {
        product_picture({"category": row.category, "style": row.style}, row.title).tobytes()
        for row in shop.items.itertuples()
    }
    assert len(pictures) == 360
    assert {kind for entry in CATEGORIES for kind, _, _ in entry.kinds} == set(DRAWINGS)
    assert {name for name, _, _ in STYLES} == set(COLOURS)
    with pytest.raises(KeyError):
        product_picture({"category": "Tea", "style": "Fresh"}, "Fresh spoon")
    assert product_picture({"category": "Tea", "style": "Fresh"}, "Fresh teapot").shape == (SIDE, SIDE, 3)


def test_no_two_kinds_look_alike_even_when_small() -> None:
    small = [
        np.asarray(Image.fromarray(picture_of(kind, "Everyday")).resize((48, 48), Image.Resampling.BOX), np.float64)
        for kind in DRAWINGS
    ]
    apart = [np.abs(one - other).mean() for place, one in enumerate(small) for other in small[:place]]
    assert min(apart) > 4  # of 255, where equal drawings have 0


def test_a_drawing_with_a_colour_or_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        picture_of("spoon", "Fresh")
    with pytest.raises(KeyError):
        picture_of("teapot", "Oak")


def test_every_category_is_loved_by_as_many_tastes() -> None:
    loved = Counter(name for taste in TASTES for name in taste)
    assert loved == {entry.name: 3 for entry in CATEGORIES}


def test_who_buys_much_of_a_category_buys_more_of_it() -> None:
    bought = simulate_shop(ShopWorld(customers=600, seed=2)).interactions
    category = bought["item_id"].astype(int).sub(1) // (6 * len(STYLES))
    place = bought.groupby("user_id").cumcount()
    early = pd.crosstab(bought["user_id"][place < 10], category[place < 10])
    later = pd.crosstab(bought["user_id"][place >= 10], category[place >= 10]).reindex(early.index, fill_value=0)
    share = later.div(later.sum(axis=1), axis=0)
    for one in range(len(CATEGORIES)):
        fond, others = share[one][early[one] >= 3].mean(), share[one][early[one] == 0].mean()
        assert fond > 1.7 * others, CATEGORIES[one].name


def test_kinds_that_go_together_exist() -> None:
    kinds = {name for entry in CATEGORIES for name, _, _ in entry.kinds}
    assert {name for pair in TOGETHER for name in pair} <= kinds


def test_demand_follows_the_season() -> None:
    bought = simulate_shop(ShopWorld(customers=400, days=365, seed=1)).interactions
    category = bought["item_id"].astype(int).sub(1) // (6 * len(STYLES))
    garden = bought["timestamp"][category == [entry.name for entry in CATEGORIES].index("Garden")]
    of_year = garden.dt.day_of_year.to_numpy()
    spring, autumn = np.abs(of_year - 110) < 60, np.abs(of_year - 292) < 60
    assert spring.sum() > 2 * autumn.sum()


def test_its_files_are_read_back(shop: Shop, tmp_path: Path) -> None:
    save(shop, tmp_path / "interactions.parquet")
    data = read_interactions(tmp_path / "interactions.parquet")
    assert len(data) == len(shop.interactions)
    assert data.n_items == 360
    assert data.catalogue.ids[0] == "0001"
    assert data.catalogue.attributes["title_zh"][0] == "日常茶壶"
