"""Options of a request, from its query or its form, and the error for one that is turned away."""

from __future__ import annotations

from typing import Final, TypeAlias

from starlette.datastructures import ImmutableMultiDict

from core.contracts import FALSE_ALARM_RATES, N_, Message, RankingOptions
from core.errors import AppError

Options: TypeAlias = "ImmutableMultiDict[str, str]"
"""Options by name, each with all its values."""
LIST_MAX: Final = 100
"""Items of one list."""


class RequestError(AppError):
    """A request that is turned away before any work; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: Message | str, hint: Message | str = "") -> None:
        super().__init__(code, message, hint)
        self.status = status


def reference(options: Options) -> str:
    """The version that was asked for."""
    return options.get("model", "champion")


def coverage_of(options: Options) -> float | None:
    """Coverage of the prediction sets."""
    return _fraction(options, "coverage", 0.5, 0.999)


def threshold_of(options: Options) -> float | None:
    """Score from which on an input is positive."""
    return _fraction(options, "threshold", 0.0, 1.0)


def limit_of_parts(options: Options) -> dict[str, float | None]:
    """The threshold, or the false-alarm rate that sets it; a request may name one of them."""
    rate = _fraction(options, "false_alarm_rate", *FALSE_ALARM_RATES)
    threshold = threshold_of(options)
    if rate is not None and threshold is not None:
        raise RequestError(400, "api.two_limits", N_("Name `threshold` or `false_alarm_rate`, not both."))
    return {"threshold": threshold, "false_alarm_rate": rate}


def list_options(options: Options) -> RankingOptions:
    """How lists are made of the scores: `k` items, `diversity` and `novelty`."""
    plain = RankingOptions()
    asked = {name: _fraction(options, name, 0.0, 1.0) for name in ("diversity", "novelty")}
    k = _fraction(options, "k", 1, LIST_MAX)
    if k is not None and not k.is_integer():
        raise RequestError(400, "api.k", Message(N_("`{name}` has to be a whole number."), {"name": "k"}))
    return RankingOptions(plain.k if k is None else int(k), asked["diversity"] or 0.0, asked["novelty"] or 0.0)


def _fraction(options: Options, name: str, low: float, high: float) -> float | None:
    text = options.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not low <= value <= high:
        template = N_("`{name}` has to be a number from {low:g} to {high:g}.")
        raise RequestError(400, f"api.{name}", Message(template, {"name": name, "low": low, "high": high}))
    return value
