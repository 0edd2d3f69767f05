"""Texts without a letter: emoticons and marks out of five or ten say something, other punctuation and numbers do not.

This settles only whether a model declines such a text; how it reads one is a matter of its units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.tasks.text_classification.characters import EMOJI, kinds
from core.tasks.text_classification.language import NONE
from core.tasks.text_classification.model import Floats, Reading

_EMOTICON = r"[:;=]['\-]?[()\[\]|/\\*]|[()\[\]]-?[:;=]|</?3(?!\d)|\^_*\^|-_+-|=_+=|>_+<"
_RATING = r"(?<![\d/.])\d{1,2}(?:[.,]\d)?\s{0,3}/\s{0,3}(?:5|10)(?![\d/])"
SIGN = re.compile(f"{_EMOTICON}|{_RATING}")


def known_with_signs(texts: Sequence[str], reading: Reading, learned: NDArray[np.bool_]) -> Floats:
    """Share of each text that a model knows, (N,), where a text without letters is known by its emoticons and marks.

    Args:
        texts: All of them.
        reading: What the model read.
        learned: Whether the model has learned anything of what stands in a text, (N,).
    """
    known = reading.known.copy()
    for place in np.flatnonzero(reading.languages == NONE).tolist():
        if SIGN.search(texts[place]):
            known[place] = float(learned[place])
        elif not _holds_emoji(texts[place]):
            known[place] = 0.0
    return known


def _holds_emoji(text: str) -> bool:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return bool((kinds()[codes] == EMOJI).any())
