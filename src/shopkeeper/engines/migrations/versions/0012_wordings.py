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
    """Drop the column; texts of other wordings stay, and older versions take them for the house's own."""
    with op.batch_alter_table("content_pieces") as table:
        table.drop_column("wording")
