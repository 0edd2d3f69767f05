"""Alerts: what a person has to look at. One of a kind is open per sector at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update

from core import access
from core.store import audit
from core.store.database import open_store
from core.store.schema import alerts

DRIFT = "drift"


@dataclass(frozen=True)
class Alert:
    """One alert; `data` holds plain JSON values."""

    seq: int
    time: datetime
    sector: str
    kind: str
    data: dict[str, Any] = field(hash=False)
    open: bool


def raise_alert(sector: str, kind: str, data: Mapping[str, Any], version: str = "", sha256: str = "") -> int:
    """Open an alert, unless one of this kind is open already; returns its number. Audited when it is new.

    Raises:
        AccessRefused: the one who asks is a mere viewer.
        StoreError: the store cannot be written.
    """
    access.require("presenter")
    same = (alerts.c.sector == sector) & (alerts.c.kind == kind) & alerts.c.open
    row = {"time": datetime.now(UTC), "sector": sector, "kind": kind, "data": dict(data), "open": True}
    with audit.change(open_store()) as ledger:
        found = ledger.connection.execute(select(alerts.c.seq).where(same)).scalar()
        if found is not None:
            return int(found)
        (number,) = ledger.connection.execute(insert(alerts).values(**row)).inserted_primary_key or (0,)
        ledger.record(f"alert.{kind}", sector=sector, version=version, sha256=sha256, details={"alert": number, **data})
    return int(number)


def close_alert(number: int, why: str) -> bool:
    """Close an alert; `why` is a short code such as `quiet` or `dismissed`. False when it was closed before.

    Raises:
        AccessRefused: the one who asks is a mere viewer.
        StoreError: the store cannot be written.
    """
    access.require("presenter")
    standing = (alerts.c.seq == number) & alerts.c.open
    with audit.change(open_store()) as ledger:
        row = ledger.connection.execute(select(alerts).where(standing)).first()
        if row is None:
            return False
        ledger.connection.execute(update(alerts).where(standing).values(open=False, data={**row.data, "closed": why}))
        ledger.record("alert.close", sector=row.sector, code=why, details={"alert": number})
    return True


def open_alerts(sector: str | None = None) -> list[Alert]:
    """Alerts that nobody has closed, newest first; raises `StoreError` when the store cannot be read."""
    query = select(alerts).where(alerts.c.open).order_by(alerts.c.seq.desc())
    if sector is not None:
        query = query.where(alerts.c.sector == sector)
    with open_store().read() as connection:
        return [Alert(row.seq, row.time, row.sector, row.kind, row.data, row.open) for row in connection.execute(query)]
