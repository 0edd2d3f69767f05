"""Fitting the weights: logistic regression on the n-grams of each text, each scaled by how rare or telling it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit

from core.tasks.text_classification.model import batches
from core.tasks.text_classification.ngrams import distinct, read_ngrams
from core.tasks.text_classification.units import Keys, read_units

Floats = NDArray[np.floating]
MEMORY = 10
"""Steps that the optimiser remembers."""
RARITY_UNIT = 3.0
"""An n-gram in one of twenty texts (e ** -3) is scaled by one."""


@dataclass(frozen=True)
class Occurrences:
    """Which n-grams occur in which texts."""

    texts: NDArray[np.int32]
    keys: Keys
    n_texts: int
    single: Keys
    """N-grams of one unit, ascending."""


@dataclass(frozen=True)
class Rows:
    """Training texts in the columns of a vocabulary."""

    present: csr_matrix
    """(N, V) of ones."""
    scales: NDArray[np.float32]
    """One divided by the root of the number of known n-grams, (N,)."""


def occurrences_of(
    texts: Sequence[str], progress: Callable[[int, int], None] = lambda done, total: None
) -> Occurrences:
    """The distinct n-grams of every text."""
    rows, keys, single = [], [], []
    for begin, end in batches(texts):
        units = read_units(texts[begin:end])
        grams = read_ngrams(units)
        chosen = distinct(grams.texts, grams.keys)
        rows.append((grams.texts[chosen] + begin).astype(np.int32))
        keys.append(grams.keys[chosen])
        single.append(np.unique(grams.keys[: len(units.keys)]))
        progress(end, len(texts))
    nothing = np.zeros(0, np.uint64)
    return Occurrences(
        texts=np.concatenate([np.zeros(0, np.int32), *rows]),
        keys=np.concatenate([nothing, *keys]),
        n_texts=len(texts),
        single=np.unique(np.concatenate([nothing, *single])),
    )


def vocabulary_of(found: Occurrences, min_count: int, always_from: int | None = None) -> Keys:
    """N-grams that stand in at least `min_count` texts, ascending; all those of the texts from `always_from` on."""
    keys, counts = np.unique(found.keys, return_counts=True)
    kept = counts >= min_count
    if always_from is not None:
        kept |= np.isin(keys, found.keys[found.texts >= always_from])
    return np.asarray(keys[kept])


def rows_of(found: Occurrences, vocabulary: Keys, beside: NDArray[np.bool_] | None = None) -> Rows:
    """Texts in the columns of a vocabulary; n-grams that it does not hold are left out.

    `beside` marks the n-grams that another table knows, which count for the scale of a text too.
    """
    column = np.minimum(np.searchsorted(vocabulary, found.keys), len(vocabulary) - 1)
    known = vocabulary[column] == found.keys
    entries = np.ones(int(known.sum()), np.float32), (found.texts[known], column[known].astype(np.int32))
    present = csr_matrix(entries, shape=(found.n_texts, len(vocabulary)))
    counts = np.bincount(found.texts[known if beside is None else known | beside], minlength=found.n_texts)
    return Rows(present, np.asarray(1 / np.sqrt(np.maximum(counts, 1)), np.float32))


def rarity(rows: Rows) -> NDArray[np.float32]:
    """Scale of each n-gram, (V,): the rarer, the larger, as in TF-IDF."""
    counts = np.bincount(rows.present.indices, minlength=rows.present.shape[1])
    return np.asarray(np.log(rows.present.shape[0] / np.maximum(counts, 1)) / RARITY_UNIT, np.float32)


def tellingness(rows: Rows, targets: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    """Scale of each n-gram, (V,): its log odds between the classes, smoothed by one text.

    Source: Wang and Manning, Baselines and Bigrams, ACL 2012.
    """
    logs = []
    for label in (0, 1):
        chosen = rows.present[np.flatnonzero(targets == label)]
        counts = np.bincount(chosen.indices, minlength=rows.present.shape[1])
        logs.append(np.log((counts + 1) / (chosen.shape[0] + 2)))
    return np.asarray(np.abs(logs[1] - logs[0]), np.float32)


@dataclass(frozen=True)
class Problem:
    """What the weights are fitted to."""

    rows: Rows
    targets: NDArray[np.integer[Any]]
    importance: NDArray[np.float32]
    """What a text counts, (N,)."""
    scales: NDArray[np.float32]
    """Of the n-grams, (V,)."""
    strength: float
    """Of the pull towards zero."""
    offsets: NDArray[np.float32]
    """Raw scores of another model, to which the new weights add, (N,); zeros without one."""
    with_bias: bool = True
    """Whether a bias is fitted; added to another model it would move every text, of whatever kind."""


def raw_of(rows: Rows, weights: Floats, bias: float) -> NDArray[np.float32]:
    """Raw scores (N,)."""
    return np.asarray(rows.scales * (rows.present @ np.asarray(weights, np.float32)) + np.float32(bias), np.float32)


def fit_weights(
    problem: Problem, iterations: int, watch: Callable[[int, Floats, float], None] = lambda step, weights, bias: None
) -> tuple[NDArray[np.float32], float]:
    """Weights (V,) and bias with the smallest penalised log loss.

    `watch` is told every step and may raise to end the fit.
    """
    sign = np.where(problem.targets == 1, 1.0, -1.0).astype(np.float32)
    rows, across = problem.rows, problem.rows.present.T
    step = 0

    def loss(found: Floats) -> tuple[float, Floats]:
        raw = raw_of(rows, problem.scales * found[:-1].astype(np.float32), float(found[-1])) + problem.offsets
        margin = sign * raw
        slope = -problem.importance * sign * expit(-margin)
        value = float(problem.importance @ np.logaddexp(0.0, -margin)) + problem.strength / 2 * float(
            found[:-1] @ found[:-1]
        )
        inner = problem.scales * (across @ (rows.scales * slope)) + problem.strength * found[:-1]
        return value, np.append(inner, slope.sum() if problem.with_bias else 0.0).astype(np.float64)

    def told(found: Floats) -> None:
        nonlocal step
        step += 1
        watch(step, problem.scales * found[:-1], float(found[-1]))

    options = {"maxiter": iterations, "maxcor": MEMORY, "ftol": 1e-5}
    best = minimize(
        loss, np.zeros(len(problem.scales) + 1), jac=True, method="L-BFGS-B", callback=told, options=options
    )
    return np.asarray(problem.scales * best.x[:-1], np.float32), float(best.x[-1])
