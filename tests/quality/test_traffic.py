"""What an event says about itself tells people, bots, staff and monitors apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopkeeper.commerce.event import Event, TrafficClass
from shopkeeper.errors import ConfigError
from shopkeeper.quality.traffic import (
    ARM_BLIND_RULES,
    HUMAN,
    SOURCE,
    KnownTraffic,
    TrafficOf,
    TrafficRules,
    read_networks,
)

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
KNOWN = KnownTraffic(
    users=frozenset({"u-staff"}),
    visitors=frozenset({"v-office"}),
    ip_hashes=frozenset({"h-office"}),
    networks=read_networks(["203.0.113.0/24", "2001:db8::/32"]),
    agents=("ShopCrawler",),
    monitors=("uptime-probe",),
    apps=("MyShop/",),
)


def event(traffic: TrafficClass = "human", **who: str) -> Event:
    ts = datetime(2026, 11, 1, tzinfo=UTC)
    return Event(event_id="e", ts=ts, store="uk", type="search", traffic=traffic, **who)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "agent", "address", "expected"),
    [
        (event(user="u"), CHROME, "198.51.100.7", HUMAN),
        (event(), None, None, HUMAN),
        (event(), "", None, TrafficOf("declared_bot", "agent.empty")),
        (event(), "Googlebot/2.1", None, TrafficOf("declared_bot", "agent.crawler")),
        (event(), "curl/8.5.0", None, TrafficOf("declared_bot", "agent.library")),
        (event(user="u-staff"), CHROME, None, TrafficOf("internal", "internal.user")),
        (event(visitor="v-office"), None, None, TrafficOf("internal", "internal.visitor")),
        (event(ip_hash="h-office"), None, None, TrafficOf("internal", "internal.address")),
        (event(), CHROME, "203.0.113.9", TrafficOf("internal", "internal.address")),
        (event(), CHROME, "::ffff:203.0.113.9", TrafficOf("internal", "internal.address")),
        (event(), CHROME, "2001:db8:1::5", TrafficOf("internal", "internal.address")),
        (event(), CHROME, "no address", HUMAN),
        (event(), "shopcrawler 2", None, TrafficOf("internal", "internal.agent")),
        (event(), "Mozilla/5.0 Uptime-Probe/1", None, TrafficOf("monitoring", "monitoring.agent")),
        (event(), "MyShop/4 python-requests/2.32", None, HUMAN),
        (event(user="u-staff"), "MyShop/4", None, TrafficOf("internal", "internal.user")),
        (event("suspected_bot"), CHROME, None, TrafficOf("suspected_bot", SOURCE)),
    ],
)
def test_the_first_rule_that_fits_decides(
    who: Event, agent: str | None, address: str | None, expected: TrafficOf
) -> None:
    assert TrafficRules(KNOWN).judge(who, agent, address) == expected


def test_a_shop_that_names_nothing_of_its_own_still_finds_declared_bots() -> None:
    rules = TrafficRules(KnownTraffic())
    assert rules.judge(event(user="u-staff"), CHROME, "203.0.113.9") == HUMAN
    assert rules.judge(event(), "Googlebot/2.1").traffic == "declared_bot"


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="office"):
        read_networks(["203.0.113.7", "office"])


def test_no_rule_of_behaviour_and_no_word_of_the_source_is_arm_blind() -> None:
    assert all(rule.split(".")[0] in {"agent", "internal", "monitoring"} for rule in ARM_BLIND_RULES)
    assert SOURCE not in ARM_BLIND_RULES
