"""What the gate asks of models of parts besides: maps that are no worse, a promise that was kept, parts that are known.

Scores of parts are no probabilities, so nothing is asked about their calibration.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.contracts import N_, Evaluation, Message, Metric
from core.training.evaluation import METRIC_NAMES
from core.training.false_alarms import STAND_IN
from core.training.gate import Check, GateRules, Result, Verdict, figured, not_worse
from core.training.home_test import NAME, home_check
from core.training.metrics import share
from core.training.p_value import p_said
from core.training.paired import metric_change, shared
from core.training.part_limits import Promised
from core.training.segmentation import has_pixels

PART_RULES = GateRules(ece_loss=None, slice_n=10)
"""Tests of parts hold a few images of every defect; in so small a part one more miss leaves the gate undecided."""
HEADLINE = "image_auroc"
MAPS = ("pixel_f1", "pro")
"""Metrics of a map that may not get worse."""


def at_alarms_of(champion: Evaluation, challenger: Evaluation) -> Evaluation:
    """The version in use with the decisions that it makes at as many false alarms as the challenger.

    What two versions find can only be compared at equal false alarms: a memory of another part calls everything
    defective, and so misses nothing.
    """
    score, good = np.asarray(champion.table["scores"])[:, 1], np.asarray(champion.table["truth"]) == 0
    alarms, ranked = _alarms_in(challenger), np.sort(score[good])[::-1]
    limit = ranked[alarms] if alarms < len(ranked) else -math.inf
    return replace(champion, table={**champion.table, "prediction": (score > limit).astype(np.int64)})


def _alarms_in(evaluation: Evaluation) -> int:
    """Good parts that are called defective."""
    truth, called = (np.asarray(evaluation.table[name]) for name in ("truth", "prediction"))
    return int(called[truth == 0].sum())


def part_checks(
    champion: Evaluation | None, challenger: Evaluation | None, promised: Promised | None, rules: GateRules = PART_RULES
) -> Iterator[Check]:
    """Questions about `challenger` beside those of `judge`.

    Args:
        champion: The version in use, on the challenger's test images.
        challenger: The version that asks for its place.
        promised: By the challenger; None where its manifest does not say.
        rules: The thresholds.
    """
    if challenger is None:
        return
    if not np.asarray(challenger.table["truth"]).any():
        reason = N_("No defect is among its test images, so nothing says how well it finds any: test it on some.")
        yield Check("defects", "undecided", Message(reason))
        return
    if champion is not None and champion.data.fingerprint == challenger.data.fingerprint:
        if not declines_most(champion):
            yield _alike(champion, challenger)
        yield from _maps(*shared(champion, challenger), rules)
    yield _alarms(challenger, promised, rules)


def known_parts_check(champion: Evaluation, at_home: Evaluation | None, made_from: str) -> Check:
    """Whether a version still knows the parts of the version in use, where the two were tested on different data.

    A model of another part replaces what the one in use knows. That is for a person to decide, and no failure.

    Args:
        champion: Evaluation that came with the version in use.
        at_home: Of the other version on the same images; None when they are not on this machine.
        made_from: Name of the data of the other version.
    """
    found = home_check(champion, at_home, HEADLINE, PART_RULES)
    if found.result == "pass":
        return found
    said = {"old": champion.data.name, "new": made_from}
    if at_home is None or found.value is None or not math.isfinite(found.value):
        template = N_(
            "It learned from {new}, the version in use from {old}. Whoever lets it answer replaces what that one "
            "knows; how it does on those parts was not measured."
        )
        return Check(NAME, "undecided", Message(template, said))
    template = N_(
        "It learned from {new}, the version in use from {old}. Whoever lets it answer replaces what that one knows: on "
        "those parts {metric} changes by {value:+.3f} (95 % interval {low:+.3f} to {high:+.3f})."
    )
    figures = {"value": found.value, "low": found.low, "high": found.high}
    metric = Message(METRIC_NAMES[HEADLINE])
    return Check(NAME, "undecided", Message(template, {**said, **figures, "metric": metric}), **figures)


def only_another_part(verdict: Verdict) -> bool:
    """Whether all that a verdict on a version of parts leaves open is what the version in use alone knows.

    It is then better on its own test, and no test can weigh one part against another.
    """
    return verdict.result == "undecided" and [check.name for check in verdict.checks if check.result != "pass"] == [
        NAME
    ]


def declines_most(evaluation: Evaluation) -> bool:
    """Whether a version declines most of the images: its decisions about the others say nothing of how good it is."""
    return bool(np.asarray(evaluation.table["abstained"]).mean() > 0.5)


def uncounted(verdict: Verdict, champion: Evaluation) -> Verdict:
    """The verdict without a count of fixed and broken answers, where the version in use gives hardly any.

    What fails stays.
    """
    if not declines_most(champion):
        return verdict
    declined = np.asarray(champion.table["abstained"])
    said = Message(
        N_("The version in use declines {declined} of {n} images: nothing is called fixed or broken."),
        {"declined": int(declined.sum()), "n": len(declined)},
    )
    checks = tuple(
        Check("decisions", "pass", said) if (check.name, check.result) == ("decisions", "pass") else check
        for check in verdict.checks
    )
    return replace(verdict, checks=checks)


def _alike(champion: Evaluation, challenger: Evaluation) -> Check:
    """At which limit the version in use is compared, see `at_alarms_of`."""
    template = N_(
        "What both find is compared at as many false alarms: {new} of {n} good test parts, as the challenger has them. "
        "At its own limit the version in use has {old}."
    )
    good = int((np.asarray(challenger.table["truth"]) == 0).sum())
    said = {"new": _alarms_in(challenger), "old": _alarms_in(champion), "n": good}
    return Check("alike", "pass", Message(template, said))


def _maps(champion: Evaluation, challenger: Evaluation, rules: GateRules) -> Iterator[Check]:
    """Nothing where no masks are known: then there is nothing to hold a map against."""
    if not (has_pixels(champion.table) and has_pixels(challenger.table)):
        return
    for name in MAPS:
        change = metric_change(champion, challenger, name)
        result = not_worse(change.value, rules.pixel_loss, change.high < 0)
        template = {
            "pass": N_("{metric} changes by {value:+.3f} ({low:+.3f} to {high:+.3f}); a loss of {limit:g} is allowed."),
            "fail": N_(
                "{metric} falls by {value:+.3f} ({low:+.3f} to {high:+.3f}), more than the {limit:g} allowed and more "
                "than chance."
            ),
            "undecided": N_(
                "{metric} falls by {value:+.3f} ({low:+.3f} to {high:+.3f}), more than the {limit:g} allowed, but that "
                "could be chance."
            ),
        }[result]
        yield figured(
            name, result, template, change, {"metric": Message(METRIC_NAMES[name]), "limit": rules.pixel_loss}
        )


def _alarms(challenger: Evaluation, promised: Promised | None, rules: GateRules) -> Check:
    good = np.asarray(challenger.table["truth"]) == 0
    count, alarms = int(good.sum()), _alarms_in(challenger)
    if challenger.data.split == STAND_IN:  # these good parts gave the limit
        count = 0
    if not count or promised is None:
        reason = (
            N_("It does not say what it promises about good parts.")
            if promised is None
            else N_("No good part is among its test images: nothing says whether it keeps its promise about them.")
        )
        return Check("alarms", "undecided", Message(reason))
    found: Metric = share(alarms, count)
    p_value = promised.chance(alarms, count)
    result: Result = "fail" if p_value < rules.p_value else "pass"
    template = {
        "pass": N_(
            "It calls {alarms} of {n} good test parts defective ({value:.1f} %, {low:.1f} to {high:.1f} %). By {held} "
            "held-out good parts it promises {rate:.2g} %; that fits the promise ({p})."
        ),
        "fail": N_(
            "It calls {alarms} of {n} good test parts defective ({value:.1f} %, {low:.1f} to {high:.1f} %): more than "
            "the {rate:.2g} % that it promises by {held} held-out good parts, and more than chance ({p})."
        ),
    }[result]
    params = {"alarms": alarms, "n": count, "held": promised.held_out, "rate": 100 * promised.rate}
    return figured("alarms", result, template, found, {**params, "p": p_said(p_value)}, scale=100)
