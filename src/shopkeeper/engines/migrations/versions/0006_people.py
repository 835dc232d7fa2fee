"""People who sign in: roles by store, passwords, sign-ins, tries; and the audit names person and sign-in.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INDEXES = (
    ("person_sessions", "person_id"),
    ("sign_in_tries", "subject"),
    ("sign_in_tries", "at_micros"),
    ("audit", "person"),
)


def upgrade() -> None:
    """Create the tables; what was audited before names no person by id."""
    op.create_table(
        "people",
        sa.Column("person_id", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(200), nullable=False, unique=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_micros", sa.BigInteger, nullable=False),
        sa.Column("signed_in_micros", sa.BigInteger),
    )
    op.create_table(
        "person_roles",
        sa.Column("person_id", sa.String(8), primary_key=True),
        sa.Column("store", sa.String(200), primary_key=True),
        sa.Column("role", sa.String(20), primary_key=True),
    )
    op.create_table(
        "person_passwords",
        sa.Column("person_id", sa.String(8), primary_key=True),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("changed_micros", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "person_sessions",
        sa.Column("session_id", sa.String(8), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("person_id", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("created_micros", sa.BigInteger, nullable=False),
        sa.Column("seen_micros", sa.BigInteger, nullable=False),
        sa.Column("ends_micros", sa.BigInteger, nullable=False),
        sa.Column("revoked_micros", sa.BigInteger),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("at_micros", sa.BigInteger, nullable=False),
    )
    op.add_column("audit", sa.Column("person", sa.String(8)))
    op.add_column("audit", sa.Column("session", sa.String(8)))
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Drop them. Nobody can sign in then, so the control room answers on loopback only again."""
    op.drop_index("ix_audit_person", "audit")
    op.drop_column("audit", "session")
    op.drop_column("audit", "person")
    for name in ("sign_in_tries", "person_sessions", "person_passwords", "person_roles", "people"):
        op.drop_table(name)
