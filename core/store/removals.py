"""What visitors took out of a list: the item, its place and the version; their own items only when they agreed.

Nothing is trained on it; it says what lists are wrong about. The visitor's items are emptied after as many days as
samples of corrections are kept, and whoever said it can take it back.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, insert, select, update
from sqlalchemy import delete as delete_rows

from core import access
from core.contracts import N_, Message, ModelRef
from core.errors import StoreError
from core.settings import settings
from core.store import audit
from core.store.database import open_store
from core.store.schema import removals as table

ITEM_LENGTH = 200
LIKED_MAX = 200
"""Items of a visitor's that are kept at most, his latest."""


@dataclass(frozen=True)
class Removal:
    """One item that somebody took out of a list."""

    id: str
    created: datetime
    sector: str
    version: str
    sha256: str
    """Of the model's weights."""
    item: str
    rank: int
    """Its place in the list, 1 for the first."""
    liked: Sequence[str] = field(hash=False)
    """Items of the visitor's, oldest first; empty unless he agreed."""
    actor: str


def add(model: ModelRef, item: str, rank: int, liked: Sequence[str] = ()) -> Removal:
    """Store that the one who asks does not want an item; what he said of it before is replaced.

    Args:
        model: That listed the item.
        item: Its id.
        rank: Its place in the list, 1 for the first.
        liked: His items, only if he agreed that they are kept.

    Raises:
        StoreError: There are as many entries as the settings allow, or the database cannot be written.
    """
    entry = Removal(
        id=uuid.uuid4().hex,
        created=datetime.now(UTC),
        sector=model.sector,
        version=model.version,
        sha256=model.sha256,
        item=item[:ITEM_LENGTH],
        rank=rank,
        liked=list(liked)[-LIKED_MAX:],
        actor=access.require("viewer").id,
    )
    sweep()
    same = (table.c.sector == entry.sector) & (table.c.item == entry.item) & (table.c.actor == entry.actor)
    with audit.change(open_store()) as ledger:
        ledger.connection.execute(delete_rows(table).where(same))
        _check_room(ledger.connection)
        ledger.connection.execute(insert(table).values(**vars(entry)))
        _note(ledger, "remove", entry)
    return entry


def withdraw(sector: str, item: str) -> None:
    """Delete what the one who asks said of an item; nothing happens where he said nothing.

    Raises:
        StoreError: The database cannot be written.
    """
    own = (table.c.sector == sector) & (table.c.item == item[:ITEM_LENGTH]) & (table.c.actor == access.current().id)
    found = _read(own)
    if not found:
        return
    with audit.change(open_store()) as ledger:
        ledger.connection.execute(delete_rows(table).where(own))
        _note(ledger, "remove.undo", found[0])


def removals(sector: str) -> list[Removal]:
    """Entries of a sector, newest first: all of them for who may train, one's own for a viewer."""
    sweep()
    everybody = access.allowed("presenter")
    wanted = table.c.sector == sector
    return _read(wanted if everybody else wanted & (table.c.actor == access.current().id))


def most_removed(sector: str, limit: int = 10) -> list[tuple[str, int]]:
    """Items that were taken out most often, of the entries that the one who asks may see, and how often."""
    counts = Counter(entry.item for entry in removals(sector))
    return sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:limit]


def sweep() -> int:
    """Empty the visitors' items of old entries; returns of how many."""
    limit = datetime.now(UTC) - timedelta(days=settings().correction_days)
    stale = [entry for entry in _read(table.c.created < limit) if entry.liked]
    if stale:
        with audit.change(open_store()) as ledger:
            ids = [entry.id for entry in stale]
            ledger.connection.execute(update(table).where(table.c.id.in_(ids)).values(liked=[]))
            ledger.record("remove.expire", n_items=len(stale))
    return len(stale)


def _check_room(connection: Connection) -> None:
    limit = settings().correction_limit
    if (connection.execute(select(func.count()).select_from(table)).scalar() or 0) >= limit:
        raise StoreError(
            "removals.full",
            Message(N_("There are {limit} removed items already; more are not stored."), {"limit": limit}),
            N_("Bring some of them back, or raise VITRINE_CORRECTION_LIMIT."),
        )


def _read(wanted: ColumnElement[bool]) -> list[Removal]:
    with open_store().read() as connection:
        rows = connection.execute(select(table).where(wanted).order_by(table.c.seq.desc())).mappings()
        return [Removal(**{name: value for name, value in row.items() if name != "seq"}) for row in rows]


def _note(ledger: audit.Change, action: str, entry: Removal) -> None:
    # Rows of the log stay; what somebody does not want is told there by its keyed hash alone.
    ledger.record(
        action,
        sector=entry.sector,
        version=entry.version,
        sha256=entry.sha256,
        input_hmac=audit.input_hmac(entry.item),
        n_items=1,
        details={"rank": entry.rank, "kept": len(entry.liked)},
    )
