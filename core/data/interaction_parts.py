"""Which part of a data set each row is in, where a column or the name of a file says it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.cells import as_text
from core.data.columns import plain_name
from core.data.interactions import PARTS
from core.errors import InputRefused
from core.intake.labels import clean_text

NAMES = {
    "train": "train",
    "training": "train",
    "tr": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "te": "test",
    "训练": "train",
    "验证": "validation",
    "测试": "test",
}
_FIGURES = {"0": "train", "1": "test"}
_FIGURES_IN = "split"
"""What a column must be called for its bare figures to be parts: others count folds, or sets of goods."""
_FILE = re.compile(r"(train|training|validation|valid|val|dev|test|testing)(set)?(?![a-z])")
_SHOWN = 5


def part_of_file(name: str) -> str:
    """The part that a file is called after, or "": `train.csv`, `test_2.txt`, but not `devices.csv`."""
    found = _FILE.match(name.lower())
    return NAMES[found[1]] if found else ""


def parts_rows(column: pd.Series[Any]) -> bool:
    """Whether a column, by its name and a sample of its cells, parts rows into a training and a test."""
    found = set(_names(column).unique())
    if found == _FIGURES.keys():
        return plain_name(str(column.name)) == _FIGURES_IN
    return {NAMES.get(name) for name in found} >= {"train", "test"}


def parts_of(column: pd.Series[Any], label: str) -> NDArray[np.int8]:
    """The place in `PARTS` of each row (N,).

    Args:
        column: Of the table called `label`; a person named it, or `parts_rows` found it.
        label: For messages.

    Raises:
        InputRefused: A cell names no part. Its rows would be learned from although they may be held out.
    """
    cells = _names(column)
    names = _FIGURES if set(cells.unique()) <= _FIGURES.keys() else NAMES
    parts = cells.map({name: PARTS.index(part) for name, part in names.items()})
    if unknown := cells[parts.isna()].value_counts().head(_SHOWN).to_dict():
        shown = ", ".join(f"{clean_text(str(name))[:40] or '-'} ({count})" for name, count in unknown.items())
        found = {"name": label, "column": clean_text(str(column.name)), "found": shown}
        raise InputRefused(
            "interactions.part",
            Message(N_("{name}: the column {column} holds what is no part of the data: {found}."), found),
            Message(N_("Write train, validation or test into every row, or say that no column is the part: part=")),
        )
    return np.asarray(parts, np.int8)


def _names(column: pd.Series[Any]) -> pd.Series[Any]:
    names: pd.Series[Any] = as_text(column).to_pandas().str.strip().str.casefold()
    return names
