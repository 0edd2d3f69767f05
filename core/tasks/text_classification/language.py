"""Which language a text is in, by the scripts of its characters; no model, so that it cannot be confidently wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.tasks.text_classification.characters import EMOJI, HAN, MARK, OTHER, WORD
from core.tasks.text_classification.units import Units

ENGLISH, CHINESE, MIXED, OTHER_SCRIPT, NONE = "en", "zh", "mixed", "other", "none"
LANGUAGES = (ENGLISH, CHINESE, MIXED, OTHER_SCRIPT, NONE)
"""Latin letters count as English until the vocabulary says otherwise; `none` has no letters, such as emoji alone."""
MINOR = 0.15
"""Share of the units below which a second script does not make a text mixed."""


def script_counts(units: Units) -> NDArray[np.int64]:
    """Latin words, Chinese characters, words in other scripts, and punctuation or emoji of each text, (N, 4)."""
    columns = (units.kinds == WORD, units.kinds == HAN, units.kinds == OTHER, np.isin(units.kinds, (MARK, EMOJI)))
    return np.stack([np.bincount(units.texts[flags], minlength=units.n_texts) for flags in columns], axis=1)


def languages_of(units: Units) -> NDArray[np.str_]:
    """One of `LANGUAGES` for each text, (N,)."""
    latin, han, other, _ = script_counts(units).T
    letters = np.maximum(latin + han + other, 1)
    shares = np.stack([latin, han, other]) / letters
    found = np.full(units.n_texts, MIXED, dtype="<U5")
    found[shares[0] >= 1 - MINOR] = ENGLISH
    found[shares[1] >= 1 - MINOR] = CHINESE
    found[shares[2] > 0.5] = OTHER_SCRIPT
    found[latin + han + other == 0] = NONE
    return found
