"""A data contract as SQL that runs where the data lies, one text for every engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.quality.contract import PIECES, DataContract, FieldRule, Level
from shopkeeper.quality.judge import Judge, Share
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.quality.reading import filled_query
from shopkeeper.quality.report import Offender


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """One rule as a question to the warehouse.

    Attributes:
        measure: Gives `held` rows and `broken` ones.
        recent: The same over the recent events, from the parameter `since` on; None for what is no event.
        worst: Gives the values broken most often; None where a rule is not about values.
        broken: Largest share of broken rows.
    """

    name: str
    measure: NamedQuery
    worst: NamedQuery | None
    parameters: dict[str, object] = field(default_factory=dict)
    broken: float = 0.0
    level: Level = "fail"
    remedy: str = ""
    recent: NamedQuery | None = None


def compile_checks(contract: DataContract) -> tuple[ContractCheck, ...]:
    """Return every rule of a contract as a check.

    Names of tables and columns come from the data contract's own list, so nothing a file says becomes SQL; its values
    are parameters.
    """
    checks = [check for rule in contract.fields for check in _field_checks(rule)]
    for unique in contract.unique:
        names = [_quoted(column) for column in unique.columns]
        present = " AND ".join(f"{name} IS NOT NULL" for name in names)
        measure = filled_query("contract_repeated", table=unique.table, columns=", ".join(names), present=present)
        title = f"{unique.table}: {', '.join(unique.columns)} come once"
        remedy = "Find why the source repeats them; the newest of a key wins where the table has one."
        checks.append(ContractCheck(title, measure, None, {}, unique.broken, unique.level, remedy))
    for reference in contract.references:
        measure, recent = _measures(
            "contract_strangers", reference.table, column=_quoted(reference.column), other=reference.other,
            target=_quoted(reference.target),
        )  # fmt: skip
        title = f"{reference.table}.{reference.column} names a row of {reference.other}"
        remedy = f"Import the missing rows of {reference.other}."
        level = reference.level
        checks.append(ContractCheck(title, measure, None, {}, 1 - reference.least, level, remedy, recent))
    return tuple(checks)


def _measures(name: str, table: str, **parts: str) -> tuple[NamedQuery, NamedQuery | None]:
    """Return a question about all rows of a table, and where they are events the same about the recent ones."""
    ever = filled_query(name, table=table, within="TRUE", **parts)
    return ever, filled_query(name, table=table, within="ts >= $since", **parts) if table == EVENTS.name else None


def run_checks(judge: Judge, warehouse: Warehouse, checks: tuple[ContractCheck, ...], since: datetime) -> None:
    """Run the checks of a store's contract and judge each; events from `since` on are recent."""
    for check in checks:
        broken, held = _broken(warehouse, check.measure, store=judge.store, **check.parameters)
        recent = None
        if check.recent is not None:
            recent = _broken(warehouse, check.recent, store=judge.store, since=since, **check.parameters)
        offenders: tuple[Offender, ...] = ()
        if broken and check.worst is not None:
            rows = warehouse.fetch(check.worst, store=judge.store, **check.parameters)
            offenders = tuple(
                Offender(_shown(value), float(times), f"{int(times):,} rows")
                for value, times in zip(rows["value"], rows["broken"], strict=True)
            )
        most = round(check.broken, 6)
        judge.excess("contract", check.name, broken, held, most, check.level, check.remedy, offenders, recent=recent)


def _broken(warehouse: Warehouse, measure: NamedQuery, **parameters: object) -> Share:
    found = warehouse.fetch(measure, **parameters)
    return Share(float(found["broken"][0]), float(found["held"][0]))


def _field_checks(rule: FieldRule) -> list[ContractCheck]:
    column, name = _quoted(rule.column), f"{rule.table}.{rule.column}"
    found: list[tuple[str, str, dict[str, object], str]] = []
    if rule.bounds is not None:
        least, most = rule.bounds
        said = f"between {least:,.12g} and {most:,.12g}" if least > -1e300 and most < 1e300 else (
            f"at least {least:,.12g}" if least > -1e300 else f"at most {most:,.12g}"
        )  # fmt: skip
        breach = f"{column} < $least OR {column} > $most"
        found.append((f"{name} {said}", breach, {"least": least, "most": most}, "Mend the values below in the source."))
    if rule.choices:
        values = {f"choice{n}": value for n, value in enumerate(rule.choices)}
        breach = f"{column} NOT IN ({', '.join(f'${key}' for key in values)})"
        listed = ", ".join(str(choice) for choice in rule.choices[:5]) + (" ..." if len(rule.choices) > 5 else "")
        found.append((f"{name} is one of {listed}", breach, dict(values), "Map the values below to the allowed ones."))
    if rule.unit == PIECES:
        found.append((f"{name} counts whole pieces", f"{column} <> floor({column})", {}, "Send whole pieces."))
    if rule.currency:
        breach = f"{column} IS NOT NULL AND currency IS NOT NULL AND currency <> $unit"
        found.append((f"{name} in {rule.currency}", breach, {"unit": rule.currency}, f"Send it in {rule.currency}."))
    checks = []
    for title, breach, parameters, remedy in found:
        measure, recent = _measures("contract_breach", rule.table, breach=breach)
        worst = filled_query("contract_breach_worst", table=rule.table, breach=breach, column=column)
        checks.append(ContractCheck(title, measure, worst, parameters, rule.broken, rule.level, remedy, recent))
    if rule.required is not None:
        measure, recent = _measures("contract_breach", rule.table, breach=f"{column} IS NULL")
        remedy = f"Fill `{rule.column}` in the source or the mapping."
        checks.append(ContractCheck(f"{name} filled", measure, None, {}, 1 - rule.required, rule.level, remedy, recent))
    return checks


def _quoted(column: str) -> str:
    return f'"{column}"'


def _shown(value: Any) -> str:  # noqa: ANN401 - of any column
    return "empty" if value is None else f"{value:,.12g}" if isinstance(value, float) else str(value)
