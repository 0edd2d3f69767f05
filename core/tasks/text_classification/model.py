"""The model: a weight for every n-gram it knows, in a hash table that also tells what it does not know.

The raw score of a text is the sum of the weights of its distinct known n-grams, divided by the root of their number,
plus a bias. It is linear, so that what each word adds is exact. Source of the ingredients: Wang and Manning, Baselines
and Bigrams, ACL 2012; Joulin et al., Bag of Tricks for Efficient Text Classification, EACL 2017, arXiv:1607.01759.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.tasks.text_classification.characters import EMOJI, HAN, OTHER, WORD
from core.tasks.text_classification.language import CHINESE, ENGLISH, languages_of
from core.tasks.text_classification.ngrams import distinct, read_ngrams
from core.tasks.text_classification.units import Keys, Places, Units, read_units

Floats = NDArray[np.float64]
TEXTS_AT_ONCE = 8192
CHARACTERS_AT_ONCE = 1_000_000
"""Bounds the memory of a batch; one longer text is still read whole."""
MARK_VALUES = np.uint64(255)
TELLING = np.isin(np.arange(256), (WORD, HAN, OTHER, EMOJI))
"""By kind of unit: which ones a model knows or does not know."""
CALIBRATED = (ENGLISH, CHINESE)
"""Languages with a calibration of their own; text that is mixed, or without letters, gets the mean of both."""


@dataclass(frozen=True)
class NgramTable:
    """Weights of n-grams by hash; arrays (2 ** bits,)."""

    checks: NDArray[np.uint8]
    """A byte of the n-gram that a bucket holds, from 1; 0 where it holds none."""
    weights: NDArray[np.float16]

    @property
    def bits(self) -> int:
        """Binary logarithm of the number of buckets."""
        return len(self.checks).bit_length() - 1

    def find(self, keys: Keys) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Weights (G,) of n-grams and whether the table knows them; a stranger passes for known once in 255 buckets."""
        bucket, known = self.places(keys)
        return np.where(known, self.weights[bucket], 0).astype(np.float32), known

    def places(self, keys: Keys) -> tuple[Places, NDArray[np.bool_]]:
        """Bucket (G,) of each n-gram, and whether it is the one that the bucket holds."""
        bucket = _bucket(keys, self.bits)
        return bucket, self.checks[bucket] == _check(keys)

    def with_added(self, keys: Keys, weights: NDArray[np.floating], single: NDArray[np.bool_]) -> NgramTable:
        """The table with so much more weight on these n-grams; strangers get a bucket unless a heavier one has it.

        Those of one unit, which `single` marks, get theirs in any case, as in `build_table`. A word that the added
        texts do not hold can lose its bucket: with 100,000 added sequences, the chance is one in 42.
        """
        bucket, check = _bucket(keys, self.bits), _check(keys)
        mine = self.checks[bucket] == check
        checks, values = self.checks.copy(), self.weights.copy()
        total = np.where(mine, self.weights[bucket], 0) + weights
        wins = mine | single | (self.checks[bucket] == 0) | (np.abs(total) > np.abs(self.weights[bucket]))
        order = np.flatnonzero(wins)[np.lexsort((np.abs(total[wins]), single[wins]))]
        checks[bucket[order]], values[bucket[order]] = check[order], total[order]
        return NgramTable(checks, values)


def build_table(keys: Keys, weights: NDArray[np.floating], single: NDArray[np.bool_], bits: int) -> NgramTable:
    """Put n-grams into buckets; of several for one bucket, the one with the largest weight stays.

    Those of one unit, which `single` marks, go before all others: a common word weighs next to nothing, and without it
    the model would not know what it knows.
    """
    order = np.lexsort((np.abs(weights), single))
    bucket = _bucket(keys[order], bits)
    checks, values = np.zeros(2**bits, np.uint8), np.zeros(2**bits, np.float16)
    checks[bucket], values[bucket] = _check(keys[order]), weights[order]
    return NgramTable(checks, values)


def _bucket(keys: Keys, bits: int) -> Places:
    return (keys >> np.uint64(64 - bits)).astype(np.int64)


def _check(keys: Keys) -> NDArray[np.uint8]:
    return (keys % MARK_VALUES + np.uint64(1)).astype(np.uint8)


@dataclass(frozen=True)
class LengthCalibration:
    """Raw score -> log odds, in three parameters: the longer the text, the more or less its score says."""

    slope: float
    growth: float
    """Power of the number of units by which the slope grows."""
    shift: float

    def slopes(self, sizes: Floats) -> Floats:
        """What a raw score is multiplied by, for texts of so many units, (N,)."""
        return np.asarray(self.slope * np.maximum(sizes, 1.0) ** self.growth)


UNCALIBRATED = LengthCalibration(1.0, 0.0, 0.0)
"""Takes raw scores for log odds."""


@dataclass(frozen=True)
class Reading:
    """What the table says of a batch of texts before calibration; arrays (N,)."""

    raw: Floats
    counts: Places
    """Distinct n-grams of each text that the table knows."""
    sizes: Floats
    """Units of each text."""
    known: Floats
    """Share of its words, characters and emoji that the table knows, in [0, 1]; 0 for a text without any."""
    languages: NDArray[np.str_]


EMPTY = Reading(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, "<U5"))
"""Of no texts."""


def slopes_and_shifts(calibrations: Mapping[str, LengthCalibration], reading: Reading) -> tuple[Floats, Floats]:
    """Factor and summand (N,) that turn raw scores into log odds, by the languages and lengths of the texts."""
    each = [calibrations[language] for language in CALIBRATED]
    slopes = np.stack([one.slopes(reading.sizes) for one in each])
    shifts = np.array([one.shift for one in each])
    share = np.full(len(reading.raw), 0.5)
    share[reading.languages == ENGLISH], share[reading.languages == CHINESE] = 0.0, 1.0
    return slopes[0] ** (1 - share) * slopes[1] ** share, shifts[0] * (1 - share) + shifts[1] * share


@dataclass(frozen=True)
class TextModel:
    """Everything that turns a text into a probability."""

    table: NgramTable
    bias: float
    calibrations: dict[str, LengthCalibration]
    """By language, for each of `CALIBRATED`."""

    def read(self, texts: Sequence[str]) -> Reading:
        """Raw scores of any number of texts."""
        parts = [self.read_units(read_units(texts[begin:end])) for begin, end in batches(texts)] or [EMPTY]
        return Reading(
            raw=np.concatenate([part.raw for part in parts]),
            counts=np.concatenate([part.counts for part in parts]),
            sizes=np.concatenate([part.sizes for part in parts]),
            known=np.concatenate([part.known for part in parts]),
            languages=np.concatenate([part.languages for part in parts]),
        )

    def read_units(self, units: Units) -> Reading:
        """Raw scores of texts that were split into units already."""
        grams, n = read_ngrams(units), units.n_texts
        weights, known = self.table.find(grams.keys)
        sizes = np.bincount(units.texts, minlength=n).astype(np.float64)
        chosen = np.flatnonzero(known)
        chosen = chosen[distinct(grams.texts[chosen], grams.keys[chosen])]
        counts = np.bincount(grams.texts[chosen], minlength=n)
        sums = np.bincount(grams.texts[chosen], weights[chosen], minlength=n)
        telling = TELLING[units.kinds]
        own = np.bincount(units.texts[telling & known[: len(telling)]], minlength=n)
        return Reading(
            raw=sums / np.sqrt(np.maximum(counts, 1)) + self.bias,
            counts=counts,
            sizes=sizes,
            known=own / np.maximum(np.bincount(units.texts[telling], minlength=n), 1),
            languages=languages_of(units),
        )

    def log_odds(self, reading: Reading) -> Floats:
        """Calibrated log odds (N,) of the second label."""
        slopes, shifts = slopes_and_shifts(self.calibrations, reading)
        return np.asarray(reading.raw * slopes + shifts)


def batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of stretches of texts that are read at once."""
    begin = characters = 0
    for number, text in enumerate(texts):
        if number > begin and (number - begin >= TEXTS_AT_ONCE or characters + len(text) > CHARACTERS_AT_ONCE):
            yield begin, number
            begin, characters = number, 0
        characters += len(text)
    if len(texts) > begin:
        yield begin, len(texts)
