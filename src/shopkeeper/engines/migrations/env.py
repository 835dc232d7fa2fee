"""Alembic's entry: runs migrations on the connection `engines.state` hands over."""

from __future__ import annotations

from alembic import context

from shopkeeper.engines.state_schema import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, transaction_per_migration=False
)
with context.begin_transaction():
    context.run_migrations()
