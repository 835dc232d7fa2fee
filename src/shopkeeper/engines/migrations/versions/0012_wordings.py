"""Texts in another wording, to be compared with the house's own.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; what is there is the house's own wording."""
    with op.batch_alter_table("content_pieces") as table:
        table.add_column(sa.Column("wording", sa.String(60), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the column with the texts of other wordings, their versions and steps."""
    others = "SELECT piece FROM content_pieces WHERE wording <> ''"
    for name in ("content_versions", "content_steps", "content_pieces"):
        op.execute(f"DELETE FROM {name} WHERE piece IN ({others})")  # noqa: S608 - names of our own tables
    with op.batch_alter_table("content_pieces") as table:
        table.drop_column("wording")
