"""When an amount said in a text follows from an amount of the record."""

from __future__ import annotations

from collections.abc import Iterable

from shopkeeper.content.amounts import Amount, Magnitude, Relation

LOOSE = 1.5  # most a loose bound may be from the value it is about
NEARLY = 1e-6  # relative distance within which two numbers are one; records are never rounded
OPPOSITE: dict[Relation, frozenset[Relation]] = {
    "below": frozenset({"above", "at_least"}), "at_most": frozenset({"above", "at_least"}),
    "above": frozenset({"below", "at_most"}), "at_least": frozenset({"below", "at_most"}),
}  # fmt: skip


def same(one: float, two: float) -> bool:
    """Whether two numbers are one, up to the noise of unit conversion."""
    return one == two or abs(one - two) <= NEARLY * max(abs(one), abs(two))


def agrees(said: Amount, held: Amount) -> bool:
    """Whether what a text says of a number follows from an amount of the record."""
    ends = (*held.readings, *held.upper)
    for place, reading in enumerate(said.readings):
        wanted = (reading, *said.upper[place : place + 1])
        if held.relation == "exact" and said.relation not in {"exact", "range"}:
            if any(m.dimension == reading.dimension and follows(said.relation, m.value, reading.value) for m in ends):
                return True
        elif held.relation not in OPPOSITE.get(said.relation, ()) and all(_among(one, ends) for one in wanted):
            return True
    return False


def follows(relation: Relation, value: float, bound: float) -> bool:
    """Whether a bound a text gives follows from a value and is near enough to be about it.

    `up to` and `at least` state a limit, so they must name the value itself; `under` and `over` may round it by half.
    """
    if relation in {"at_most", "at_least"} or same(value, bound):
        return same(value, bound) and relation in {"at_most", "at_least"}
    return value < bound <= value * LOOSE if relation == "below" else value / LOOSE <= bound < value


def _among(one: Magnitude, ends: Iterable[Magnitude]) -> bool:
    return any(m.dimension == one.dimension and same(m.value, one.value) for m in ends)
