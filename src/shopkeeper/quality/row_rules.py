"""A data contract as a judge of single rows, after the types of the table have been held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct, structs

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import SOURCE_TABLES
from shopkeeper.errors import FieldProblem
from shopkeeper.quality.contract import PIECES, DataContract, FieldRule
from shopkeeper.quality.missing_policy import IS_MISSING, KEEP, MissingPolicy, mark_of, types_of

Rule = Callable[[Any], FieldProblem | None]
Filler = Callable[[Any, Store], dict[str, Any]]


class RowRules:
    """The rules of all stores, compiled when a store is first met; a row of a table without rules costs two look-ups.

    Args:
        contract: Returns the contract of a declared store; must not raise.
    """

    def __init__(self, contract: Callable[[str], DataContract]) -> None:
        self._contract = contract
        self._rules: dict[str, dict[str, tuple[Rule, ...]]] = {}
        self._fillers: dict[str, dict[str, tuple[Filler, ...]]] = {}

    def bounds(self, table: str, store: str) -> dict[str, tuple[float, float]] | None:
        """Return between what the numbers of a table must lie; None where the contract of the store asks more."""
        found: dict[str, tuple[float, float]] = {}
        for rule in self._contract(store).fields:
            if rule.table != table:
                continue
            if rule.missing not in (None, KEEP):
                return None
            rules = _rules(rule) if rule.reject else []
            if not rules:
                continue
            if rule.bounds is None or len(rules) > 1:
                return None
            least, most = found.get(rule.column, rule.bounds)
            found[rule.column] = (max(least, rule.bounds[0]), min(most, rule.bounds[1]))
        return found

    def check(self, table: str, row: Struct, number: int | None = None) -> list[FieldProblem]:
        """Return what breaks the contract of the row's store, which must be a declared one."""
        store: str = row.store  # type: ignore[attr-defined]  # every table has the column
        if store not in self._rules:
            self._compile(store)
        rules = self._rules[store].get(table)
        if rules is None:
            return []
        problems = [problem for rule in rules if (problem := rule(row)) is not None]
        return [FieldProblem(p.field, p.reason, p.remedy, number) for p in problems]

    def filled(self, table: str, row: Struct, store: Store) -> Struct:
        """Return the row of a store with what its contract puts where nothing is, each with its mark."""
        if store.store not in self._rules:
            self._compile(store.store)
        fillers = self._fillers[store.store].get(table)
        if fillers is None:
            return row
        for filler in fillers:
            if changes := filler(row, store):
                row = structs.replace(row, **changes)
        return row

    def _compile(self, store: str) -> None:
        made: dict[str, tuple[Rule, ...]] = {}
        fillers: dict[str, tuple[Filler, ...]] = {}
        for rule in self._contract(store).fields:
            rules = _rules(rule) if rule.reject else []
            if rule.missing is not None and rule.missing.action == "reject":
                rules.append(_required(rule))
            elif rule.missing not in (None, KEEP):
                fillers[rule.table] = (*fillers.get(rule.table, ()), _filler(rule, rule.missing))
            if rules:
                made[rule.table] = (*made.get(rule.table, ()), *rules)
        self._rules[store], self._fillers[store] = made, fillers


def _required(rule: FieldRule) -> Rule:
    types, reason = types_of(SOURCE_TABLES[rule.table], rule.column), f"{IS_MISSING} by the data contract and missing"

    def there(row: Any) -> FieldProblem | None:  # noqa: ANN401 - a row of any table
        if getattr(row, rule.column) not in (None, ()) or (types and row.type not in types):
            return None
        return FieldProblem(rule.column, reason, f"Fill `{rule.column}` in the source or the mapping.")

    return there


def _filler(rule: FieldRule, policy: MissingPolicy) -> Filler:
    table = SOURCE_TABLES[rule.table]
    types, place = types_of(table, rule.column), str(table.attributes_column)
    mark = {mark_of(rule.column): policy.action}
    of_store, _, column = policy.source.rpartition(".")

    def fill(row: Any, store: Store) -> dict[str, Any]:  # noqa: ANN401 - a row of any table
        if getattr(row, rule.column) not in (None, ()) or (types and row.type not in types):
            return {}
        value = policy.value if policy.action == "default" else getattr(store if of_store else row, column)
        if value is None or value == ():
            return {}
        return {rule.column: value, place: {**getattr(row, place), **mark}}

    return fill


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
