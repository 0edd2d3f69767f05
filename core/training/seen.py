"""Measured examples that a model was made from: whatever it says of them is too good to be true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.contracts import N_, Evaluation, Message

SEEN = "seen"
"""Column of an evaluation table, where any example is such a one."""


def with_seen(evaluation: Evaluation, seen: NDArray[np.bool_]) -> Evaluation:
    """The evaluation with a column and a notice that say which rows (N,) the model was made from, if any."""
    if not seen.any():
        return evaluation
    template = N_(
        "{count} of the {total} measured examples are among those that the model learned from or was chosen on, or of "
        "the same days: its figures are likely too good."
    )
    notice = Message(template, {"count": int(seen.sum()), "total": len(seen)})
    return replace(evaluation, table={**evaluation.table, SEEN: seen}, notices=(*evaluation.notices, notice))
