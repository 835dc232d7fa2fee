"""SELECTs with names that queries are asked over: kept by an engine, or made on the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shopkeeper.quality.ports import NamedQuery

Parameters = dict[str, object]
_HEAD: Final = re.compile(r"((?:\s*--[^\n]*\n)*\s*)(WITH\b\s*)?")
"""The remarks a text begins with, and whether it names relations of its own."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A SELECT with the parameters it names."""

    name: str
    text: str
    parameters: Parameters


def woven(name: str, text: str, over: Sequence[Relation], own: Parameters) -> tuple[NamedQuery, Parameters]:
    """Return a query that makes some relations on the way, and all its parameters.

    Args:
        over: None named = the engine has them.
    """
    parameters = {name: value for one in over for name, value in one.parameters.items()} | own
    if not over:
        return NamedQuery(name, text), parameters
    made = ", ".join(f"{one.name} AS (\n{one.text}\n)" for one in over)
    again = _HEAD.sub(lambda head: f"{head[1]}WITH {made}{', ' if head[2] else ' '}", text, count=1)
    return NamedQuery(name, again), parameters


def over(relation: Relation, others: Sequence[Relation]) -> Relation:
    """Return a relation that makes some others on the way."""
    query, parameters = woven(relation.name, relation.text, others, relation.parameters)
    return Relation(query.name, query.text, parameters)
