"""Tests of prices as they were drawn, and the goods they hold.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "price_tests",
        sa.Column("test", sa.String(100), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "price_test_members",
        sa.Column("test", sa.String(100), primary_key=True),
        sa.Column("store", sa.String(200), primary_key=True),
        sa.Column("product", sa.String(200), primary_key=True),
        sa.Column("cluster", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop them; the plans and analyses stay with the experiments."""
    for table in ("price_test_members", "price_tests"):
        op.drop_table(table)
