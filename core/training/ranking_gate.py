"""What the gate asks of recommenders: not whether scores are calibrated, but whether popularity is beaten."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from core.contracts import N_, Evaluation, Message
from core.training.evaluation import OTHER
from core.training.gate import Check, Result, Verdict, figured
from core.training.list_replay import Replay
from core.training.metrics import mean_of
from core.training.p_value import p_said
from core.training.quality import Comparison
from core.training.ranking import METRIC
from core.training.resampling import table_bootstrap

NAME: Final = "popularity"
HEADLINE: Final = "ndcg_at_10"
MEANINGLESS: Final = frozenset({"calibration", "answers"})
"""Checks of classifiers: scores of lists are no probabilities, and every user has something that is right."""


def ranking_verdict(found: Verdict, challenger: Evaluation | None, replayed: Replay | None = None) -> Verdict:
    """What `core.training.gate.judge` says, in the words of lists and without what means nothing for them.

    Args:
        found: Of the two evaluations.
        challenger: Of the version that asks for the place, with popularity beside it.
        replayed: The version in use first; None where the two were not replayed.
    """
    own = {check.name: check for check in found.checks if check.name not in MEANINGLESS}
    if "decisions" in own and found.comparison is not None:
        own["decisions"] = _users_check(own["decisions"], found.comparison)
    checks = tuple(own.values())
    results = {check.result for check in checks}
    result: Result = "fail" if "fail" in results else "undecided" if "undecided" in results else "pass"
    verdict = Verdict(result, checks, found.comparison).and_also(popularity_check(challenger))
    return verdict if replayed is None else verdict.and_also(replay_check(replayed))


def only_unweighed(verdict: Verdict) -> bool:
    """Whether all that a verdict leaves open is how the two compare, because they share no test.

    The newer one then beats popularity on its own.
    """
    return [check.name for check in verdict.checks if check.result != "pass"] == ["test"]


def _users_check(check: Check, found: Comparison) -> Check:
    """The same result, said of users and their lists."""
    template = N_(
        "{fixed} users have something right among their first ten who had not before, {broke} have nothing any more, "
        "of {n} (exact McNemar test, {p})."
    )
    said = {"fixed": len(found.fixed), "broke": len(found.broke), "n": found.n, "p": p_said(found.p_value)}
    return replace(check, message=Message(template, said))


def replay_check(found: Replay) -> Check:
    """Whether the challenger is shown to be worse where both are replayed over the test; no more is asked of it."""
    gain = found.difference
    worse = gain.high < 0
    template = (
        N_(
            "Replayed over {events} events of {users} users, hits per event change by {value:+.4f} (95 % interval "
            "{low:+.4f} to {high:+.4f}): it is worse. A replay is no uplift."
        )
        if worse
        else N_(
            "Replayed over {events} events of {users} users, hits per event change by {value:+.4f} (95 % interval "
            "{low:+.4f} to {high:+.4f}): not shown to be worse. A replay is no uplift."
        )
    )
    said = {"events": found.events, "users": found.users}
    return figured("replay", "fail" if worse else "pass", template, gain, said)


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
