"""Rollouts, their verdicts, what runs now, and orders to stop.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "rollouts",
        sa.Column("rollout", sa.String(100), primary_key=True),
        sa.Column("system", sa.String(50), nullable=False, index=True),
        sa.Column("version", sa.String(100), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_micros", sa.BigInteger, nullable=False),
        sa.Column("watched_micros", sa.BigInteger),
        sa.Column("watched_word", sa.String(20)),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("rollout", sa.String(100), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at_micros", sa.BigInteger, nullable=False, index=True),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("word", sa.String(20), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("objective", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
    )
    op.create_table(
        "live_tests",
        sa.Column("test", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("system", sa.String(50), nullable=False),
        sa.Column("started_micros", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "counters",
        sa.Column("counter", sa.String(50), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "stop_orders",
        sa.Column("system", sa.String(50), primary_key=True),
        sa.Column("store", sa.String(200), primary_key=True),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.String(50), nullable=False),
    )


def downgrade() -> None:
    """Drop them; the champion pointer stays where it is."""
    for table in ("stop_orders", "counters", "live_tests", "verdicts", "rollouts"):
        op.drop_table(table)
