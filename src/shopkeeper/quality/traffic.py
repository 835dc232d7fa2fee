"""Who caused an event, as far as the event itself says: people, declared bots, the shop's own staff and its monitors.

Such a verdict looks at nothing the shop showed, so it is the same in every arm of an experiment. What only behaviour
gives away is judged later, by `quality.behaviour`.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from shopkeeper.commerce.event import Event, TrafficClass
from shopkeeper.errors import ConfigError
from shopkeeper.quality.user_agents import CRAWLER, EMPTY, LIBRARY, declared_bot

INTERNAL_USER: Final = "internal.user"
INTERNAL_VISITOR: Final = "internal.visitor"
INTERNAL_ADDRESS: Final = "internal.address"
INTERNAL_AGENT: Final = "internal.agent"
MONITORING_AGENT: Final = "monitoring.agent"
SOURCE: Final = "source"
"""The source itself named the class."""

ARM_BLIND_RULES: Final = frozenset(
    {
        CRAWLER,
        LIBRARY,
        EMPTY,
        INTERNAL_USER,
        INTERNAL_VISITOR,
        INTERNAL_ADDRESS,
        INTERNAL_AGENT,
        MONITORING_AGENT,
    }
)
"""Rules an experiment may leave traffic out by: they rest on who came, which no arm can change. Rules of behaviour rest
on what came after, which an arm may well change; an experiment takes those only from days before the unit was first
exposed, or shows its result with and without them."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class KnownTraffic:
    """Traffic a shop knows to be its own.

    Attributes:
        users: Customer numbers of staff and testers.
        visitors: Devices or cookies of staff and testers.
        ip_hashes: Hashes of addresses, where the source hashes them itself and keeps them steady.
        networks: Addresses and networks of offices, read before an address is hashed.
        agents: Words in user agents of the shop's own programs, in any case.
        monitors: Words in user agents of probes that watch the shop.
        apps: Words in user agents of the shop's own apps; these are people whatever else the agent says.
    """

    users: frozenset[str] = frozenset()
    visitors: frozenset[str] = frozenset()
    ip_hashes: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    agents: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficOf:
    """A class and the rule that says so."""

    traffic: TrafficClass
    rule: str | None = None


HUMAN: Final = TrafficOf("human")


def read_networks(given: list[str]) -> tuple[Network, ...]:
    """Return networks from their text.

    Raises:
        ConfigError: one of them is neither an address nor a network.
    """
    networks: list[Network] = []
    for text in given:
        try:
            networks.append(ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise ConfigError(
                f"internal_networks has {text!r}, which is no address or network.",
                "Write addresses as 203.0.113.7 or 2001:db8::1, networks as 203.0.113.0/24.",
            ) from error
    return tuple(networks)


class TrafficRules:
    """Judges single events by what they say about themselves. Safe to share between threads."""

    def __init__(self, known: KnownTraffic) -> None:
        self._known = known
        self._agents = tuple(word.lower() for word in known.agents)
        self._monitors = tuple(word.lower() for word in known.monitors)
        self._apps = tuple(word.lower() for word in known.apps)
        self._words = bool(self._agents or self._monitors or self._apps)
        self._people = bool(known.users or known.visitors or known.ip_hashes)

    @property
    def knows_people(self) -> bool:
        """Whether an event may be judged by its user, visitor or address hash."""
        return self._people

    def judge(self, event: Event, agent: str | None, address: str | None = None) -> TrafficOf:
        """Return who caused an event.

        Args:
            agent: The user agent as it came, also when empty; None where the source says nothing about it.
            address: The network address as it came; None where the source says none.
        """
        own = self._by_person(event) if self._people else None
        if own is None and self._words and agent is not None:
            own = self._by_word(agent)
        if own is not None:
            return own
        if address is not None and self._known.networks and self._inside(address):
            return TrafficOf("internal", INTERNAL_ADDRESS)
        if agent is not None and (rule := declared_bot(agent)) is not None:
            return TrafficOf("declared_bot", rule)
        return HUMAN if event.traffic == "human" else TrafficOf(event.traffic, event.traffic_rule or SOURCE)

    def _by_word(self, agent: str) -> TrafficOf | None:
        lower = agent.lower()
        if any(word in lower for word in self._monitors):
            return TrafficOf("monitoring", MONITORING_AGENT)
        if any(word in lower for word in self._agents):
            return TrafficOf("internal", INTERNAL_AGENT)
        return HUMAN if any(word in lower for word in self._apps) else None

    def _by_person(self, event: Event) -> TrafficOf | None:
        known = self._known
        if event.user in known.users:
            return TrafficOf("internal", INTERNAL_USER)
        if event.visitor in known.visitors:
            return TrafficOf("internal", INTERNAL_VISITOR)
        return TrafficOf("internal", INTERNAL_ADDRESS) if event.ip_hash in known.ip_hashes else None

    def _inside(self, address: str) -> bool:
        parsed = read_address(address)
        return parsed is not None and any(parsed in network for network in self._known.networks)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address from its text, a mapped IPv4 address as such; None where it is none."""
    try:
        parsed = ip_address(text.strip())
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
