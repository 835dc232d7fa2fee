"""What is done to every event before it is written: the address goes, the agent is judged and reduced to its class.

One place for every way in, so no way can forget it. A network address is never written anywhere, not even inside a
hash that names the event: it becomes a hash under a key that changes every day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.quality.traffic import TrafficRules, read_address
from shopkeeper.quality.user_agents import agent_class

ADDRESS_COLUMNS: Final = frozenset(
    {
        "ip", "ip_address", "ipaddress", "ip_addr", "client_ip", "clientip", "user_ip", "userip", "remote_addr",
        "remote_ip", "x_forwarded_for", "x_real_ip", "browser_ip", "context_ip", "customer_ip",
    }
)  # fmt: skip
"""Names, in any case and with blanks or dashes as well, under which sources send network addresses."""

_OBJECTS: Final = ("properties", "attributes", "context")


class RowJudge(Protocol):
    """Judges raw rows of one table."""

    table: TableSchema

    def check(self, raw: Mapping[str, Any], row_number: int | None = None) -> Struct | tuple[FieldProblem, ...]:
        """Return the row, or everything that is wrong with it."""
        ...


class ArrivingEvents:
    """A judge of events that also classifies their traffic and takes out what must not be kept.

    Args:
        keep_agents: Keep user agents as they came; else only their class is kept.
        empty_is_said: An empty agent was sent so, as in JSON; else it is a cell that nobody filled, as in a file.
    """

    def __init__(
        self,
        validator: RowJudge,
        rules: TrafficRules,
        hash_address: Callable[[str], str],
        *,
        keep_agents: bool = False,
        empty_is_said: bool = True,
    ) -> None:
        self.table = validator.table
        self._check: Callable[[Any, int | None], Struct | tuple[FieldProblem, ...]] = validator.check
        self._judge = rules.judge
        self.knows_people = rules.knows_people
        self._hash = hash_address
        self._keep_agents = keep_agents
        self._empty_is_said = empty_is_said

    def check(self, raw: Mapping[str, Any], row_number: int | None = None) -> Struct | tuple[FieldProblem, ...]:
        """Return the event with its traffic class and without address, or all problems. Never raises."""
        address: str | None = None
        agent: str | None = None
        if raw.__class__ is dict or isinstance(raw, Mapping):
            kept = without_address(raw)
            if kept is not raw:
                address, raw = address_in(raw), kept
            said = raw.get("user_agent")
            agent = said if isinstance(said, str) and (said or self._empty_is_said) else None
        event = self._check(raw, row_number)
        return self.arrived(event, agent, address) if isinstance(event, Event) else event

    def arrived(self, event: Event, agent: str | None, address: str | None) -> Event:
        """Return a valid event as it is to be written."""
        found = self._judge(event, event.user_agent if agent is None else agent, address)
        changes: dict[str, Any] = {}
        if found.traffic != event.traffic or found.rule != event.traffic_rule:
            changes = {"traffic": found.traffic, "traffic_rule": found.rule}
        if event.user_agent is not None and not self._keep_agents:
            kept = agent_class(event.user_agent)
            if kept != event.user_agent:
                changes["user_agent"] = kept
        if address is not None and event.ip_hash is None and read_address(address) is not None:
            changes["ip_hash"] = self._hash(address)
        return msgspec.structs.replace(event, **changes) if changes else event


def address_in(raw: Mapping[str, Any]) -> str | None:
    """Return the first network address a raw row names; of a chain of proxies the first, which is the shopper's."""
    for place in _places(raw):
        for name in address_columns(tuple(place)):
            value = place[name]
            if isinstance(value, str) and value.strip():
                return value.split(",", 1)[0].strip()
    return None


def without_address(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a raw row without any column of a network address; the row itself where it has none."""
    if not address_columns(tuple(raw)) and not _held_inside(raw):
        return raw
    kept = _without(raw)
    for name in _OBJECTS:
        held = _object(kept.get(name))
        if held is not None and address_columns(tuple(held)):
            kept[name] = _without(held)
    return kept


@lru_cache(maxsize=4_096)
def address_columns(names: tuple[object, ...]) -> tuple[Any, ...]:
    """Return which of some columns are known to hold network addresses; rows of one source share their columns."""
    return tuple(
        name
        for name in names
        if isinstance(name, str) and name.strip().lower().replace(" ", "_").replace("-", "_") in ADDRESS_COLUMNS
    )


def _without(place: Mapping[str, Any]) -> dict[str, Any]:
    gone = address_columns(tuple(place))
    return {name: value for name, value in place.items() if name not in gone}


def _held_inside(raw: Mapping[str, Any]) -> bool:
    for name in _OBJECTS:
        value = raw.get(name)
        if value and (held := _object(value)) is not None and address_columns(tuple(held)):
            return True
    return False


def _places(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a row and the objects in it."""
    yield raw
    for name in _OBJECTS:
        if name in raw and (held := _object(raw[name])) is not None:
            yield held


def _object(value: object) -> Mapping[str, Any] | None:
    """Return an object, also one that came as its JSON text."""
    if value.__class__ is dict or isinstance(value, Mapping):
        return value
    if isinstance(value, str) and value[:1] == "{":
        try:
            decoded = msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return None
        return decoded if isinstance(decoded, dict) else None
    return None
