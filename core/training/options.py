"""Fields of a configuration dataclass: what a form needs to draw them, and the check of their values; no torch."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from core.contracts import N_, Message
from core.errors import InputRefused


def option(default: Any, label: str, help_text: str, **limits: Any) -> Any:
    """A field with its `label` and a sentence; `limits` are `choices`, `low` and `high`, and `advanced`."""
    return field(default=default, metadata={"label": label, "help": help_text, **limits})


def check_options(config: Any) -> None:
    """Raise `InputRefused` for the first field of a dataclass whose value is of another kind or out of its limits."""
    for entry in fields(config):
        _check(entry.name, getattr(config, entry.name), type(entry.default), entry.metadata)


def value_refused(name: str, value: object, allowed: str) -> InputRefused:
    """The error for an option that may not have this value."""
    return InputRefused(
        "config.value",
        Message(
            N_("The option {name} was {value}; allowed: {allowed}."), {"name": name, "value": value, "allowed": allowed}
        ),
        Message(N_("Change the option and start again.")),
    )


def _check(name: str, value: object, kind: type, limits: Any) -> None:
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise value_refused(name, value, kind.__name__)
    choices = limits.get("choices")
    if choices and value not in choices:
        raise value_refused(name, value, ", ".join(choices))
    if "low" in limits and not limits["low"] <= value <= limits["high"]:
        raise value_refused(name, value, f"{limits['low']}...{limits['high']}")
