"""A simulated shop: purchases of invented customers over more than a year, which change with season, taste and habit.

Everything is made from `ShopWorld` and its seed. What is assumed (every figure is a constant below):

* 360 products: twelve categories of six kinds in five styles (`core.data.shop_goods`), with prices. Some come into the
  shop late, some so late that nobody has bought them yet.
* A customer shares two of the `TASTES`, the first one more. A taste loves three categories, each category is loved by
  three tastes, and a taste has one or two favourite styles. Customers of one taste still differ: some are all for
  coffee, some hardly, and some mind the price more than others.
* Visits a month are Poisson around the customer's rate; many come rarely, a few often. Demand of a category swings with
  the season around its peak day.
* A visit fills a basket. Its first product is drawn by taste, season, price and fame, or follows from the last visit:
  people go on along the kinds of a category, from a teapot to tea to cups. Further products go with one in the basket:
  the next kind of its category in the same style, or a kind of another category that goes with it.
* Nothing is bought twice, nothing is returned, and the shop recommends nothing itself: what customers see is what they
  look for, so that no earlier recommender shows through.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.shop_goods import BRANDS, CATEGORIES, CURRENCY, STYLES, TASTES, TOGETHER

Floats = NDArray[np.float64]

NAME = "simulated_shop"
_LOVE = 9.0
"""How many times as likely a loved category is."""
_STYLE_LOVE = 5.0
_SECOND = 0.3
"""Weight of a customer's second taste."""
_OWN = 0.5
"""Spread of the logarithm of how much more or less a customer likes a category than his tastes say."""
_RATE = (0.75, 0.8)
"""Median of a customer's visits a month, and the spread of its logarithm."""
_BASKET = 0.9
"""Further products in a basket, on average."""
_WITH = 0.5
"""Share of the further products that go with one in the basket."""
_ALONG = 0.3
"""Share of the visits that go on where the last one ended."""
_SAME_STYLE = 0.7
_ACROSS = 0.25
"""How often what goes along comes from another category, where something does."""
_FAME = 0.6
"""Spread of the logarithm of how well known a product is."""
_THRIFT = (0.25, 0.35)
"""Mean and spread of how much a customer minds the price."""
_LATE = 0.12
"""Share of the products that come into the shop in its last half."""
_UNSOLD = 14
"""Products that have come into the shop after the last day."""
_OUT_OF_STOCK = 0.06
_OPENS, _CLOSES = 8 * 3600, 22 * 3600


@dataclass(frozen=True)
class ShopWorld:
    """What is to be simulated; the same world gives the same purchases."""

    customers: int = 3000
    days: int = 420
    seed: int = 0
    start: str = "2024-09-02"
    """First day, ISO 8601."""

    def __post_init__(self) -> None:
        if min(self.customers, self.days) < 1:
            raise ValueError("a world has at least one customer and one day")

    @cached_property
    def dates(self) -> NDArray[np.datetime64]:
        """The days, (days,) datetime64[D]."""
        return np.datetime64(self.start, "D") + np.arange(self.days)


@dataclass(frozen=True)
class Shop:
    """A simulated shop as tables."""

    interactions: pd.DataFrame
    """`user_id`, `item_id`, `timestamp`, in order of time."""
    items: pd.DataFrame
    """`item_id`, `title`, `title_zh`, `category`, `category_zh`, `style`, `brand`, `price`, `currency`,
    `in_stock`."""


@dataclass(frozen=True)
class _Shelf:
    """The products, P of them: arrays (P,)."""

    category: NDArray[np.int64]
    kind: NDArray[np.int64]
    """Within the category."""
    style: NDArray[np.int64]
    price: Floats
    fame: Floats
    since: NDArray[np.int64]
    """Day from which on it is sold."""
    partners: tuple[NDArray[np.int64], ...]
    """Products that go with each."""

    def place(self, category: Any, kind: Any, style: Any) -> Any:
        """Where a product stands."""
        return (category * len(CATEGORIES[0].kinds) + kind) * len(STYLES) + style


def simulate_shop(world: ShopWorld) -> Shop:
    """All purchases and products of a world."""
    rng = np.random.default_rng(world.seed)
    shelf = _fill(world, rng)
    bought = _buy(world, shelf, rng)
    frame = pd.DataFrame(bought, columns=["user", "product", "second"]).sort_values(
        ["second", "user", "product"], kind="stable", ignore_index=True
    )
    time = world.dates[0].astype("datetime64[s]") + frame["second"].to_numpy().astype("timedelta64[s]")
    numbers = rng.permutation(world.customers) + 1
    interactions = pd.DataFrame(
        {
            "user_id": [f"{numbers[user]:05d}" for user in frame["user"]],
            "item_id": [f"{product + 1:04d}" for product in frame["product"]],
            "timestamp": time,
        }
    )
    return Shop(interactions, _table(shelf, rng))


def _fill(world: ShopWorld, rng: np.random.Generator) -> _Shelf:
    shape = (len(CATEGORIES), len(CATEGORIES[0].kinds), len(STYLES))
    category, kind, style = (axis.ravel() for axis in np.indices(shape))
    usual = np.array([[price for _, _, price in entry.kinds] for entry in CATEGORIES])
    price = (
        usual[category, kind] * np.array([factor for _, _, factor in STYLES])[style] * rng.lognormal(0, 0.08, kind.size)
    )
    since, late = np.zeros(kind.size, np.int64), rng.permutation(kind.size)
    count = round(_LATE * kind.size)
    since[late[:count]] = rng.integers(world.days // 2, world.days, count)
    since[late[count : count + _UNSOLD]] = world.days
    names = {name: (c, k) for c, entry in enumerate(CATEGORIES) for k, (name, _, _) in enumerate(entry.kinds)}
    partners: list[list[int]] = [[] for _ in range(kind.size)]
    for first, second in TOGETHER:
        for one, other in ((names[first], names[second]), (names[second], names[first])):
            for look in range(len(STYLES)):
                partners[(one[0] * shape[1] + one[1]) * shape[2] + look].append(
                    (other[0] * shape[1] + other[1]) * shape[2] + look
                )
    found = tuple(np.array(one, np.int64) for one in partners)
    return _Shelf(category, kind, style, np.round(price, 2), rng.lognormal(0, _FAME, kind.size), since, found)


def _tastes(shelf: _Shelf, rng: np.random.Generator) -> Floats:
    """How much each taste wants each product, (tastes, P), one on average."""
    found = []
    for loved in TASTES:
        categories = np.array([_LOVE if entry.name in loved else 1.0 for entry in CATEGORIES])
        styles = np.ones(len(STYLES))
        styles[rng.choice(len(STYLES), rng.integers(1, 3), replace=False)] = _STYLE_LOVE
        want = categories[shelf.category] * styles[shelf.style] * shelf.fame
        found.append(want / want.mean())
    return np.stack(found)


def _seasons(world: ShopWorld) -> Floats:
    """Demand of each category on each day, (days, categories)."""
    of_year = (world.dates - world.dates.astype("datetime64[Y]")).astype(np.int64)
    peaks = np.array([entry.peak_day for entry in CATEGORIES])
    swings = np.array([entry.swing for entry in CATEGORIES])
    return np.asarray(1 + swings * np.cos(2 * np.pi * (of_year[:, None] - peaks) / 365.25))


def _buy(world: ShopWorld, shelf: _Shelf, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Customer, product and second of every purchase."""
    tastes, seasons, bought = _tastes(shelf, rng), _seasons(world), []
    dear = np.log(shelf.price / np.exp(np.log(shelf.price).mean()))
    rates = _RATE[0] * rng.lognormal(0, _RATE[1], world.customers) / 30
    for customer in range(world.customers):
        first, second = rng.choice(len(TASTES), 2, replace=False)
        want = (1 - _SECOND) * tastes[first] + _SECOND * tastes[second]
        want = want * rng.lognormal(0, _OWN, len(CATEGORIES))[shelf.category]
        want = want * np.exp(-rng.normal(*_THRIFT) * dear)
        owned, last = np.zeros(len(want), bool), -1
        for day in np.flatnonzero(rng.random(world.days) < 1 - np.exp(-rates[customer])):
            open_ = ~owned & (shelf.since <= day)
            demand = want * seasons[day][shelf.category] * open_
            basket = _basket(shelf, demand, last, rng)
            second_of_day = int(rng.integers(_OPENS, _CLOSES))
            owned[basket] = True
            # Nobody scans a basket in the order in which it was filled.
            for place, product in enumerate(rng.permutation(basket)):
                bought.append((customer, int(product), int(day) * 86_400 + second_of_day + 60 * place))
            last = basket[-1] if basket else last
    return bought


def _basket(shelf: _Shelf, demand: Floats, last: int, rng: np.random.Generator) -> list[int]:
    """Products of one visit; `demand` (P,) is zero for what is owned or not sold yet."""
    basket: list[int] = []
    left = demand.copy()
    for place in range(1 + int(rng.poisson(_BASKET))):
        after = last if place == 0 else basket[int(rng.integers(len(basket)))]
        leads = rng.random() < (_ALONG if place == 0 else _WITH)
        product = _following(shelf, after, left, rng) if leads and after >= 0 else -1
        if product < 0:
            if not left.any():
                break
            product = int(rng.choice(len(left), p=left / left.sum()))
        basket.append(product)
        left[product] = 0
    return basket


def _following(shelf: _Shelf, product: int, left: Floats, rng: np.random.Generator) -> int:
    """A product that goes with another or comes after it; -1 where there is none to be had."""
    partners = shelf.partners[product]
    if len(partners) and rng.random() < _ACROSS:
        free = partners[left[partners] > 0]
        return int(rng.choice(free)) if len(free) else -1
    kind = int(shelf.kind[product]) + 1
    if kind >= len(CATEGORIES[0].kinds):
        return -1
    style = int(shelf.style[product]) if rng.random() < _SAME_STYLE else int(rng.integers(len(STYLES)))
    following = int(shelf.place(int(shelf.category[product]), kind, style))
    return following if left[following] > 0 else -1


def _table(shelf: _Shelf, rng: np.random.Generator) -> pd.DataFrame:
    makers = [rng.choice(BRANDS, 3, replace=False) for _ in CATEGORIES]
    rows = []
    for product in range(len(shelf.kind)):
        category, (style, style_zh, _) = CATEGORIES[shelf.category[product]], STYLES[shelf.style[product]]
        kind, kind_zh, _ = category.kinds[shelf.kind[product]]
        rows.append(
            {
                "item_id": f"{product + 1:04d}",
                "title": f"{style} {kind}",
                "title_zh": f"{style_zh}{kind_zh}",
                "category": category.name,
                "category_zh": category.name_zh,
                "style": style,
                "brand": str(makers[shelf.category[product]][int(rng.integers(3))]),
                "price": float(shelf.price[product]),
                "currency": CURRENCY,
                "in_stock": "no" if rng.random() < _OUT_OF_STOCK else "yes",
            }
        )
    return pd.DataFrame(rows)
