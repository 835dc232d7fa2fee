"""A data contract as a judge of single rows, after the types of the table have been held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from shopkeeper.errors import FieldProblem
from shopkeeper.quality.contract import PIECES, DataContract, FieldRule

Rule = Callable[[Any], FieldProblem | None]


class RowRules:
    """The rules of all stores, compiled when a store is first met; a row of a table without rules costs two look-ups.

    Args:
        contract: Returns the contract of a declared store; must not raise.
    """

    def __init__(self, contract: Callable[[str], DataContract]) -> None:
        self._contract = contract
        self._rules: dict[str, dict[str, tuple[Rule, ...]]] = {}

    def bounds(self, table: str, store: str) -> dict[str, tuple[float, float]] | None:
        """Return between what the numbers of a table must lie; None where the contract of the store asks more."""
        found: dict[str, tuple[float, float]] = {}
        for rule in self._contract(store).fields:
            if not rule.reject or rule.table != table:
                continue
            if rule.bounds is None or len(_rules(rule)) > 1:
                return None
            least, most = found.get(rule.column, rule.bounds)
            found[rule.column] = (max(least, rule.bounds[0]), min(most, rule.bounds[1]))
        return found

    def check(self, table: str, row: Struct, number: int | None = None) -> list[FieldProblem]:
        """Return what breaks the contract of the row's store, which must be a declared one."""
        store: str = row.store  # type: ignore[attr-defined]  # every table has the column
        rules = (self._rules.get(store) or self._compiled(store)).get(table)
        if rules is None:
            return []
        problems = [problem for rule in rules if (problem := rule(row)) is not None]
        return [FieldProblem(p.field, p.reason, p.remedy, number) for p in problems]

    def _compiled(self, store: str) -> dict[str, tuple[Rule, ...]]:
        made: dict[str, tuple[Rule, ...]] = {}
        for rule in self._contract(store).fields:
            if rule.reject:
                made[rule.table] = (*made.get(rule.table, ()), *_rules(rule))
        self._rules[store] = made
        return made


def _rules(rule: FieldRule) -> list[Rule]:
    name, made = rule.column, list[Rule]()
    contract = "by the data contract of the store"
    if rule.bounds is not None:
        least, most = rule.bounds

        def within(row: Any) -> FieldProblem | None:  # noqa: ANN401 - a row of any table
            value = getattr(row, name)
            if value is None or least <= value <= most:
                return None
            bounds = f"between {least:.12g} and {most:.12g}" if most < 1e300 else f"at least {least:.12g}"
            return FieldProblem(
                name, f"must be {bounds} {contract}, got {value:.12g}", "Mend it, or widen the contract."
            )

        made.append(within)
    if rule.choices:
        allowed = frozenset(rule.choices)

        def chosen(row: Any) -> FieldProblem | None:  # noqa: ANN401 - a row of any table
            value = getattr(row, name)
            if value is None or value in allowed:
                return None
            remedy = f"Use one of: {', '.join(str(choice) for choice in rule.choices[:20])}."
            return FieldProblem(name, f"must be one of the allowed values {contract}, got {value!r}"[:300], remedy)

        made.append(chosen)
    if rule.unit == PIECES:

        def whole(row: Any) -> FieldProblem | None:  # noqa: ANN401 - a row of any table
            value = getattr(row, name)
            if value is None or value == int(value):
                return None
            return FieldProblem(name, f"must be whole pieces {contract}, got {value:.12g}", "Send a whole number.")

        made.append(whole)
    if rule.currency:

        def in_currency(row: Any) -> FieldProblem | None:  # noqa: ANN401 - a row of any table
            if getattr(row, name) is None or row.currency in (None, rule.currency):
                return None
            reason = f"must be {rule.currency} {contract}, got {row.currency!r}"
            return FieldProblem("currency", reason, f"Send `{name}` in {rule.currency}.")

        made.append(in_currency)
    return made
