"""May a challenger take the champion's place? A verdict from both evaluation tables, with a reason for each part of it.

The gate never promotes: a person does. It answers `pass` only when the challenger is shown to be better and nothing
that matters is shown, or likely, to be worse; `undecided` means that the test examples cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from core.contracts import N_, Evaluation, Message, Metric
from core.training.evaluation import METRIC_NAMES
from core.training.p_value import p_said
from core.training.paired import metric_change
from core.training.quality import Comparison, changed, matched_rows, take, why_incomparable
from core.training.seen import SEEN
from core.training.slices import SMALL, SliceChange, changes, title

Result: TypeAlias = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True)
class GateRules:
    """Every threshold of the gate."""

    headline_gain: float = 0.0
    """The 95 % interval of the change of the headline metric has to lie above this; a negative value lets a version
    pass that is shown to be no worse than that, for a smaller or faster one that is not meant to be better."""
    p_value: float = 0.05
    """A test speaks of more than chance below this."""
    slice_loss: float = 0.02
    """No part of the examples may lose more than this share of right answers."""
    slice_n: int = SMALL
    """Parts with fewer examples than this are counted and named but not judged."""
    ece_loss: float | None = 0.02
    """The calibration error may not grow by more than this; None where scores are no probabilities."""
    latency_ratio: float = 2.0
    """An answer may take at most this many times as long, both versions measured in turn on one machine."""
    home_loss: float = 0.02
    """On the frozen test of the version in use, where that is another one, the headline metric may lose this much."""
    pixel_loss: float = 0.02
    """Pixel F1 and PRO of a map of defects may each lose this much."""
    suite_loss: float = 0.02
    """No slice of a task's own suite of hard examples may lose more than this share of right answers."""
    size_ratio: float = 3.0
    """The loaded model may take at most this many times the memory."""


RULES = GateRules()


@dataclass(frozen=True)
class Costs:
    """What two versions cost on one machine, measured side by side, one example at a time."""

    champion_ms: float
    challenger_ms: float
    ratio: float
    """Median over pairs of calls of challenger over champion, with its 95 % interval `ratio_low` to `ratio_high`."""
    ratio_low: float
    ratio_high: float
    champion_mb: float
    challenger_mb: float
    repeats: int
    device: str


@dataclass(frozen=True)
class Check:
    """One question that the gate asks. `value` with `low` and `high` is the figure behind it, where there is one."""

    name: str
    result: Result
    message: Message
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a challenger, and why."""

    result: Result
    checks: tuple[Check, ...]
    comparison: Comparison | None
    """What it fixed and broke; None when the two cannot be compared."""

    def and_also(self, check: Check) -> Verdict:
        """The verdict with one more question to it."""
        checks = (*self.checks, check)
        return Verdict(_together(checks), checks, self.comparison)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the record of a promotion."""
        found = self.comparison
        return {
            "result": self.result,
            "n": found.n if found else 0,
            "fixed": len(found.fixed) if found else 0,
            "broke": len(found.broke) if found else 0,
            "checks": [
                {
                    "name": check.name,
                    "result": check.result,
                    **_stored(check.message),
                    **{name: _plain(getattr(check, name)) for name in ("value", "low", "high")},
                }
                for check in self.checks
            ],
        }


def judge(
    champion: Evaluation | None,
    challenger: Evaluation | None,
    costs: Costs | None,
    headline: str = "",
    rules: GateRules = RULES,
    seed: int = 0,
) -> Verdict:
    """Judge `challenger` against `champion` on the frozen test examples that both were measured on.

    Args:
        champion: Evaluation of the version in use on the challenger's test examples.
        challenger: Evaluation of the version that asks for its place.
        costs: Latency and size of both; None when they were not measured, which leaves these two checks undecided.
        headline: Name of the metric that decides, as for `metric_change`; empty for AUROC where both have it, else
            accuracy.
        rules: The thresholds.
        seed: Of every bootstrap; the same tables and seed give the same verdict.
    """
    broken = _frozen(champion, challenger)
    if broken is not None or champion is None or challenger is None:
        reason = broken or Message(N_("One of the two versions has no stored evaluation."))
        return Verdict("undecided", (Check("test", "undecided", reason),), None)
    rows, order = matched_rows(champion, challenger)
    pair = _Pair(take(champion, rows), take(challenger, order), rules, seed)
    comparison = changed(pair.old, pair.new)
    if not np.isfinite(np.asarray(pair.new.table["scores"])).all():
        return Verdict("fail", (_same_test(pair), _not_numbers()), comparison)
    checks = (
        _same_test(pair),
        _answers(pair),
        _headline(pair, headline or _usual_headline(pair), comparison.p_value),
        _decisions(comparison, rules),
        _slices(pair),
        *_calibration(pair, rules.ece_loss),
        *_costs(costs, rules),
    )
    return Verdict(_together(checks), checks, comparison)


@dataclass(frozen=True)
class _Pair:
    """Both tables, row by row the same examples."""

    old: Evaluation
    new: Evaluation
    rules: GateRules
    seed: int

    def change(self, metric: str) -> Metric:
        """The new version's metric minus the old one's; the bootstrap draws the same examples or customers for both."""
        return metric_change(self.old, self.new, metric, self.seed)


def _together(checks: tuple[Check, ...]) -> Result:
    results = {check.result for check in checks}
    return "fail" if "fail" in results else "undecided" if "undecided" in results else "pass"


def _frozen(champion: Evaluation | None, challenger: Evaluation | None) -> Message | None:
    """Why the two were not measured on one frozen test; None when they were."""
    if champion is None or challenger is None:
        return None
    if reason := why_incomparable(champion, challenger):
        return reason
    common, sizes = matched_rows(champion, challenger), (len(champion.table["id"]), len(challenger.table["id"]))
    if not len(common[0]) == sizes[0] == sizes[1]:
        return Message(
            N_(
                "Only {common} examples are in both tests ({champion} and {challenger} examples): train again on the "
                "same data, so that the version in use is measured on the same ones."
            ),
            {"common": len(common[0]), "champion": sizes[0], "challenger": sizes[1]},
        )
    if np.any(np.asarray(champion.table["truth"])[common[0]] != np.asarray(challenger.table["truth"])[common[1]]):
        return Message(N_("The true labels of some test examples differ between the two measurements."))
    return None


def _same_test(pair: _Pair) -> Check:
    data, seen = pair.new.data, int(np.sum(pair.old.table.get(SEEN, 0)))
    template = N_("Both were measured on the same {n} test examples of {name} (fingerprint {fingerprint}).")
    if seen:
        template = N_(
            "Both were measured on the same {n} test examples of {name} (fingerprint {fingerprint}). The version in "
            "use was made from {seen} of them, or from others of their days, which favours it."
        )
    said = {"n": len(pair.new.table["truth"]), "name": data.name, "fingerprint": data.fingerprint[:8], "seen": seen}
    return Check("test", "pass", Message(template, said))


def _answers(pair: _Pair) -> Check:
    """A model that says the same of everything is no model, whatever its figures."""
    scores, decided = np.asarray(pair.new.table["scores"]), np.unique(pair.new.table["prediction"])
    one_answer = len(decided) == 1 and len(np.unique(pair.new.table["truth"])) > 1
    if one_answer or float(np.ptp(scores, axis=0).max()) < 1e-6:
        message = Message(
            N_("The challenger calls every example {label}: it has learned nothing that tells them apart."),
            {"label": pair.new.labels[int(decided[0])]},
        )
        return Check("answers", "fail", message)
    message = Message(
        N_("The challenger does not answer everything alike: it decides for {found} of {all} classes."),
        {"found": len(decided), "all": len(pair.new.labels)},
    )
    return Check("answers", "pass", message)


def _not_numbers() -> Check:
    return Check("answers", "fail", Message(N_("Some scores of the challenger are not numbers.")))


def _usual_headline(pair: _Pair) -> str:
    return "auroc" if len(np.unique(pair.new.table["truth"])) > 1 else "accuracy"


def _headline(pair: _Pair, metric: str, p_value: float) -> Check:
    change, gain = pair.change(metric), pair.rules.headline_gain
    if not math.isfinite(change.low):
        return Check("headline", "undecided", Message(N_("The headline metric is not defined on these examples.")))
    # The share of right answers moves in steps of one example: there the exact test has to agree with the bootstrap.
    sure = metric != "accuracy" or gain < 0 or p_value < pair.rules.p_value
    result: Result = "undecided"
    if change.low > gain and sure:
        result = "pass"
    elif change.high < min(0.0, gain) and sure:
        result = "fail"
    template = {
        "pass": N_("{metric} changes by {value:+.4f} (95 % interval {low:+.4f} to {high:+.4f}): more than {gain:g}."),
        "fail": N_("{metric} changes by {value:+.4f} (95 % interval {low:+.4f} to {high:+.4f}): it is worse."),
        "undecided": N_(
            "{metric} changes by {value:+.4f} (95 % interval {low:+.4f} to {high:+.4f}): not shown to be more than "
            "{gain:g}; it could be chance."
        ),
    }[result]
    return figured(
        "headline", result, template, change, {"metric": Message(METRIC_NAMES.get(metric, metric)), "gain": gain}
    )


def _decisions(comparison: Comparison, rules: GateRules) -> Check:
    fixed, broke = len(comparison.fixed), len(comparison.broke)
    worse = broke > fixed and comparison.p_value < rules.p_value
    test = N_("exact sign test over customers") if comparison.by_customer else N_("exact McNemar test")
    params = {"fixed": fixed, "broke": broke, "p": p_said(comparison.p_value), "n": comparison.n, "test": Message(test)}
    template = (
        N_("It fixed {fixed} and broke {broke} of {n} answers: more broken than by chance ({test}, {p}).")
        if worse
        else N_("It fixed {fixed} and broke {broke} of {n} answers ({test}, {p}).")
    )
    change = comparison.accuracy_difference
    return Check(
        "decisions", "fail" if worse else "pass", Message(template, params), change.value, change.low, change.high
    )


def _slices(pair: _Pair) -> Check:
    found = changes(pair.old, pair.new)
    judged = [part for part in found if part.n >= pair.rules.slice_n]
    left_out = len(found) - len(judged)
    if not judged:
        message = Message(
            N_("No part of the examples holds {least} or more, so none can be judged."), {"least": pair.rules.slice_n}
        )
        return Check("slices", "undecided", message)

    def result_of(part: SliceChange) -> Result:
        return not_worse(part.change.value, pair.rules.slice_loss, part.p_value < pair.rules.p_value)

    # The greatest loss may be chance in a small part, while a lesser one in a large part is not.
    worst = min(judged, key=lambda part: ("fail", "undecided", "pass").index(result_of(part)))
    result = result_of(worst)
    template = {
        "pass": N_(
            "{where}: {part} (n = {n}) changes by {value:+.1f} points ({low:+.1f} to {high:+.1f}); up to -{limit:.0f} "
            "is allowed. Too small to judge: {left_out} of {all} parts."
        ),
        "fail": N_(
            "The part {where}: {part} (n = {n}) changes by {value:+.1f} points ({low:+.1f} to {high:+.1f}), more than "
            "-{limit:.0f} and more than chance ({p}, corrected for {all} parts)."
        ),
        "undecided": N_(
            "The part {where}: {part} (n = {n}) changes by {value:+.1f} points ({low:+.1f} to {high:+.1f}): more than "
            "-{limit:.0f}, but with so few examples it could be chance ({p}, corrected for {all} parts)."
        ),
    }[result]
    params: dict[str, object] = {
        "where": title(worst.name),
        "part": title(worst.value),
        "n": worst.n,
        "p": p_said(worst.p_value),
    }
    params |= {"all": len(found), "left_out": left_out, "limit": 100 * pair.rules.slice_loss}
    return figured("slices", result, template, worst.change, params, scale=100)


def _calibration(pair: _Pair, allowed: float | None) -> Iterator[Check]:
    if allowed is None:
        return
    change = pair.change("ece")
    result = not_worse(-change.value, allowed, change.low > 0)
    template = {
        "pass": N_("Calibration error changes by {value:+.3f} ({low:+.3f} to {high:+.3f}); up to +{limit} is allowed."),
        "fail": N_(
            "Calibration error grows by {value:+.3f} ({low:+.3f} to {high:+.3f}), more than the +{limit} allowed and "
            "more than chance."
        ),
        "undecided": N_(
            "Calibration error grows by {value:+.3f} ({low:+.3f} to {high:+.3f}), more than the +{limit} allowed, but "
            "that could be chance."
        ),
    }[result]
    yield figured("calibration", result, template, change, {"limit": allowed})


def not_worse(value: float, allowed_loss: float, beyond_chance: bool) -> Result:
    """Losses within what is allowed pass; greater ones fail when they are more than chance."""
    if value >= -allowed_loss:
        return "pass"
    return "fail" if beyond_chance else "undecided"


def _costs(costs: Costs | None, rules: GateRules) -> Iterator[Check]:
    if costs is None:
        reason = Message(N_("Speed and size of the two were not measured side by side."))
        yield from (Check(name, "undecided", reason) for name in ("latency", "size"))
        return
    measured = {"old": costs.champion_ms, "new": costs.challenger_ms, "repeats": costs.repeats, "device": costs.device}
    result: Result = "pass"
    if costs.ratio > rules.latency_ratio:
        result = "fail" if costs.ratio_low > rules.latency_ratio else "undecided"
    template = N_(
        "An answer takes {new:.1f} ms instead of {old:.1f} ms on {device}; pair by pair {value:.2f} times as long "
        "(median of {repeats} pairs, {low:.2f} to {high:.2f}); up to {limit:g} times is allowed."
    )
    ratio = Metric(costs.ratio, costs.ratio_low, costs.ratio_high, costs.repeats)
    yield figured("latency", result, template, ratio, {"limit": rules.latency_ratio, **measured})
    size = costs.challenger_mb / costs.champion_mb if costs.champion_mb else math.inf
    message = Message(
        N_("It takes {new:.1f} MB of memory instead of {old:.1f} MB; up to {limit:g} times as much is allowed."),
        {"new": costs.challenger_mb, "old": costs.champion_mb, "limit": rules.size_ratio},
    )
    yield Check("size", "pass" if size <= rules.size_ratio else "fail", message, size)


def figured(
    name: str, result: Result, template: str, figure: Metric, params: Mapping[str, object], scale: float = 1.0
) -> Check:
    """A check whose sentence holds a figure and its interval, times `scale`."""
    shown = {"value": scale * figure.value, "low": scale * figure.low, "high": scale * figure.high}
    return Check(name, result, Message(template, {**params, **shown}), figure.value, figure.low, figure.high)


def check_from(entry: Mapping[str, Any]) -> Check:
    """A check as `Verdict.as_dict` stored it."""
    value, low, high = (entry[name] for name in ("value", "low", "high"))
    return Check(str(entry["name"]), entry["result"], _message(entry), value, low, high)


def _plain(value: Any) -> Any:
    """As JSON, which knows no NaN, no infinity and no messages."""
    if isinstance(value, Message):
        return _stored(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _stored(message: Message) -> dict[str, Any]:
    return {"template": message.template, "params": {name: _plain(value) for name, value in message.params.items()}}


def _message(stored: Mapping[str, Any]) -> Message:
    params = dict(stored["params"])
    for name, value in params.items():
        if isinstance(value, Mapping):
            params[name] = _message(value)
        elif value is None:
            params[name] = math.nan
    return Message(str(stored["template"]), params)
