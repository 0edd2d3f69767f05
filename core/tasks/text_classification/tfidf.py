"""The baseline that every model is set beside: TF-IDF and logistic regression, fitted by scikit-learn, kept as numbers.

Texts with Chinese characters are read as one to four characters, all others as one or two words, each kind by a model
of its own: what is published as the simple baseline of the public sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from core.contracts import RunContext
from core.data.texts import LabelledTexts, TextSet
from core.errors import RunCancelled
from core.tasks.text_classification.calibrate import fit_calibrations
from core.tasks.text_classification.fitting import has_chinese
from core.tasks.text_classification.language import languages_of
from core.tasks.text_classification.model import (
    CALIBRATED,
    UNCALIBRATED,
    LengthCalibration,
    Reading,
    batches,
    slopes_and_shifts,
)
from core.tasks.text_classification.units import TAG, read_units

GROUPS = ("words", "characters")
"""Texts without a Chinese character, and texts with one."""
LONGEST = (2, 4)
"""Tokens of the longest n-gram of each group."""
STRENGTH = 10.0
"""Inverse of the regularisation."""
STEPS = 200
MIN_COUNT = 2
"""N-grams in fewer texts are left out, where the texts are not few."""
FEW = 200
"""Texts of a group up to which every n-gram counts."""
_TOKEN = (re.compile(r"\b\w\w+\b"), re.compile(r"\S"))

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Token:
    """A word or character as it is looked up, and where it stands in the text."""

    form: str
    start: int
    end: int


def tokens_of(text: str, group: int) -> list[Token]:
    """The tokens of one text by its group, a place in `GROUPS`; HTML tags are gaps."""
    plain = TAG.sub(lambda found: " " * len(found.group()), text) if "<" in text else text
    return [Token(found.group().lower(), *found.span()) for found in _TOKEN[group].finditer(plain)]


def terms_of(text: str, group: int) -> list[str]:
    """Every n-gram of a text, as often as it occurs, the single tokens first."""
    forms = [token.form for token in tokens_of(text, group)]
    if group == 0:
        return forms + [f"{first} {second}" for first, second in pairwise(forms)]
    longest = min(LONGEST[group], len(forms))
    return ["".join(forms[k : k + n]) for n in range(1, longest + 1) for k in range(len(forms) - n + 1)]


@dataclass(frozen=True)
class TfidfPart:
    """One group of texts; arrays (V,)."""

    group: int
    terms: Mapping[str, int]
    """N-gram -> its column."""
    idf: Floats
    weights: Floats
    bias: float

    def vectors(self, texts: Sequence[str]) -> csr_matrix:
        """Texts as rows of length one, (N, V)."""
        if not texts:  # which scikit-learn refuses
            return csr_matrix((0, len(self.terms)))
        made = TfidfVectorizer(analyzer=_Analyser(self.group), sublinear_tf=True, vocabulary=self.terms)
        made.idf_ = self.idf
        return csr_matrix(made.transform(texts))


@dataclass(frozen=True)
class TfidfModel:
    """Both groups, as far as there were texts of them to learn from."""

    parts: Mapping[int, TfidfPart]
    """By group, a place in `GROUPS`."""
    calibrations: Mapping[str, LengthCalibration]
    """By language, as of the n-gram model."""

    def read(self, texts: Sequence[str]) -> Reading:
        """Raw scores; nothing is known of the texts of a group that was not learned."""
        units = [read_units(texts[begin:end]) for begin, end in batches(texts)]
        n, groups = len(texts), has_chinese(texts).astype(np.int64)
        raw, known, counts = np.zeros(n), np.zeros(n), np.zeros(n, np.int64)
        for number, part in self.parts.items():
            rows = np.flatnonzero(groups == number)
            own = [texts[int(row)] for row in rows]
            vectors = part.vectors(own)
            raw[rows] = vectors @ part.weights + part.bias
            counts[rows] = vectors.getnnz(axis=1)
            known[rows] = [_share_known(part, text) for text in own]
        return Reading(
            raw=raw,
            counts=counts,
            sizes=np.concatenate([np.zeros(0), *(np.bincount(u.texts, minlength=u.n_texts) for u in units)]),
            known=known,
            languages=np.concatenate([np.zeros(0, "<U5"), *(languages_of(u) for u in units)]),
        )

    def log_odds(self, reading: Reading) -> Floats:
        """Calibrated log odds (N,) of the second label."""
        slopes, shifts = slopes_and_shifts(self.calibrations, reading)
        return np.asarray(reading.raw * slopes + shifts)


@dataclass(frozen=True)
class _Analyser:
    """What scikit-learn calls for each text."""

    group: int

    def __call__(self, text: str) -> list[str]:
        return terms_of(text, self.group)


def fit_baseline(data: LabelledTexts, balanced: bool, run: RunContext) -> TfidfModel | None:
    """Fit and calibrate the baseline; None when the texts hold nothing to learn from. Arguments as of `fit_tfidf`."""
    parts, validation = fit_tfidf(data.splits["train"], balanced, run), data.splits["validation"]
    if not parts:
        return None
    reading = TfidfModel(parts, dict.fromkeys(CALIBRATED, UNCALIBRATED)).read(validation.texts)
    return TfidfModel(parts, fit_calibrations(reading, validation.targets, validation.sources))


def fit_tfidf(train: TextSet, balanced: bool, run: RunContext) -> dict[int, TfidfPart]:
    """Fit each group that has texts of both classes.

    Args:
        train: Texts to learn from.
        balanced: Whether both classes weigh alike.
        run: Asked between the groups whether it shall stop.

    Raises:
        RunCancelled: It shall.
    """
    groups, found = has_chinese(train.texts).astype(np.int64), {}
    for number in range(len(GROUPS)):
        rows = np.flatnonzero(groups == number)
        if len(np.unique(train.targets[rows])) < 2:
            continue
        if run.should_stop():
            raise RunCancelled
        part = _fit_part(number, [train.texts[row] for row in rows], train.targets[rows], balanced)
        if part is not None:
            found[number] = part
    return found


def _fit_part(group: int, texts: Sequence[str], targets: NDArray[Any], balanced: bool) -> TfidfPart | None:
    """None when no n-gram stands in enough of the texts."""
    least = MIN_COUNT if len(texts) > FEW else 1
    counted = TfidfVectorizer(analyzer=_Analyser(group), sublinear_tf=True, min_df=least)
    try:
        vectors = counted.fit_transform(texts)
    except ValueError:  # what scikit-learn raises for an empty vocabulary, and for nothing else here
        return None
    fitted = LogisticRegression(C=STRENGTH, max_iter=STEPS, class_weight="balanced" if balanced else None)
    fitted.fit(vectors, targets)
    terms = {str(term): int(column) for term, column in counted.vocabulary_.items()}
    # As a file keeps them, so that a model answers the same before it is stored and after.
    idf, weights = (np.asarray(np.asarray(v, np.float32), np.float64) for v in (counted.idf_, fitted.coef_[0]))
    return TfidfPart(group, terms, idf, weights, float(fitted.intercept_[0]))


def _share_known(part: TfidfPart, text: str) -> float:
    """Share of the tokens of a text that the model knows; 0 for a text without any."""
    tokens = tokens_of(text, part.group)
    return sum(token.form in part.terms for token in tokens) / len(tokens) if tokens else 0.0
