"""Corrections, audit, alerts; who promoted and why; jobs that go on from another one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the improve loop needs; rows that exist get empty values."""
    with op.batch_alter_table("versions") as table:
        table.add_column(sa.Column("deleted", sa.DateTime))
    with op.batch_alter_table("promotions") as table:
        table.add_column(sa.Column("actor", sa.String(128), nullable=False, server_default=""))
        table.add_column(sa.Column("reason", sa.String(500), nullable=False, server_default=""))
        table.add_column(sa.Column("verdict", sa.JSON))
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("resumes", sa.String(32), nullable=False, server_default=""))
        table.add_column(sa.Column("kept_until", sa.DateTime))
        table.add_column(sa.Column("backend", sa.String(16), nullable=False, server_default="local"))
    _corrections()
    _audit()
    _alerts()


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("input_hmac", sa.String(64), nullable=False),
        sa.Column("stored", sa.String(128), nullable=False),
        sa.Column("decision", sa.String(200), nullable=False),
        sa.Column("answer", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("undone", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_sector", "corrections", ["sector", "seq"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("time", sa.DateTime, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("action", sa.String(48), nullable=False),
        sa.Column("page", sa.String(64), nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("input_hmac", sa.String(64), nullable=False),
        sa.Column("n_items", sa.Integer, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("app_version", sa.String(32), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for action in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER audit_no_{action} BEFORE {action.upper()} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'rows of the audit log are only added'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of the audit log are only added'; END $$"
    )
    for action in ("update", "delete", "truncate"):
        op.execute(
            f"CREATE TRIGGER audit_no_{action} BEFORE {action.upper()} ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("time", sa.DateTime, nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
