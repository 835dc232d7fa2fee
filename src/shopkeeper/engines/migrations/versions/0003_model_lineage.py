"""Where a model version comes from, whether its files are there, and whether it is pinned.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _added() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("run", sa.String(100)),
        sa.Column("objective", sa.String(100)),
        sa.Column("code", sa.String(100), nullable=False, server_default=""),
        sa.Column("champion", sa.String(100)),
        sa.Column("facts", sa.Text, nullable=False, server_default="{}"),
        sa.Column("status", sa.String(20), nullable=False, server_default="ready"),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def upgrade() -> None:
    """Add the columns; versions there are come from no run, are ready and not pinned."""
    for column in _added():
        op.add_column("model_versions", column)


def downgrade() -> None:
    """Drop them. A pruned version's bundle is gone whatever the tables say."""
    for column in reversed(_added()):
        op.drop_column("model_versions", column.name)
