"""The simulated shop as a data set, and as files that anybody else can read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.interactions import Interactions
from core.data.read_interactions import interactions_of
from core.data.shop import NAME, Shop, ShopWorld, simulate_shop
from core.data.shop_goods import CATEGORIES
from core.data.shop_pictures import picture_of
from core.intake.tables import Table

WORLD = ShopWorld(seed=1)
"""The data set `simulated_shop`."""
INTERACTIONS, ITEMS = "interactions.parquet", "items.parquet"


def simulated_shop(world: ShopWorld = WORLD) -> Interactions:
    """The purchases of a world, as they would be read from its files."""
    shop = simulate_shop(world)
    return interactions_of(_table(shop.interactions, INTERACTIONS), NAME, items=_table(shop.items, ITEMS))


def make_shop(path: Path) -> None:
    """Simulate the shop and write its purchases to `path` and its products beside it; some seconds."""
    save(simulate_shop(WORLD), path)


def save(shop: Shop, path: Path) -> None:
    """Write a simulated shop as parquet: purchases to `path`, products to `ITEMS` beside it."""
    shop.interactions.to_parquet(path, compression="zstd", index=False)
    shop.items.to_parquet(path.with_name(ITEMS), compression="zstd", index=False)


def product_picture(attributes: dict[str, str], title: str) -> NDArray[np.uint8]:
    """The picture of a product of the shop by its attributes and its English title; (SIDE, SIDE, 3) RGB.

    Raises:
        KeyError: It is not a product of this shop.
    """
    names = [kind for kind, _, _ in {entry.name: entry for entry in CATEGORIES}[attributes["category"]].kinds]
    style = attributes["style"]
    kind = title.removeprefix(f"{style} ")
    if kind not in names or kind == title:
        raise KeyError(title)
    return picture_of(kind, style)


def _table(frame: pd.DataFrame, name: str) -> Table:
    """A frame as a table that was read from a file."""
    numbered = frame.set_axis(pd.RangeIndex(1, len(frame) + 1))
    texts = {column: "str" for column in numbered.columns if numbered[column].dtype == object}
    return Table(name, numbered.astype(texts), True, "")
