"""Texts of products with their versions and steps, and jobs that wait.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "content_pieces",
        sa.Column("piece", sa.String(20), primary_key=True),
        sa.Column("store", sa.String(200), nullable=False),
        sa.Column("product", sa.String(200), nullable=False),
        sa.Column("locale", sa.String(50), nullable=False),
        sa.Column("field", sa.String(30), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("audit", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_content_pieces_product", "content_pieces", ["product"])
    op.create_index("ix_content_pieces_state", "content_pieces", ["state"])
    op.create_table(
        "content_versions",
        sa.Column("piece", sa.String(20), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.String(200), nullable=False),
        sa.Column("cost", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_content_versions_run", "content_versions", ["run"])
    op.create_table(
        "content_steps",
        sa.Column("piece", sa.String(20), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(20), nullable=False),
        sa.Column("person", sa.Boolean, nullable=False),
        sa.Column("writer", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("ix_content_steps_at_micros", "content_steps", ["at_micros"])
    op.create_table(
        "content_pauses",
        sa.Column("run", sa.String(200), primary_key=True),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop them with their rows: every text and who approved it."""
    for name in ("content_pauses", "content_steps", "content_versions", "content_pieces"):
        op.drop_table(name)
