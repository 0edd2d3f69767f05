"""Small sets of interactions for tests, with a structure that can be learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.data.interactions import Interactions
from core.data.read_interactions import read_interactions


def write_clubs(path: Path, users: int = 90, clubs: int = 3, seed: int = 0) -> Path:
    """Users of some clubs, each of whom takes some of the eight items of his club in order, and one of any."""
    random = np.random.default_rng(seed)
    rows, second = [], 1_700_000_000
    for user in range(users):
        own = user % clubs * 8 + np.sort(random.permutation(8)[: random.integers(3, 8)])
        for item in (int(random.integers(clubs * 8)), *own):
            second += 60
            rows.append((f"{user:04d}", f"{item:03d}", second))
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).drop_duplicates(["user_id", "item_id"])
    frame.to_csv(path, index=False)
    return path


def write_items(path: Path, clubs: int = 3, cold: int = 2) -> Path:
    """A table of the items of `write_clubs`, with some that nobody takes."""
    rows = [
        (f"{item:03d}", f"Thing {item}", f"Club {item // 8}", ["red", "blue"][item % 2]) for item in range(clubs * 8)
    ]
    rows += [(f"9{number:02d}", f"New thing {number}", f"Club {number}", "red") for number in range(cold)]
    pd.DataFrame(rows, columns=["item_id", "title", "club", "colour"]).to_csv(path, index=False)
    return path


def clubs(folder: Path) -> Interactions:
    """Both tables, read."""
    write_clubs(folder / "ratings.csv")
    write_items(folder / "items.csv")
    return read_interactions(folder)
