"""What is written about items as vectors: the values of their columns and the words of their titles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from core.data.cells import is_number, read_numbers
from core.data.columns import plain_name
from core.data.interactions import SEPARATOR, Catalogue

BINS = 5
"""Equally full ranges that numbers, such as prices, are put into."""
KINDS_MAX = 0.3
"""A column whose cells have more different values than this share of the items holds texts, not kinds."""
NO_ATTRIBUTES = r"(in_)?stock|available|currency|url|link|image|icon|picture|poster|.*_(id|url|image|icon)|id"
"""Columns that say nothing of what an item is like."""
_WORD = re.compile(r"[a-z]{2,}|[\u3400-\u9fff]{2}")


@dataclass(frozen=True)
class Attributes:
    """Items by attributes, rows of length one; a row of zeros where nothing is known."""

    matrix: csr_array = field(compare=False)
    """(I, F) float32, rarer attributes weigh more."""
    names: tuple[str, ...]
    """`column: value` of each attribute; "" for a word of a text, which is compared and not shown."""

    def likeness(self, items: Sequence[int] | NDArray[Any]) -> NDArray[np.float32]:
        """Mean cosine of every item to the given ones, (I,)."""
        mean = np.asarray(self.matrix[np.asarray(items, np.int64)].sum(axis=0), np.float32) / max(len(items), 1)
        return np.asarray(self.matrix @ mean, np.float32)

    def common(self, first: int, second: int) -> tuple[str, ...]:
        """Attributes that two items share, the rarest first."""
        one, other = self._of(first), self._of(second)
        shared = sorted(one.keys() & other.keys(), key=lambda place: (-one[place] * other[place], place))
        return tuple(self.names[place] for place in shared if self.names[place])

    def _of(self, item: int) -> dict[int, float]:
        begin, end = self.matrix.indptr[item], self.matrix.indptr[item + 1]
        places, values = self.matrix.indices[begin:end], self.matrix.data[begin:end]
        return dict(zip(places.tolist(), values.tolist(), strict=True))


def attributes_of(catalogue: Catalogue) -> Attributes:
    """The attributes of every item that at least one other item has as well, weighted by rarity."""
    features: dict[tuple[str, str], int] = {}
    rows: list[int] = []
    places: list[int] = []
    for column, values in _values(catalogue):
        for row, found in enumerate(values):
            for value in found:
                rows.append(row)
                places.append(features.setdefault((column, value), len(features)))
    shape = (len(catalogue), max(len(features), 1))
    matrix = csr_array((np.ones(len(rows), np.float32), (rows, places)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    held = np.bincount(matrix.indices, minlength=shape[1])
    rarity = np.where(held > 1, np.log((shape[0] + 1) / (held + 1)) + 0.1, 0).astype(np.float32)
    matrix = (matrix @ diags_array(rarity)).tocsr()
    matrix.eliminate_zeros()
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)))
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    named = [f"{column}: {value}" if column else "" for column, value in features] or [""]
    return Attributes((diags_array(scale) @ matrix).tocsr().astype(np.float32), tuple(named))


def _values(catalogue: Catalogue) -> Iterator[tuple[str, list[list[str]]]]:
    """Name of a column, "" for words of texts, and the values of each item in it."""
    titled = any(title != name for title, name in zip(catalogue.titles, catalogue.ids.tolist(), strict=True))
    if titled:
        yield "", [_words(title) for title in catalogue.titles]
    for column, cells in catalogue.attributes.items():
        if re.fullmatch(NO_ATTRIBUTES, plain_name(column)):
            continue
        values = [cell.split(SEPARATOR) if cell else [] for cell in cells]
        different = {value for found in values for value in found}
        if is_number(pd.Series(list(cells), dtype="str", name=column)) and len(different) > 2 * BINS:
            yield column, _ranges(cells)
        elif len(different) <= max(20, KINDS_MAX * len(catalogue)):
            yield column, [[value.strip() for value in found if value.strip()] for found in values]
        else:
            yield "", [_words(cell) for cell in cells]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _ranges(cells: Sequence[str]) -> list[list[str]]:
    """The range that each number falls into, named by its limits."""
    numbers = read_numbers(pd.Series(list(cells), dtype="str")).values
    edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, BINS + 1)))
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, max(len(edges) - 2, 0))
    names = [f"{low:g}–{high:g}" for low, high in pairwise(edges)] or [f"{edges[0]:g}"]
    return [[names[where]] if np.isfinite(number) else [] for where, number in zip(place, numbers, strict=True)]
