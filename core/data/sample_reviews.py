"""The data set `sample_reviews`: made-up reviews with labels, to try a training with where no public data are.

They are put together from the sentences of the sample board. Every part has sentences of its own, or the test would
hold what was learned by heart; that makes the parts few sentences each, so figures on them say little.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from core.data.sample_board import CATEGORIES, DAYS, Pool, draw_review, read_pool
from core.data.texts import LABELS, text_key

SIZES: Final = {"train": 1000, "validation": 200, "test": 300}
"""Reviews of each part; no two of them are alike."""
SEED: Final = 20260106


def divided_pool() -> Mapping[str, Pool]:
    """Part -> its sentences: of those that say the same, one each for validation and test, the others for training."""
    parts: dict[str, dict[tuple[str, str, str, str], tuple[str, ...]]] = {part: {} for part in SIZES}
    rng = np.random.default_rng(SEED)
    for said, sentences in read_pool().items():
        drawn = [sentences[place] for place in rng.permutation(len(sentences))]
        parts["test"][said], parts["validation"][said] = (drawn[0],), (drawn[1],)
        parts["train"][said] = tuple(drawn[2:])
    return parts


def reviews_of(part: str) -> Iterator[tuple[str, str, str]]:
    """Text, label and category of every review of a part; the same every time, none of them neutral."""
    pool, rng = divided_pool()[part], np.random.default_rng([SEED, list(SIZES).index(part)])
    seen: set[str] = set()
    while len(seen) < SIZES[part]:
        text, kind, label = draw_review(pool, int(rng.integers(DAYS)), rng)
        if label >= 0 and text_key(text) not in seen:
            seen.add(text_key(text))
            yield text, LABELS[label], CATEGORIES[kind]


def write_reviews(folder: Path) -> None:
    """Write a table for each part into `folder`, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in SIZES:
        with (folder / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(("text", "label", "category"))
            table.writerows(reviews_of(part))
