"""How a workspace's settings judge what arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from shopkeeper.engines.address_keys import AddressKeys
from shopkeeper.intake.arrival import ArrivingEvents, RowJudge
from shopkeeper.quality.traffic import KnownTraffic, TrafficRules, read_networks
from shopkeeper.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What every judge of events shares."""

    rules: TrafficRules
    addresses: Callable[[str], str]
    keep_agents: bool

    def judge(self, validator: RowJudge, *, empty_is_said: bool) -> ArrivingEvents:
        """Return the judge of events around a validator."""
        return ArrivingEvents(
            validator, self.rules, self.addresses, keep_agents=self.keep_agents, empty_is_said=empty_is_said
        )


def arrivals(settings: Settings) -> Arrivals:
    """Return what the settings say about arriving events.

    Raises:
        ConfigError: one of `internal_networks` is no address or network.
    """
    chosen = settings.quality
    known = KnownTraffic(
        users=frozenset(chosen.internal_users),
        visitors=frozenset(chosen.internal_visitors),
        ip_hashes=frozenset(chosen.internal_ip_hashes),
        networks=read_networks(chosen.internal_networks),
        agents=tuple(chosen.internal_agents),
        monitors=tuple(chosen.monitoring_agents),
        apps=tuple(chosen.app_agents),
    )
    return Arrivals(TrafficRules(known), address_keys(settings), settings.privacy.keep_user_agents)


def address_keys(settings: Settings) -> AddressKeys:
    """Return the keys that hash addresses in a workspace."""
    return AddressKeys(settings.folder(settings.engines.secrets), lambda: datetime.now(UTC))
