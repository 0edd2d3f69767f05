"""Which column of a table holds texts and which their sentiment, and what each way to write a sentiment means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.contracts import N_, Message
from core.data.columns import plain_name
from core.errors import InputRefused
from core.intake.labels import clean_text

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
_NEGATIVE = ["negative", "neg", "bad", "负面", "消极", "负", "差评", "不满意", "贬义", "no", "false"]
_POSITIVE = ["positive", "pos", "good", "正面", "积极", "正", "好评", "满意", "褒义", "yes", "true"]
_NEUTRAL = ["neutral", "neu", "mixed", "中性", "中评", "中立", "none"]
_MEANING = {**dict.fromkeys(_NEGATIVE, 0), **dict.fromkeys(_POSITIVE, 1), **dict.fromkeys(_NEUTRAL, -1)}
STARS = {"1": 0, "2": 0, "3": -1, "4": 1, "5": 1}
"""Ratings of one to five stars; the middle one is left out."""
_SIGNED = {"-1": 0, "0": -1, "1": 1}
_BINARY = {"0": 0, "1": 1}
_STAR = " star"
_STAR_CELL = re.compile(r"([1-5一二三四五])[ -]?(?:stars?|星级?)")
_HAN_STARS = dict(zip("一二三四五", STARS, strict=True))
_STAR_NAME = re.compile(r"(?:[a-z]+_)?(?:stars?|ratings?)|score|评分|星级|打分")
"""A `plain_name` by which a column of numbers counts stars, also where there is none but 1."""
_WHOLE = re.compile(r"\+?(-?\d+)(?:\.0*)?")
"""A whole number, also as it is written where another cell of the column is empty."""
CLOSE = 0.8
"""Likeness, of 1, from which a word passes for a label with a typing error."""
_LONGER = 2
"""Characters that a typing error adds or leaves out at most; what is longer is another word."""
_NOT = re.compile(r"no[nt]?[\W_]*")


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
    """Places in (negative, positive) of every row, -1 where it is neutral or empty, and how its values were read.

    Numbers mean one to five stars, -1 to 1 or 0 and 1, by what there is of them and by the name of the column.

    Raises:
        InputRefused: Values that are no sentiment.
    """
    cells = column.map(_plain)
    values = {value: None for value in cells.unique() if value}
    called = str(column.name or "")
    numbers, template = _coding(set(values), called)
    meaning = {**_MEANING, **{star + _STAR: place for star, place in STARS.items()}, **numbers}
    guessed = {value: close for value in values if value not in meaning and (close := _mistyped(value))}
    if strange := [value for value in values if value not in meaning and value not in guessed]:
        raise _no_sentiment(name, strange)
    said = [Message(template, {"column": clean_text(called)})] if values.keys() & numbers.keys() else []
    said += [
        Message(N_("The label {found} was read as {meant}."), {"found": found, "meant": meant})
        for found, meant in guessed.items()
    ]
    meaning |= {value: meaning[close] for value, close in guessed.items()}
    return _numbers(cells.map(meaning)), tuple(said)


def _coding(values: set[str], column: str) -> tuple[Mapping[str, int], str]:
    """What the numbers among the values mean, and the sentence that says so."""
    if "-1" in values:
        return _SIGNED, N_("Numbers in the column {column}: -1 was read as negative, 0 as neutral, 1 as positive.")
    rated = "0" not in values and _STAR_NAME.fullmatch(plain_name(column)) is not None
    if rated or (values <= STARS.keys() and values != {"1"}) or any(value.endswith(_STAR) for value in values):
        return STARS, N_(
            "Numbers in the column {column} were read as stars: 1 and 2 as negative, 3 as neutral, 4 and 5 as positive."
        )
    return _BINARY, N_("Numbers in the column {column}: 0 was read as negative, 1 as positive.")


def _mistyped(value: str) -> str:
    """The word that a value with a typing error was meant to be; empty where it may say the opposite of it.

    "unpositive" and "not negative" are near to labels too: what begins otherwise, or puts something before, is refused.
    """
    if (denied := _NOT.match(value)) and _nearest(value[denied.end() :]):
        return ""
    word = _nearest(value)
    near = word[:1] == value[:1] and abs(len(word) - len(value)) <= _LONGER and not value.endswith(word)
    return word if near else ""


def _nearest(value: str) -> str:
    words = [word for word in _MEANING if len(word) > 2]
    return next(iter(get_close_matches(value, words, n=1, cutoff=CLOSE)), "")


def _numbers(column: pd.Series[Any]) -> NDArray[np.int64]:
    return np.asarray(column.fillna(-1).to_numpy(), np.int64)


def _plain(cell: Any) -> str:
    """A cell as the tables of meanings write it: "1.0" as "1", "5 Stars" and "五星" as "5 star"."""
    if pd.isna(cell):
        return ""
    text = unicodedata.normalize("NFKC", str(cell)).strip().casefold()
    if whole := _WHOLE.fullmatch(text):
        return whole[1]
    if star := _STAR_CELL.fullmatch(text):
        return _HAN_STARS.get(star[1], star[1]) + _STAR
    return text


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
