"""Fields of a configuration dataclass: what a form needs to draw them, and the check of their values; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, field, fields
from typing import Any

from core.contracts import N_, Message
from core.errors import InputRefused


def option(default: Any, label: str, help_text: str, **limits: Any) -> Any:
    """A field with its `label` and a sentence.

    `limits` are `choices`, `low` and `high`; `suggestions`, a function, for a text; `advanced`; and `when`, which
    names the values of earlier options beside which this one has a meaning, by option.
    """
    return field(default=default, metadata={"label": label, "help": help_text, **limits})


def applies(entry: Field[Any], values: Mapping[str, Any]) -> bool:
    """Whether an option has a meaning beside the values of those before it; one without a meaning has no value."""
    wanted: Mapping[str, tuple[Any, ...]] = entry.metadata.get("when", {})
    return all(values.get(name) in allowed for name, allowed in wanted.items())


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
