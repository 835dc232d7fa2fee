"""First state database: keyed tables, models, keys, reports, audit.

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEYS = {
    "stores": ("store",),
    "products": ("store", "product"),
    "users": ("store", "user"),
    "prices": ("store", "product", "price_list"),
    "competitor_prices": ("store", "product", "competitor"),
    "inventory": ("store", "product"),
    "orders": ("store", "order_id"),
}


def upgrade() -> None:
    """Create every table."""
    for name, key in _KEYS.items():
        op.create_table(
            name,
            *(sa.Column(column, sa.String(200), primary_key=True) for column in key),
            sa.Column("source_micros", sa.BigInteger, nullable=False),
            sa.Column("deleted", sa.Boolean, nullable=False),
            sa.Column("body", sa.Text, nullable=False),
        )
    op.create_table(
        "model_versions",
        sa.Column("system", sa.String(50), primary_key=True),
        sa.Column("version", sa.String(100), primary_key=True),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
        sa.Column("created_micros", sa.BigInteger, nullable=False),
        sa.Column("blessed", sa.Boolean, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(100), nullable=False),
    )
    op.create_table(
        "model_aliases",
        sa.Column("system", sa.String(50), primary_key=True),
        sa.Column("alias", sa.String(50), primary_key=True),
        sa.Column("version", sa.String(100), nullable=False),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(20), primary_key=True),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("store", sa.String(200), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("created_micros", sa.BigInteger, nullable=False),
        sa.Column("revoked_micros", sa.BigInteger),
    )
    op.create_table(
        "reports",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(50), nullable=False, index=True),
        sa.Column("store", sa.String(200)),
        sa.Column("created_micros", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop every table with its rows."""
    for name in (*_KEYS, "model_versions", "model_aliases", "api_keys", "reports", "audit"):
        op.drop_table(name)
