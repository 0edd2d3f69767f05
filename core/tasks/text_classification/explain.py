"""What every word adds to the score of a text: exact, because the model is a sum over n-grams."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.contracts import N_, Faithfulness, Message, TextSample, TokenAttribution
from core.data.texts import LABELS
from core.errors import InputRefused
from core.tasks.text_classification.ngrams import read_ngrams
from core.tasks.text_classification.predictor import TextPredictor
from core.tasks.text_classification.units import Units, read_units

METHODS = ("contributions",)
STEPS = 8
N_RANDOM = 4

Floats = NDArray[np.float64]


def explain(predictor: TextPredictor, sample: TextSample, target: str, method: str) -> TokenAttribution:
    """Contributions in calibrated log odds of `target`, one for each word, Chinese character, mark or emoji.

    What an n-gram adds is shared equally by its units; one that occurs several times counts once, shared by all places.

    Raises:
        InputRefused: There is no such label or method.
    """
    if target not in LABELS or method not in METHODS:
        raise InputRefused(
            "explain.choice",
            Message(N_("There is no explanation of {target} by {method}."), {"target": target, "method": method}),
            Message(
                N_("Labels: {labels}. Methods: {methods}."),
                {"labels": ", ".join(LABELS), "methods": ", ".join(METHODS)},
            ),
        )
    model, units = predictor.model, read_units([sample.text])
    reading = model.read_units(units)
    slopes, shifts = model.slopes_and_shifts(reading)
    sign = 1.0 if target == LABELS[1] else -1.0
    scale = sign * float(slopes[0]) / np.sqrt(max(int(reading.counts[0]), 1))
    values = scale * unit_weights(predictor, units)
    return TokenAttribution(
        text=sample.text,
        starts=units.starts,
        ends=units.ends,
        contributions=values,
        base=sign * float(model.bias * slopes[0] + shifts[0]),
        total=sign * float(model.log_odds(reading)[0]),
        method=method,
        target=target,
        faithfulness=_faithfulness(predictor, sample.text, units, values, sign) if len(values) > 1 else None,
    )


def unit_weights(predictor: TextPredictor, units: Units) -> Floats:
    """Sum of the weights of the n-grams of one text, given to its units, (U,)."""
    grams = read_ngrams(units)
    weights, known = predictor.model.table.find(grams.keys)
    keys, first, last = grams.keys[known], grams.first[known], grams.last[known]
    _, which, times = np.unique(keys, return_inverse=True, return_counts=True)
    steps = np.where(grams.whole[known], 1, last - first)
    lengths = (last - first) // np.maximum(steps, 1) + 1
    share = weights[known].astype(np.float64) / times[which] / lengths
    found = np.zeros(len(units.keys))
    for place in range(int(lengths.max(initial=0))):
        inside = lengths > place
        np.add.at(found, first[inside] + place * steps[inside], share[inside])
    return found


def _faithfulness(predictor: TextPredictor, text: str, units: Units, values: Floats, sign: float) -> Faithfulness:
    """Areas under the score while words are struck out, and while they come back, against random orders."""

    def areas(order: NDArray[np.int64]) -> tuple[float, float]:
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        limits = np.linspace(0, len(order), STEPS + 1)
        left = [_without(text, units, rank < limit) for limit in limits]
        brought = [_without(text, units, rank >= limit) for limit in limits]
        reading = predictor.model.read([*left, *brought])
        scores = expit(sign * predictor.model.log_odds(reading))
        half = STEPS + 1
        return tuple(float(np.trapezoid(part, dx=1 / STEPS)) for part in (scores[:half], scores[half:]))  # type: ignore[return-value]

    deletion, insertion = areas(np.argsort(-values, kind="stable"))
    generator = np.random.default_rng(0)
    random = np.array([areas(generator.permutation(len(values))) for _ in range(N_RANDOM)])
    return Faithfulness(deletion, insertion, float(random[:, 0].mean()), float(random[:, 1].mean()), N_RANDOM)


def _without(text: str, units: Units, struck: NDArray[np.bool_]) -> str:
    """The text with some of its units blanked."""
    letters = list(text)
    for start, end in zip(units.starts[struck], units.ends[struck], strict=True):
        letters[start:end] = " " * (end - start)
    return "".join(letters)
