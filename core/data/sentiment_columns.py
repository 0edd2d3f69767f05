"""Which column of a table holds texts and which their sentiment, and what each way to write a sentiment means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.errors import InputRefused

TEXT_NAMES = (
    "text",
    "review",
    "sentence",
    "content",
    "comment",
    "body",
    "message",
    "tweet",
    "评论",
    "内容",
    "文本",
    "评价",
)
LABEL_NAMES = (
    "label",
    "sentiment",
    "polarity",
    "class",
    "target",
    "rating",
    "stars",
    "score",
    "标签",
    "情感",
    "评分",
    "星级",
)
SOURCE_NAMES = ("category_en", "category", "domain", "source", "product", "类别", "分类", "品类")
_NEGATIVE = ["negative", "neg", "bad", "0", "-1", "负面", "消极", "负", "差评", "不满意", "贬义", "no", "false"]
_POSITIVE = ["positive", "pos", "good", "1", "正面", "积极", "正", "好评", "满意", "褒义", "yes", "true"]
_NEUTRAL = ["neutral", "neu", "mixed", "中性", "中评", "中立", "none"]
_MEANING = {**dict.fromkeys(_NEGATIVE, 0), **dict.fromkeys(_POSITIVE, 1), **dict.fromkeys(_NEUTRAL, -1)}
STARS = {"1": 0, "2": 0, "3": -1, "4": 1, "5": 1}
"""Ratings of one to five stars; the middle one is left out."""
CLOSE = 0.8
"""Likeness, of 1, from which a word passes for a label with a typing error."""


@dataclass(frozen=True)
class Columns:
    """Names of the columns by role."""

    text: str
    label: str
    source: str
    """Of the kind of text; empty without one."""


def find_columns(frame: pd.DataFrame, given: Mapping[str, str], name: str) -> Columns:
    """Columns by role: as given, by their usual names, or, for texts, the column with the longest cells.

    An empty column for the role `category` means that the kind of text is not known.

    Raises:
        InputRefused: A given column is absent, or texts or labels cannot be found.
    """
    for role, column in given.items():
        none_meant = role == "category" and not column
        if role not in ("text", "label", "category") or (column not in frame.columns and not none_meant):
            raise _refused(name, frame, f"{role}={column}")
    label = given.get("label") or _named(frame, LABEL_NAMES)
    text = given.get("text") or _named(frame, TEXT_NAMES) or _longest(frame, label)
    if not label or not text or label == text:
        raise _refused(name, frame, "label" if text else "text")
    return Columns(text, label, given["category"] if "category" in given else _named(frame, SOURCE_NAMES))


def read_labels(column: pd.Series[Any], name: str) -> tuple[NDArray[np.int64], tuple[Message, ...]]:
    """Places in (negative, positive) of every row, -1 where it is neutral or empty, and what was guessed.

    Raises:
        InputRefused: Values that are no sentiment.
    """
    cells = column.map(_plain)
    values = [value for value in cells.unique() if value]
    if set(values) <= set(STARS) and not set(values) <= {"0", "1"}:
        return _numbers(cells.map(STARS)), ()
    meaning, guessed, strange = dict(_MEANING), {}, []
    for value in values:
        if value not in meaning:
            close = get_close_matches(value, [word for word in _MEANING if len(word) > 2], n=1, cutoff=CLOSE)
            if close:
                meaning[value] = _MEANING[close[0]]
                guessed[value] = close[0]
            else:
                strange.append(value)
    if strange:
        raise _no_sentiment(name, strange)
    said = [
        Message(N_("The label {found} was read as {meant}."), {"found": found, "meant": meant})
        for found, meant in guessed.items()
    ]
    return _numbers(cells.map(meaning)), tuple(said)


def _numbers(column: pd.Series[Any]) -> NDArray[np.int64]:
    return np.asarray(column.fillna(-1).to_numpy(), np.int64)


def _plain(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if pd.isna(cell) else str(cell).strip().casefold()


def _named(frame: pd.DataFrame, names: Iterable[str]) -> str:
    known = {str(column).strip().casefold(): str(column) for column in frame.columns}
    exact = next((known[name] for name in names if name in known), "")
    if exact:
        return exact
    close = (get_close_matches(name, [word for word in known if len(word) > 3], n=1, cutoff=CLOSE) for name in names)
    return next((known[found[0]] for found in close if found), "")


def _longest(frame: pd.DataFrame, label: str) -> str:
    lengths = {
        str(column): float(frame[column].astype(str).str.len().mean())
        for column in frame.columns
        if column != label and not pd.api.types.is_numeric_dtype(frame[column])
    }
    return max(lengths, key=lambda column: lengths[column], default="")


def _refused(name: str, frame: pd.DataFrame, missing: str) -> InputRefused:
    return InputRefused(
        "texts.columns",
        Message(
            N_("{name}: the column {missing} was not found; the table has {found}."),
            {"name": name, "missing": missing, "found": ", ".join(str(column) for column in frame.columns[:10])},
        ),
        Message(N_("Name the columns: text=review, label=sentiment.")),
    )


def _no_sentiment(name: str, strange: list[str]) -> InputRefused:
    return InputRefused(
        "texts.labels",
        Message(
            N_("{name}: labels that say neither positive nor negative: {found}."),
            {"name": name, "found": ", ".join(value[:40] for value in strange[:5])},
        ),
        Message(N_("Labels may be positive and negative, 1 and 0, or one to five stars.")),
    )
