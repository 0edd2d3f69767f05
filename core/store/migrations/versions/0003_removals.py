"""Items that visitors took out of a list of recommendations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of removals."""
    op.create_table(
        "removals",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("liked", sa.JSON, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_removals_sector", "removals", ["sector", "seq"])
