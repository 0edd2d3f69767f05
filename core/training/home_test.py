"""The frozen test of the version in use, where a challenger was compared with it on other examples.

Who learns from new data is tested on a part of them; being better there says nothing about what was promised before.
"""

from __future__ import annotations

from core.contracts import N_, Evaluation, Message
from core.training.evaluation import METRIC_NAMES
from core.training.gate import RULES, Check, GateRules, Result
from core.training.paired import metric_change, shared

NAME = "home"
"""Of the check."""


def home_check(
    champion: Evaluation, challenger: Evaluation | None, headline: str, rules: GateRules = RULES, seed: int = 0
) -> Check:
    """Whether `challenger` loses on the examples that the version in use was tested on.

    Args:
        champion: Evaluation that came with the version in use.
        challenger: Of the other version on the same examples; None when they are not on this machine.
        headline: Name of the metric, as for `metric_change`.
        rules: `home_loss` is the margin.
        seed: Of the bootstrap, which draws the same examples, or customers, for both.
    """
    said: dict[str, object] = {"name": champion.data.name, "n": champion.data.n}
    if challenger is None:
        template = N_(
            "Both were compared on other examples than the {n} of {name} that the version in use was tested on, and "
            "how the challenger does on those was not measured."
        )
        return Check(NAME, "undecided", Message(template, said))
    change = metric_change(*shared(champion, challenger), headline, seed)
    result: Result = "pass" if change.low > -rules.home_loss else "undecided"
    if change.high < 0 and change.value < -rules.home_loss:
        result = "fail"
    template = N_(
        "On the {n} examples of {name} that the version in use was tested on, {metric} changes by {value:+.4f} (95 % "
        "interval {low:+.4f} to {high:+.4f}); a loss of {limit:g} is allowed."
    )
    figures = {"value": change.value, "low": change.low, "high": change.high}
    said |= {"metric": Message(METRIC_NAMES.get(headline, headline)), "limit": rules.home_loss, **figures}
    return Check(NAME, result, Message(template, said), **figures)
