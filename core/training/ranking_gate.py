"""What the gate asks of recommenders: not whether scores are calibrated, but whether popularity is beaten."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.contracts import N_, Evaluation, Message
from core.training.evaluation import OTHER
from core.training.gate import Check, Result, Verdict
from core.training.metrics import mean_of
from core.training.ranking import METRIC
from core.training.resampling import table_bootstrap

NAME: Final = "popularity"
HEADLINE: Final = "ndcg_at_10"
MEANINGLESS: Final = frozenset({"calibration", "answers"})
"""Checks of classifiers: scores of lists are no probabilities, and every user has something that is right."""


def ranking_verdict(found: Verdict, challenger: Evaluation | None) -> Verdict:
    """What `core.training.gate.judge` says, without what means nothing for lists, and with the check of popularity."""
    checks = tuple(check for check in found.checks if check.name not in MEANINGLESS)
    results = {check.result for check in checks}
    result: Result = "fail" if "fail" in results else "undecided" if "undecided" in results else "pass"
    return Verdict(result, checks, found.comparison).and_also(popularity_check(challenger))


def popularity_check(challenger: Evaluation | None) -> Check:
    """Whether a version is better than showing everybody what most users took; it fails where that is not shown."""
    if challenger is None or OTHER + NAME not in challenger.table:
        return Check(NAME, "undecided", Message(N_("The challenger was not compared with popularity.")))
    own, other = (np.asarray(challenger.table[name], np.float64) for name in (METRIC + HEADLINE, OTHER + NAME))
    ahead = table_bootstrap(challenger.table, mean_of(own - other))
    said = {"value": ahead.value, "low": ahead.low, "high": ahead.high, "n": ahead.n, "name": challenger.data.name}
    if ahead.low > 0:
        template = N_(
            "It beats popularity by {value:+.4f} NDCG@10 (95 % interval {low:+.4f} to {high:+.4f}) on {n} users of "
            "{name}."
        )
        return Check(NAME, "pass", Message(template, said), ahead.value, ahead.low, ahead.high)
    template = N_(
        "It is not shown to beat popularity: NDCG@10 differs by {value:+.4f} (95 % interval {low:+.4f} to {high:+.4f}) "
        "on {n} users of {name}."
    )
    return Check(NAME, "fail", Message(template, said), ahead.value, ahead.low, ahead.high)
