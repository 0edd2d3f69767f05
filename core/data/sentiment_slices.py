"""Lines that are hard to read, written by this project: negation, contrast, sarcasm, emoji, net slang, mixed language.

Every other pair of lines is for development; the rest is frozen and only ever measured. Besides, lines that judge
nothing, for which no answer of two sides is right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.data.texts import LABELS, LabelledTexts, TextSet, fingerprint_of

FILE = Path(__file__).parent / "sentiment" / "slices.tsv"
NEUTRAL = FILE.with_name("neutral.txt")
HALVES = ("development", "frozen")
NAME = "sentiment_slices"


def read_slices() -> LabelledTexts:
    """Both halves as parts; `sources` names the slice and the language, such as `negation, zh`."""
    lines = [line.split("\t") for line in FILE.read_text(encoding="utf-8").splitlines()]
    columns, rows = lines[0], lines[1:]
    slices, languages, labels, contents = (
        [row[columns.index(name)] for row in rows] for name in ("slice", "language", "label", "text")
    )
    texts = TextSet(
        ids=np.array([f"{name}/{number}" for number, name in enumerate(slices)]),
        texts=tuple(contents),
        targets=np.array([LABELS.index(label) for label in labels], np.int64),
        sources=np.array([f"{name}, {language}" for name, language in zip(slices, languages, strict=True)]),
    )
    place = np.arange(len(rows)) // 2 % 2
    splits = {half: texts.take(np.flatnonzero(place == number)) for number, half in enumerate(HALVES)}
    return LabelledTexts(NAME, splits, fingerprint_of(splits))


def read_neutral() -> tuple[str, ...]:
    """Lines that report something and judge nothing, in both languages."""
    lines = NEUTRAL.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
