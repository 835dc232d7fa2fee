"""What prices of a run are found by, and when a shop was first seen to show another price than the one decided.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import json
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
INDEX: Final = "ix_price_run_rows_run_moved_size"
AT_ONCE: Final = 2_000


def _of_rows() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("size", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("marks", sa.Text, nullable=False, server_default=""),
    )


def upgrade() -> None:
    """Add the columns, and fill them for the runs there are."""
    for column in _of_rows():
        op.add_column("price_run_rows", column)
    op.create_index(INDEX, "price_run_rows", ["run", "moved", "size"])
    op.add_column("price_changes", sa.Column("mismatch_micros", sa.BigInteger))
    op.add_column("price_changes", sa.Column("mismatch_millionths", sa.BigInteger))
    op.create_index("ix_price_changes_mismatch_micros", "price_changes", ["mismatch_micros"])
    op.execute(
        "UPDATE price_changes SET mismatch_micros = outcome_micros, mismatch_millionths = observed_millionths "
        "WHERE outcome = 'mismatch'"
    )
    _fill()


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_price_changes_mismatch_micros", "price_changes")
    op.drop_index(INDEX, "price_run_rows")
    for name in ("mismatch_millionths", "mismatch_micros"):
        op.drop_column("price_changes", name)
    for column in reversed(_of_rows()):
        op.drop_column("price_run_rows", column.name)


def _fill() -> None:
    rows = sa.table(
        "price_run_rows", *(sa.column(name) for name in ("run", "place", "body", "size", "category", "marks"))
    )
    connection = op.get_bind()
    same = (rows.c.run == sa.bindparam("of_run"), rows.c.place == sa.bindparam("of_place"))
    written = sa.update(rows).where(*same).values({name: sa.bindparam(name) for name in ("size", "category", "marks")})
    last = ("", -1)
    while True:
        after = sa.tuple_(rows.c.run, rows.c.place) > sa.tuple_(*(sa.literal(part) for part in last))
        found = connection.execute(sa.select(rows).where(after).order_by(rows.c.run, rows.c.place).limit(AT_ONCE)).all()
        if not found:
            return
        connection.execute(
            written, [{"of_run": row.run, "of_place": row.place, **_found_by(row.body)} for row in found]
        )
        last = (found[-1].run, found[-1].place)


def _found_by(body: str) -> dict[str, object]:
    """Return the new columns of a row; frozen here as `run_rows` was when they came in."""
    try:
        price = json.loads(body)
        proposal, held = price["proposal"], price.get("held_back", [])
    except (ValueError, KeyError, TypeError):
        return {"size": 0, "category": "", "marks": ""}
    said = (("anomaly", held), ("held", proposal.get("hold", [])), ("binding", proposal.get("binding", [])))
    marks = dict.fromkeys(f"{kind}:{name.partition(' ')[0]}" for kind, names in said for name in names)
    wanted = proposal["proposed"] if held else price["price"]
    current = proposal["current"]
    move = abs(wanted / current - 1) if wanted and current else 1e6
    return {
        "size": min(round(move * 1e6), 10**12), "category": proposal["category"],
        "marks": f"|{'|'.join(marks)}|" if marks else "",
    }  # fmt: skip
