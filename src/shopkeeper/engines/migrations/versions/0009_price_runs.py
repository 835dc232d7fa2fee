"""Price runs with their rows, the prices that hold, and every change of them.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "price_runs",
        sa.Column("run", sa.String(100), primary_key=True),
        sa.Column("status", sa.String(20), nullable=False, index=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_micros", sa.BigInteger, nullable=False, index=True),
        sa.Column("publish_micros", sa.BigInteger),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "price_run_rows",
        sa.Column("run", sa.String(100), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("moved", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "price_changes",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("previous", sa.BigInteger, nullable=False),
        sa.Column("run", sa.String(100), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("store", sa.String(200), nullable=False),
        sa.Column("price_list", sa.String(200), nullable=False),
        sa.Column("product", sa.String(200), nullable=False, index=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_millionths", sa.BigInteger, nullable=False),
        sa.Column("before_millionths", sa.BigInteger, nullable=False),
        sa.Column("at_micros", sa.BigInteger, nullable=False, index=True),
        sa.Column("handed_micros", sa.BigInteger, index=True),
        sa.Column("handed_by", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("observed_millionths", sa.BigInteger),
        sa.Column("outcome_micros", sa.BigInteger),
    )
    op.create_table(
        "published_prices",
        sa.Column("store", sa.String(200), primary_key=True),
        sa.Column("price_list", sa.String(200), primary_key=True),
        sa.Column("product", sa.String(200), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, index=True),
        sa.Column("run", sa.String(100), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("price_millionths", sa.BigInteger, nullable=False),
        sa.Column("good_millionths", sa.BigInteger, nullable=False),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("observed_millionths", sa.BigInteger),
        sa.Column("touched", sa.BigInteger, nullable=False, index=True),
    )


def downgrade() -> None:
    """Drop them with their rows; the shop's own prices hold then."""
    for table in ("published_prices", "price_changes", "price_run_rows", "price_runs"):
        op.drop_table(table)
