"""What every word adds to the score of a text: exact, because the model is a sum over n-grams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.contracts import TokenAttribution
from core.data.texts import LABELS
from core.tasks.text_classification.faithfulness import faithfulness
from core.tasks.text_classification.model import NgramTable, TextModel, slopes_and_shifts
from core.tasks.text_classification.ngrams import read_ngrams
from core.tasks.text_classification.units import Units, read_units

METHODS = ("contributions",)

Floats = NDArray[np.float64]


def explain(model: TextModel, text: str, target: str) -> TokenAttribution:
    """Contributions in calibrated log odds of `target`, one for each word, Chinese character, mark or emoji.

    What an n-gram adds is shared equally by its units; one that occurs several times counts once, shared by all places.
    """
    units = read_units([text])
    reading = model.read_units(units)
    slopes, shifts = slopes_and_shifts(model.calibrations, reading)
    sign = 1.0 if target == LABELS[1] else -1.0
    scale = sign * float(slopes[0]) / np.sqrt(max(int(reading.counts[0]), 1))
    values = scale * unit_weights(model.table, units)

    def score(texts: Sequence[str]) -> Floats:
        return np.asarray(expit(sign * model.log_odds(model.read(texts))))

    return TokenAttribution(
        text=text,
        starts=units.starts,
        ends=units.ends,
        contributions=values,
        base=sign * float(model.bias * slopes[0] + shifts[0]),
        total=sign * float(model.log_odds(reading)[0]),
        method=METHODS[0],
        target=target,
        faithfulness=faithfulness(score, text, (units.starts, units.ends), values),
    )


def unit_weights(table: NgramTable, units: Units) -> Floats:
    """Sum of the weights of the n-grams of one text, given to its units, (U,)."""
    grams = read_ngrams(units)
    weights, known = table.find(grams.keys)
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
