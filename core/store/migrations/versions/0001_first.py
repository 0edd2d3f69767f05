"""Versions, aliases, promotions, jobs, events, supervisors.

Tables are written out again instead of taken from `core.store.schema`: a migration must not change with the code.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    _versions()
    _jobs()


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("sector", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("folder", sa.String(64), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("manifest", sa.JSON, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
    )
    version = (["sector", "number"], ["versions.sector", "versions.number"])
    op.create_table(
        "aliases",
        sa.Column("sector", sa.String(64), primary_key=True),
        sa.Column("alias", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer),
        sa.ForeignKeyConstraint(*version, name="fk_aliases_version"),
    )
    op.create_table(
        "promotions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("previous", sa.Integer),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("undone", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(*version, name="fk_promotions_version"),
        sqlite_autoincrement=True,
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("slot", sa.String(32), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("args", sa.JSON, nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("started", sa.DateTime),
        sa.Column("finished", sa.DateTime),
        sa.Column("error", sa.JSON),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("cancel_grace_s", sa.Float),
        sa.Column("supervisor", sa.String(200), nullable=False),
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("lease", sa.String(200), nullable=False),
        sa.Column("beats", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    for name, column, condition in (
        ("ix_jobs_live_key", "key", "key <> '' AND status IN ('queued', 'running')"),
        ("ix_jobs_lease", "lease", "status = 'running'"),
    ):
        where = sa.text(condition)
        op.create_index(name, "jobs", [column], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_jobs_status", "jobs", ["status"])
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "job_id", sa.String(32), sa.ForeignKey("jobs.id", name="fk_events_job", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("time", sa.DateTime, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_job", "events", ["job_id", "seq"])
    op.create_table(
        "supervisors",
        sa.Column("host", sa.String(200), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("started", sa.DateTime, nullable=False),
    )
