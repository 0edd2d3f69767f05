"""Which version answers: how the champion moves, who moved it and why. Every function is part of a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, delete, insert, select, update

from core import access
from core.access import Actor
from core.contracts import N_, Message
from core.errors import StoreError
from core.store.schema import aliases, promotions, versions
from core.store.versions import BUNDLED

CHAMPION = "champion"
CHALLENGER = "challenger"
REASON_MIN = 10
"""Characters that a reason for promoting against the gate has at the least."""
REASON_MAX = 500


@dataclass(frozen=True)
class Move:
    """The champion of a sector goes from version `previous` to `number`; 0 is the bundled version."""

    sector: str
    number: int
    previous: int
    actor: str = ""
    reason: str = ""
    verdict: Mapping[str, Any] | None = field(default=None, hash=False)
    """What the gate said; None when it was not asked."""


@dataclass(frozen=True, kw_only=True)
class Promotion(Move):
    """A move that was made; `undone` once it was rolled back."""

    seq: int
    created: datetime
    undone: bool


def may_promote(verdict: Mapping[str, Any] | None, reason: str) -> Actor:
    """Who asks, if they may promote a version of which the gate says `verdict`.

    Who may train may promote what passed the gate. What did not pass, and what the gate never saw, needs an admin with
    a reason; only a local program, which can change the files as well, may promote unseen without one.

    Raises:
        AccessRefused: the role does not allow it.
        StoreError: `registry.reason_needed`.
    """
    if verdict is not None and verdict.get("result") == "pass":
        return access.require("presenter")
    actor = access.require("admin")
    unseen_by_program = verdict is None and actor == access.LOCAL
    if not unseen_by_program and len(" ".join(reason.split())) < REASON_MIN:
        raise StoreError(
            "registry.reason_needed",
            Message(N_("The gate does not say that this version is better (its verdict: {result})."), _result(verdict)),
            Message(N_("Say why it shall answer all the same, in at least {n} characters."), {"n": REASON_MIN}),
        )
    return actor


def alias_of(sector: str, alias: str) -> ScalarSelect[Any]:
    """Subquery: the number that an alias stands for."""
    return select(aliases.c.number).where(aliases.c.sector == sector, aliases.c.alias == alias).scalar_subquery()


def champion_number(connection: Connection, sector: str) -> int:
    """Number of the champion, 0 for the bundled one."""
    return connection.execute(select(alias_of(sector, CHAMPION))).scalar() or 0


def set_alias(connection: Connection, sector: str, alias: str, number: int | None) -> None:
    """Let an alias stand for a number; None for the bundled version."""
    chosen = (aliases.c.sector == sector) & (aliases.c.alias == alias)
    if connection.execute(update(aliases).where(chosen).values(number=number)).rowcount == 0:
        connection.execute(insert(aliases).values(sector=sector, alias=alias, number=number))


def drop_alias(connection: Connection, sector: str, alias: str, number: int) -> None:
    """Take an alias away from `number`, if it stands for that."""
    chosen = (aliases.c.sector == sector) & (aliases.c.alias == alias) & (aliases.c.number == number)
    connection.execute(delete(aliases).where(chosen))


def check_champion(connection: Connection, sector: str, expected: int | None) -> int:
    """Number of the champion; raises `StoreError` when it is not the one that the caller saw."""
    current = champion_number(connection, sector)
    if expected is not None and current != expected:
        raise StoreError(
            "registry.champion_moved",
            Message(N_("Meanwhile version {number} became the champion."), {"number": current or BUNDLED}),
            N_("Compare with it and promote again."),
        )
    return current


def make(connection: Connection, move: Move) -> None:
    """Make `move.number` the champion and keep the move."""
    connection.execute(
        insert(promotions).values(
            sector=move.sector,
            number=move.number or None,
            previous=move.previous or None,
            created=datetime.now(UTC),
            undone=False,
            actor=move.actor[:128],
            reason=move.reason[:REASON_MAX],
            verdict=None if move.verdict is None else dict(move.verdict),
        )
    )
    set_alias(connection, move.sector, CHAMPION, move.number or None)
    drop_alias(connection, move.sector, CHALLENGER, move.number)


def undo_latest(connection: Connection, sector: str) -> tuple[int, int]:
    """Make the champion before the last standing move the champion again; returns (its number, the one before).

    A champion that was deleted since is passed over: the one before it answers.

    Raises:
        StoreError: every move is undone already.
    """
    was = champion_number(connection, sector)
    moves = connection.execute(_standing(sector)).all()
    if not moves:
        raise StoreError(
            "registry.nothing_to_roll_back",
            N_("There is no earlier champion to go back to."),
            N_("Promote a version first."),
        )
    kept = select(versions.c.number).where(versions.c.sector == sector, versions.c.deleted.is_(None))
    there = {0, *connection.execute(kept).scalars()}
    for move in moves:
        connection.execute(update(promotions).where(promotions.c.seq == move.seq).values(undone=True))
        number: int = move.previous or 0
        if number in there:
            break
    else:
        number = 0
    set_alias(connection, sector, CHAMPION, number or None)
    if was and connection.execute(select(alias_of(sector, CHALLENGER))).scalar() is None:
        set_alias(connection, sector, CHALLENGER, was)
    return number, was


def any_standing(connection: Connection, sector: str) -> bool:
    """Whether there is a move to undo."""
    return connection.execute(_standing(sector).limit(1)).first() is not None


def history(connection: Connection, sector: str) -> list[Promotion]:
    """Every move of a sector's champion, newest first."""
    query = select(promotions).where(promotions.c.sector == sector).order_by(promotions.c.seq.desc())
    return [
        Promotion(
            seq=row.seq,
            sector=row.sector,
            number=row.number or 0,
            previous=row.previous or 0,
            created=row.created,
            undone=row.undone,
            actor=row.actor,
            reason=row.reason,
            verdict=row.verdict,
        )
        for row in connection.execute(query)
    ]


def _standing(sector: str) -> Any:
    """Query: the moves that were not undone, newest first."""
    standing = (promotions.c.sector == sector) & ~promotions.c.undone
    return select(promotions).where(standing).order_by(promotions.c.seq.desc())


def _result(verdict: Mapping[str, Any] | None) -> dict[str, str]:
    return {"result": str((verdict or {}).get("result", "–"))[:20]}
