"""The shop's rules in the state database: one row for each version of each store's set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Engine, Row, Select, func, insert, select

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_counters import count, counted
from shopkeeper.engines.state_schema import RULE_SETS, from_micros, to_micros
from shopkeeper.errors import ChangedMeanwhile, InputError
from shopkeeper.recommendations.rules.merchandising import Rule, RuleSet, Surface

_COUNTER: Final = "rule_sets"


class _Body(Struct, omit_defaults=True):
    rules: tuple[Rule, ...]
    surfaces: dict[str, Surface] = {}


class StateRules:
    """Implements `recommendations.ports.RuleStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revision(self) -> int:
        """Return the number of the last change."""
        return counted(self._engine, _COUNTER)

    def current(self) -> Sequence[RuleSet]:
        """Return the newest set of each store."""
        newest = select(RULE_SETS.c.store, func.max(RULE_SETS.c.version).label("version")).group_by(RULE_SETS.c.store)
        last = newest.subquery()
        of_last = (RULE_SETS.c.store == last.c.store) & (RULE_SETS.c.version == last.c.version)
        return self._sets(select(RULE_SETS).join(last, of_last).order_by(RULE_SETS.c.store))

    def get(self, store: str, version: int | None = None) -> RuleSet:
        """Return a store's set."""
        query = select(RULE_SETS).where(RULE_SETS.c.store == store).order_by(RULE_SETS.c.version.desc()).limit(1)
        if version is not None:
            query = query.where(RULE_SETS.c.version == version)
        found = next(iter(self._sets(query)), None)
        if found is None and version:
            raise InputError(
                f"The rules of {store or 'every store'} have no version {version}.", "Ask for the newest, without one."
            )
        return found or RuleSet(store=store)

    def versions(self, store: str, limit: int = 100) -> Sequence[RuleSet]:
        """Return the sets of a store, newest first."""
        query = select(RULE_SETS).where(RULE_SETS.c.store == store).order_by(RULE_SETS.c.version.desc())
        return self._sets(query.limit(limit))

    def put(self, changed: RuleSet) -> RuleSet:
        """Keep a set as the next version."""
        at = changed.at or datetime.now(UTC)
        kept = msgspec.structs.replace(changed, version=changed.version + 1, at=at)
        row = {
            "store": kept.store, "version": kept.version, "at_micros": to_micros(at), "who": kept.who,
            "why": kept.why, "body": msgspec.json.encode(_Body(kept.rules, kept.surfaces)).decode(),
        }  # fmt: skip
        with self._engine.begin() as connection:
            count(connection, _COUNTER)
            last = select(func.max(RULE_SETS.c.version)).where(RULE_SETS.c.store == kept.store)
            newest = int(connection.execute(last).scalar() or 0)
            if newest != changed.version:
                raise ChangedMeanwhile(
                    f"The rules of {kept.store or 'every store'} are at version {newest}, not {changed.version}; "
                    "nothing was changed.",
                    "Read them again, put your change into the newest, and send that with its version.",
                )
            connection.execute(insert(RULE_SETS), row)
            detail = {"store": kept.store, "version": kept.version, "rules": len(kept.rules), "why": kept.why}
            write_audit(connection, kept.who, "rules.put", detail)
        return kept

    def _sets(self, query: Select[Any]) -> list[RuleSet]:
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [_set(row) for row in rows]


def _set(row: Row[Any]) -> RuleSet:
    body, at = msgspec.json.decode(row.body, type=_Body), from_micros(row.at_micros)
    return RuleSet(
        store=row.store, version=row.version, rules=body.rules, surfaces=body.surfaces, who=row.who, why=row.why, at=at
    )
