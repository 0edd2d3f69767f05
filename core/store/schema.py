"""The tables. A change here needs a new file in migrations/versions; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

HEAD = "0003"
"""The newest migration; known without importing Alembic, so that an up-to-date store opens quickly."""

LIVE = ("queued", "running")
"""States of a job that has not ended."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone because SQLite has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware to naive UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Naive UTC to aware."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

versions = Table(
    "versions",
    metadata,
    Column("sector", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("folder", String(64), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("job_id", String(32), nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("files", JSON, nullable=False),
    # When its files were deleted; the row stays, so that no number is given twice and every lineage can be read.
    Column("deleted", UtcDateTime),
)

# A NULL number stands for the bundled preset, which is not in this database.
aliases = Table(
    "aliases",
    metadata,
    Column("sector", String(64), primary_key=True),
    Column("alias", String(32), primary_key=True),
    Column("number", Integer),
    ForeignKeyConstraint(["sector", "number"], ["versions.sector", "versions.number"], name="fk_aliases_version"),
)

promotions = Table(
    "promotions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("sector", String(64), nullable=False),
    Column("number", Integer),
    Column("previous", Integer),
    Column("created", UtcDateTime, nullable=False),
    Column("undone", Boolean, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("reason", String(500), nullable=False),
    # What the gate said when the version was promoted; null for a roll back's predecessor that never met it.
    Column("verdict", JSON(none_as_null=True)),
    ForeignKeyConstraint(["sector", "number"], ["versions.sector", "versions.number"], name="fk_promotions_version"),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("sector", String(64), nullable=False),
    Column("slot", String(32), nullable=False),
    Column("key", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("args", JSON, nullable=False),
    Column("stage", String(32), nullable=False),
    Column("step", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("started", UtcDateTime),
    Column("finished", UtcDateTime),
    Column("error", JSON(none_as_null=True)),
    Column("result", JSON, nullable=False),
    Column("cancel_grace_s", Float),
    Column("supervisor", String(200), nullable=False),
    Column("worker", String(200), nullable=False),
    Column("lease", String(200), nullable=False),
    Column("beats", Integer, nullable=False),
    # The job whose last checkpoint this one goes on from; empty for a fresh start.
    Column("resumes", String(32), nullable=False),
    # Until when the job's folder (data, last checkpoint) is kept after its end; null once it is gone.
    Column("kept_until", UtcDateTime),
    Column("backend", String(16), nullable=False),
    sqlite_autoincrement=True,
)
_live_key = text("key <> '' AND status IN ('queued', 'running')")
_held_lease = text("status = 'running'")
Index("ix_jobs_live_key", jobs.c.key, unique=True, sqlite_where=_live_key, postgresql_where=_live_key)
Index("ix_jobs_lease", jobs.c.lease, unique=True, sqlite_where=_held_lease, postgresql_where=_held_lease)
Index("ix_jobs_status", jobs.c.status)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("job_id", String(32), ForeignKey("jobs.id", name="fk_events_job", ondelete="CASCADE"), nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_events_job", "job_id", "seq"),
    sqlite_autoincrement=True,
)

supervisors = Table(
    "supervisors",
    metadata,
    Column("host", String(200), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("started", UtcDateTime, nullable=False),
)

# What visitors said of single predictions. `input_hmac` is keyed with the installation's secret; the input itself lies
# in the file `stored` only when the visitor agreed.
corrections = Table(
    "corrections",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("created", UtcDateTime, nullable=False),
    Column("sector", String(64), nullable=False),
    # "correction": a visitor said right or wrong; "review": the model declined and a person has to look.
    Column("kind", String(16), nullable=False),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("input_hmac", String(64), nullable=False),
    Column("stored", String(128), nullable=False),
    Column("decision", String(200), nullable=False),
    Column("answer", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("scores", JSON, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("undone", Boolean, nullable=False),
    Index("ix_corrections_sector", "sector", "seq"),
    sqlite_autoincrement=True,
)

# What visitors took out of a list of recommendations. `liked` is empty unless the visitor agreed that it is kept.
removals = Table(
    "removals",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("created", UtcDateTime, nullable=False),
    Column("sector", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("item", String(200), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("liked", JSON, nullable=False),
    Column("actor", String(128), nullable=False),
    Index("ix_removals_sector", "sector", "seq"),
    sqlite_autoincrement=True,
)

# Rows are only ever added: each holds the hash of the one before it.
audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("time", UtcDateTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    Column("action", String(48), nullable=False),
    Column("page", String(64), nullable=False),
    Column("sector", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("input_hmac", String(64), nullable=False),
    Column("n_items", Integer, nullable=False),
    Column("code", String(64), nullable=False),
    Column("job", String(32), nullable=False),
    Column("details", JSON, nullable=False),
    Column("app_version", String(32), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("time", UtcDateTime, nullable=False),
    Column("sector", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Column("open", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
