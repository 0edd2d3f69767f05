"""Which language a text is in, by the scripts of its characters and by the small words of other languages; no model."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.tasks.text_classification import characters
from core.tasks.text_classification.characters import HAN, WORD
from core.tasks.text_classification.ngrams import distinct
from core.tasks.text_classification.units import Keys, Units, read_units

ENGLISH, CHINESE, MIXED, OTHER, NONE = "en", "zh", "mixed", "other", "none"
LANGUAGES = (ENGLISH, CHINESE, MIXED, OTHER, NONE)
"""Latin letters count as English unless small words say otherwise; `none` has no letters, such as emoji alone."""
SMALL_ENGLISH = (
    "the a an and is was are were be been i it its of to in on at for from but not no this that these my your our we "
    "you they he she his her with very so as by or if have has had do does did will would can could just there what"
)
SMALL_FOREIGN = (
    # French, German, Spanish, Italian, Portuguese, Dutch, Indonesian, Turkish, Polish; none is a usual word of English
    "les des une est et dans avec pas très mais qui sur cette nous vous était sont aux "
    "der das und ist nicht ein eine sehr für auf ich wir aber sind auch "
    "una que muy pero para por esta este fue está nos "
    "il gli che è non molto sono della questo anche "
    "não uma muito foi são também isso "
    "het een niet maar voor zijn deze ik "
    "yang tidak sangat untuk dengan ini "
    "bir çok ve için ama değil "
    "nie jest się bardzo"
)
BUCKET_SHIFT = np.uint64(48)
LEAST_FOREIGN = 2
"""Different small words of other languages, and more than English ones, from which on a text is in another language."""
MINOR = 0.15
"""Share of the units below which a second script does not make a text mixed."""


def script_counts(units: Units) -> NDArray[np.int64]:
    """Latin words, Chinese characters and words in other scripts of each text, (N, 3)."""
    kinds = (WORD, HAN, characters.OTHER)
    return np.stack([np.bincount(units.texts[units.kinds == kind], minlength=units.n_texts) for kind in kinds], axis=1)


def languages_of(units: Units) -> NDArray[np.str_]:
    """One of `LANGUAGES` for each text, (N,)."""
    latin, han, other = script_counts(units).T
    letters = np.maximum(latin + han + other, 1)
    shares = np.stack([latin, han, other]) / letters
    found = np.full(units.n_texts, MIXED, dtype="<U5")
    found[shares[0] >= 1 - MINOR] = ENGLISH
    found[shares[1] >= 1 - MINOR] = CHINESE
    found[(shares[2] > 0.5) | ((found == ENGLISH) & _foreign(units))] = OTHER
    found[latin + han + other == 0] = NONE
    return found


def _foreign(units: Units) -> NDArray[np.bool_]:
    """Which texts have small words of other languages, and fewer of English, (N,)."""
    foreign, buckets = _small_words(SMALL_FOREIGN)
    near = np.flatnonzero(buckets[units.keys >> BUCKET_SHIFT])
    near = near[np.isin(units.keys[near], foreign)]
    near = near[distinct(units.texts[near], units.keys[near])]
    counts = np.bincount(units.texts[near], minlength=units.n_texts)
    found = counts >= LEAST_FOREIGN
    if found.any():
        inside = np.flatnonzero(found[units.texts])
        english = inside[np.isin(units.keys[inside], _small_words(SMALL_ENGLISH)[0])]
        english = english[distinct(units.texts[english], units.keys[english])]
        found &= counts > np.bincount(units.texts[english], minlength=units.n_texts)
    return np.asarray(found)


@cache
def _small_words(words: str) -> tuple[Keys, NDArray[np.bool_]]:
    """Keys of words, and a table of the first bits that they have, which rules out nearly all others at once."""
    keys = read_units([words]).keys
    buckets = np.zeros(2 ** (64 - int(BUCKET_SHIFT)), np.bool_)
    buckets[keys >> BUCKET_SHIFT] = True
    return keys, buckets
