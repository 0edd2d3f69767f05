"""Sentences for a visitor, in words that can be translated, and why something was not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(template: str) -> str:
    """Mark `template` for the message catalogue without translating it yet."""
    return template


@dataclass(frozen=True)
class Message:
    """A sentence for a visitor: an English template (the catalogue's key) and the values to put into it.

    `str(message)` is the English sentence; pages translate the template first.
    """

    template: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.params)


@dataclass(frozen=True)
class Refusal:
    """An input, or one entry of a larger input, that was not taken."""

    name: str
    code: str
    message: Message
    hint: Message


@dataclass(frozen=True)
class Reason:
    """Why a model abstains."""

    code: str
    message: Message
