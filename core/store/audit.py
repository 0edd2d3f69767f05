"""The audit log: who did what, when, with which model. Rows are only added, each sealed together with the one before.

A row's `hash` is an HMAC over all of its columns and the hash of the row before, keyed with the installation's secret.
Who can write to the database but not read the secret can neither change nor remove a row unnoticed. Rows cut off at
the end are noticed against a head noted elsewhere: the last one lies in `home/audit.head`, stands in the log, and is
printed by `python -m core audit verify`, to be kept where nobody of this machine can change it.

No row holds what a visitor sent: inputs stand for themselves as keyed hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import Connection, String, exc, insert, select

import core
from core import access
from core.access import Actor
from core.contracts import N_, Message
from core.errors import StoreError
from core.log import Level, log_event
from core.settings import settings
from core.store import files
from core.store.backlog import Backlog
from core.store.database import Store, open_store
from core.store.schema import audit
from core.store.secret import keyed_hash, subkey

VIEWING: Final = frozenset({"predict", "explain", "upload.refused", "access.refused", "login"})
"""Actions that go on when the log cannot be written. Their rows are written behind the answer, see `Backlog`."""

HEAD: Final = "audit.head"
_START: Final = "0" * 64
_DETAILS_MAX: Final = 4000
_CHUNK: Final = 1000
_HELD: Final = tuple(column.name for column in audit.columns if column.name != "hash")
_LENGTHS: Final = {column.name: column.type.length for column in audit.columns if isinstance(column.type, String)}


class Facts(TypedDict, total=False):
    """What a row may say besides who, when and what."""

    sector: str
    version: str
    """As `Version.ref`."""
    sha256: str
    """Of the model's weights."""
    input_hmac: str
    n_items: int
    code: str
    """`ok`, or the code of the error that the action ended with."""
    job: str
    page: str
    details: Mapping[str, object]


@dataclass(frozen=True)
class Entry:
    """One row of the log."""

    seq: int
    time: datetime
    actor: str
    role: str
    action: str
    page: str
    sector: str
    version: str
    sha256: str
    input_hmac: str
    n_items: int
    code: str
    job: str
    details: dict[str, Any] = field(hash=False)
    app_version: str
    previous: str
    hash: str


@dataclass(frozen=True)
class AuditReport:
    """What `verify` found. `head` is `<seq>:<hash>` of the last row, empty for an empty log."""

    rows: int
    broken: list[int] = field(hash=False)
    """Rows whose content is not what was written."""
    missing: list[int] = field(hash=False)
    """Rows that were taken out; at the end of the log only those up to the noted head can be missed."""
    head: str

    @property
    def intact(self) -> bool:
        """Whether every row is there and as it was written."""
        return not self.broken and not self.missing

    @property
    def other_key(self) -> bool:
        """Whether not a single row fits: then the secret was exchanged, rather than the rows."""
        return self.rows > 1 and len(self.broken) == self.rows


def record(action: str, **facts: Unpack[Facts]) -> int:
    """Add one row about the one who asks now; returns its number, 0 for an action of `VIEWING`.

    Raises:
        StoreError: `audit.unwritable`; the caller must leave its change undone. Not for an action of `VIEWING`.
    """
    row = _row(action, facts)
    if action in VIEWING:
        _backlog.put(settings().store_url, row)
        return 0
    try:
        with change(open_store()) as ledger:
            return ledger.add(row)
    except StoreError as error:
        raise unwritable(error) from error


def note_refused(sector: str, codes: Sequence[str]) -> None:
    """Put on record that something which a visitor sent was not taken: one row, with the codes of the refusals."""
    if codes:
        record("upload.refused", sector=sector, n_items=len(codes), code=codes[0], details={"codes": Counter(codes)})


class Change:
    """A write transaction with the log in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.last: tuple[int, str] | None = None

    def record(self, action: str, **facts: Unpack[Facts]) -> int:
        """Add one row about the one who asks now; it is there once the transaction is, and only then."""
        return self.add(_row(action, facts))

    def add(self, row: dict[str, Any]) -> int:
        """Add a row made by `_row`."""
        try:
            seq, previous = self._end()
            sealed = _sealed({**row, "seq": seq + 1, "previous": previous})
            self.connection.execute(insert(audit).values(**sealed))
        except exc.SQLAlchemyError as error:
            raise unwritable(error) from error
        self.last = (seq + 1, sealed["hash"])
        return seq + 1

    def _end(self) -> tuple[int, str]:
        if self.last is None:
            newest = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            row = self.connection.execute(newest).first()
            self.last = (row.seq, row.hash) if row else (0, _START)
        return self.last


@contextmanager
def change(store: Store, level: Level = "INFO") -> Iterator[Change]:
    """A write transaction of `store` whose audit rows are committed together with what they tell of, or not at all.

    The new head of the log is noted in a file and, at `level`, in the program's log.
    """
    with store.write() as connection:
        ledger = Change(connection)
        yield ledger
    if ledger.last is not None:
        _note_head(*ledger.last)
        log_event("audited", level=level, head="{}:{}".format(*ledger.last))


def entries(limit: int, after: int = 0, sector: str | None = None) -> list[Entry]:
    """The newest `limit` rows with a number above `after`, newest first; for admins only.

    Raises:
        AccessRefused: the one who asks is no admin.
    """
    access.require("admin")
    flush()
    query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq.desc()).limit(limit)
    if sector is not None:
        query = query.where(audit.c.sector == sector)
    with open_store().read() as connection:
        return [Entry(**row._mapping) for row in connection.execute(query)]


def verify(head: str = "") -> AuditReport:
    """Look at every row, against `head` as an earlier check printed it and against the one noted beside the log."""
    flush()
    broken: list[int] = []
    missing: list[int] = []
    seen: dict[int, str] = {}
    noted = [found for found in (_parsed(head), _noted_head()) if found]
    wanted = {seq for seq, _ in noted}
    rows, last, previous = 0, 0, _START
    for row in _all_rows():
        gap = range(last + 1, row["seq"])
        missing += gap[:_CHUNK]
        if row["hash"] != _seal(row) or (not gap and row["previous"] != previous and last not in broken):
            broken.append(row["seq"])
        if row["seq"] in wanted:
            seen[row["seq"]] = row["hash"]
        rows, last, previous = rows + 1, row["seq"], row["hash"]
    for seq, expected in noted:
        missing += [lost for lost in range(last + 1, seq + 1)[:_CHUNK] if lost not in missing]
        if seen.get(seq, expected) != expected and seq not in broken:
            broken.append(seq)
    return AuditReport(rows, sorted(broken), missing, f"{last}:{previous}" if rows else "")


def restart(details: Mapping[str, object]) -> None:
    """Begin a new log after its database was set aside; its first row names the head of the old one."""
    path = settings().home / HEAD
    old = _noted_head()
    path.unlink(missing_ok=True)
    record("audit.restart", details={**details, "head": f"{old[0]}:{old[1]}" if old else ""})


def input_hmac(data: bytes | str) -> str:
    """What stands in the log for an input: equal inputs are recognised, but nobody can guess a short text from it."""
    return keyed_hash("input", data)


def flush(timeout_s: float = 10.0) -> bool:
    """Wait until the rows of viewing actions are in the database in force; False when they could not get there."""
    return _backlog.flush(timeout_s, settings().store_url)


def unwritable(error: Exception) -> StoreError:
    """The error for a change that cannot be put on record and therefore is not made."""
    why = error.code if isinstance(error, StoreError) else type(error).__name__
    return StoreError(
        "audit.unwritable",
        Message(N_("The audit log cannot be written ({why}), so nothing was changed."), {"why": why}),
        N_("Run `python -m core doctor`; predictions go on meanwhile with the last good model."),
    )


def _row(action: str, facts: Facts) -> dict[str, Any]:
    """The columns of a row but for its number and seals, cut to what they hold and free of control characters."""
    actor = access.current()
    details = _plain(dict(facts.get("details", {})))
    if len(json.dumps(details)) > _DETAILS_MAX:
        details = {"cut": json.dumps(details)[: _DETAILS_MAX // 2]}
    texts = {
        "actor": actor.id,
        "role": actor.role,
        "action": action,
        "page": facts.get("page", "") or actor.place,
        "sector": facts.get("sector", ""),
        "version": facts.get("version", ""),
        "sha256": facts.get("sha256", ""),
        "input_hmac": facts.get("input_hmac", ""),
        "code": facts.get("code", "ok"),
        "job": facts.get("job", ""),
        "app_version": core.__version__,
    }
    cut = {name: _plain(text)[: _LENGTHS[name]] for name, text in texts.items()}
    return {**cut, "time": datetime.now(UTC), "n_items": facts.get("n_items", 0), "details": details}


def _plain(value: Any) -> Any:
    """`value` as every database and terminal can hold it."""
    if isinstance(value, str):
        return "".join(sign if sign.isprintable() else "\ufffd" for sign in value)
    if isinstance(value, Mapping):
        return {_plain(str(name)): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float) else _plain(str(value))


def _sealed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "hash": _seal(row)}


def _seal(row: Mapping[str, Any]) -> str:
    content = {name: row[name] for name in _HELD} | {"time": row["time"].isoformat(timespec="microseconds")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(subkey("audit"), text.encode(), hashlib.sha256).hexdigest()


def _all_rows() -> Iterator[dict[str, Any]]:
    """Every row in order, a part at a time: writers need not wait for a long log."""
    last: int | None = None
    while True:
        query = select(audit).order_by(audit.c.seq).limit(_CHUNK)
        with open_store().read() as connection:
            found = connection.execute(query if last is None else query.where(audit.c.seq > last)).mappings()
            part = [dict(row) for row in found]
        yield from part
        if len(part) < _CHUNK:
            return
        last = part[-1]["seq"]


def _note_head(seq: int, sealed: str) -> None:
    """Keep the head beside the database; an older one is as true, so that two writers cannot harm each other."""
    noted = _noted_head()
    if noted is None or noted[0] < seq:
        try:
            files.write_whole(settings().home / HEAD, f"{seq}:{sealed}\n")
        except OSError as error:
            log_event("audit_head_unwritable", level="WARNING", errno=error.errno)


def _noted_head() -> tuple[int, str] | None:
    try:
        return _parsed((settings().home / HEAD).read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None


def _parsed(head: str) -> tuple[int, str] | None:
    seq, _, sealed = head.strip().partition(":")
    return (int(seq), sealed) if seq.isascii() and seq.isdigit() and len(seq) < 16 and sealed else None


def _write_viewing(url: str, rows: list[dict[str, Any]]) -> None:
    with change(open_store(url), level="DEBUG") as ledger:
        for row in rows:
            ledger.add(row)


def _note_refusal(actor: Actor, needed: str) -> None:
    record("access.refused", code="access.role", details={"needed": needed})


_backlog: Final = Backlog(_write_viewing)
access.on_refusal(_note_refusal)
