"""Who acts, and what they may do. Services ask `require`, so that a hidden button is never the only lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from core.contracts import N_, Message
from core.errors import AppError

Role = Literal["viewer", "presenter", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "presenter", "admin")
"""Each may do what the ones before it may: look, predict and correct; train, promote through the gate and roll back;
promote against the gate, delete, export and import."""


class AccessRefused(AppError):
    """The one who asked may not do this."""


@dataclass(frozen=True)
class Actor:
    """Who asks: `id` is the login's subject, a hash of an anonymous session, or the name of a local program."""

    id: str
    role: Role
    place: str = ""
    """Where the question comes from: the slug of a page, or `api`."""


LOCAL = Actor("local", "admin")
"""The command line and the worker: whoever can start them can change the files as well."""

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)
_sources: list[Callable[[], Actor | None]] = []
_witnesses: list[Callable[[Actor, Role], None]] = []


def ask_source(source: Callable[[], Actor | None]) -> None:
    """Have `current` ask `source` first; it returns None where it does not know, as outside of a page's session."""
    if source not in _sources:
        _sources.append(source)


def on_refusal(witness: Callable[[Actor, Role], None]) -> None:
    """Have `require` tell `witness` whom it refuses, and which role was needed."""
    if witness not in _witnesses:
        _witnesses.append(witness)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Inside the block `actor` asks, whatever the sources say."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def current() -> Actor:
    """Who asks now."""
    chosen = _acting.get()
    if chosen is not None:
        return chosen
    return next((actor for actor in (source() for source in _sources) if actor is not None), LOCAL)


def allowed(role: Role) -> bool:
    """Whether the one who asks has `role` or a higher one."""
    return ROLES.index(current().role) >= ROLES.index(role)


def require(role: Role) -> Actor:
    """Who asks, if they may act as `role`; raises `AccessRefused` otherwise."""
    actor = current()
    if not allowed(role):
        for witness in _witnesses:
            witness(actor, role)
        raise AccessRefused(
            "access.role",
            Message(
                N_("This needs the role {needed}; yours is {role}."),
                {"needed": Message(role), "role": Message(actor.role)},
            ),
            N_("Sign in as somebody who has that role, or ask who runs this program for it."),
        )
    return actor
