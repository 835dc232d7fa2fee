"""Sentence frames a merchandiser can edit: `{Name}: {a}[ by {brand}].`

A frame is words with slots. `{slot}` is filled, with a capital where the slot's name has one; `[...]` is left out where
one of its slots is empty; `{is|are}` agrees with the subject: two forms for singular and plural, four for masculine,
feminine and both plurals. Nothing in a frame is executed: it has no expressions, so an edited one can break no more
than its own text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shopkeeper.content.concepts import Term
from shopkeeper.content.facts import Fact
from shopkeeper.errors import ConfigError


class Part(NamedTuple):
    """A stretch of text and the fact it states, None for plain words."""

    text: str
    fact: Fact | None = None


Fill = Callable[[str, str], Sequence[Part]]
"""What stands in a slot: its name and case (`a`, `acc`) -> parts, none where it is empty."""


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    case: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Choice:
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    nodes: tuple[str | Slot | Choice, ...]


Node = str | Slot | Choice | Group


@dataclass(frozen=True, slots=True)
class Frame:
    """A parsed frame.

    Attributes:
        text: As it is written in the table.
        needs: Slots without which it cannot be used.
        offers: All slots, those in brackets too.
        lead: Words right before its slot `value`; None where it has none.
        promises: Whether it has words outside brackets, which announce more than the slots say (`All about {name}.`).
    """

    text: str
    nodes: tuple[Node, ...]
    needs: frozenset[str]
    offers: frozenset[str]
    lead: str | None
    promises: bool


_TOKEN = re.compile(r"\{([^{}]*)\}|([\[\]])")


def frame(text: str, where: str, known: frozenset[str]) -> Frame:
    """Parse a frame.

    Args:
        text: As written.
        where: Section it stands in, for messages.
        known: Slots that may be used there.

    Raises:
        ConfigError: An unknown slot, or brackets that do not match.
    """
    nodes: list[Node] = []
    group: list[str | Slot | Choice] | None = None
    position = 0
    for match in _TOKEN.finditer(text):
        into: list[Node] | list[str | Slot | Choice] = nodes if group is None else group
        if match.start() > position:
            into.append(text[position : match.start()])
        position = match.end()
        if match[2] == "[" and group is None:
            group = []
        elif match[2] == "]" and group is not None:
            nodes.append(Group(tuple(group)))
            group = None
        elif match[2]:
            raise ConfigError(f"Frame {text!r} in {where}: brackets do not match.", "Write [ ... ] once, not nested.")
        else:
            into.append(_slot(match[1], text, where, known))
    if group is not None:
        raise ConfigError(f"Frame {text!r} in {where}: a bracket is not closed.", "Add the ].")
    if position < len(text):
        nodes.append(text[position:])
    needs = frozenset(node.name for node in nodes if isinstance(node, Slot))
    inner = frozenset(
        node.name for part in nodes if isinstance(part, Group) for node in part.nodes if isinstance(node, Slot)
    )
    promises = any(
        isinstance(node, Choice) or (isinstance(node, str) and any(map(str.isalpha, node))) for node in nodes
    )
    return Frame(text, tuple(nodes), needs, needs | inner, _lead(nodes), promises)


def _lead(nodes: Sequence[Node]) -> str | None:
    for place, node in enumerate(nodes):
        if isinstance(node, Slot) and node.name == "value":
            before = nodes[place - 1] if place else ""
            return before if isinstance(before, str) else " "
    return None


def _slot(body: str, text: str, where: str, known: frozenset[str]) -> Slot | Choice:
    if "|" in body:
        forms = tuple(body.split("|"))
        if len(forms) not in {2, 4}:
            raise ConfigError(
                f"Frame {text!r} in {where}: {{{body}}} has {len(forms)} forms.",
                "Write two (singular|plural) or four (masculine|feminine|masculine plural|feminine plural).",
            )
        return Choice(forms)
    name, _, case = body.partition(":")
    if name[:1].lower() + name[1:] not in known or case not in {"", "acc", "dat"}:
        raise ConfigError(
            f"Frame {text!r} in {where}: slot {{{body}}} is not known.", f"Use one of: {', '.join(sorted(known))}."
        )
    return Slot(name[:1].lower() + name[1:], case, name[:1].isupper())


def rendered(frame: Frame, fill: Fill, subject: Term) -> list[Part]:
    """The frame's parts; none where a slot it needs is empty.

    Args:
        frame: What to say.
        fill: What stands in the slots.
        subject: What `{is|are}` agrees with.
    """
    parts: list[Part] = []
    for node in frame.nodes:
        if isinstance(node, Group):
            inner = _nodes(node.nodes, fill, subject)
            parts.extend(inner or ())
            continue
        found = _nodes((node,), fill, subject)
        if found is None:
            return []
        parts.extend(found)
    return parts


def _nodes(nodes: Sequence[str | Slot | Choice], fill: Fill, subject: Term) -> list[Part] | None:
    parts: list[Part] = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(Part(node))
        elif isinstance(node, Choice):
            parts.append(Part(_agreeing(node.forms, subject)))
        else:
            found = fill(node.name, node.case)
            if not found:
                return None
            parts.extend((capital(found[0]), *found[1:]) if node.capital else found)
    return parts


def capital(part: Part) -> Part:
    """The part with a capital, unless its first word is spelt with one inside (iPhone)."""
    first = part.text.split(" ", 1)[0]
    if first[1:] != first[1:].lower():
        return part
    return Part(part.text[:1].upper() + part.text[1:], part.fact)


def _agreeing(forms: tuple[str, ...], subject: Term) -> str:
    if len(forms) == 2:
        return forms[subject.plural]
    return forms[2 * subject.plural + (subject.gender == "f")]
