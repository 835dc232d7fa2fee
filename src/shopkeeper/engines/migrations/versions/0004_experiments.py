"""Experiments with their frozen plans, every analysis of them, and what was decided.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the three tables."""
    op.create_table(
        "experiments",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("system", sa.String(50), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("started_micros", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "experiment_analyses",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("experiment", sa.String(100), nullable=False, index=True),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "experiment_decisions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("experiment", sa.String(100), nullable=False, index=True),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop them; what was learnt is gone then."""
    for table in ("experiment_decisions", "experiment_analyses", "experiments"):
        op.drop_table(table)
