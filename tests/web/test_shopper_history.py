"""Who looks at what a shopper did is a person, says why, and is written down first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shopkeeper.people.roles import Role

if TYPE_CHECKING:
    from tests.web.conftest import Shop


def person(shop: Shop, role: Role, store: str = "*") -> dict[str, str]:
    state = shop.serving.state
    added = state.people.add("Anna", f"{role}@shop.example", {store: (role,)}, "test")
    token = state.sessions.begin(added.person_id, "shell", "test", datetime.now(UTC) + timedelta(hours=1))[1]
    return {"authorization": f"Bearer {token}"}


def look(shop: Shop, key: Any, query: str = "store=uk&why=they+called", user: str = "ann") -> Any:  # noqa: ANN401
    return shop.call("GET", f"/v1/users/{user}/history?{query}", key=key)


def deeds(shop: Shop) -> None:
    """Let ann view two products, one of them sensitive, ben another, and bring it into the lake."""
    shop.call("PUT", "/v1/products", [{"store": "uk", "product": "p2", "sensitive": True}])
    base = {"store": "uk", "type": "view", "ts": datetime.now(UTC).isoformat()}
    rows = [("ann", "p1"), ("ann", "p2"), ("ben", "p3")]
    told = [{**base, "user": user, "product": product, "event_id": f"{user}{product}"} for user, product in rows]
    assert shop.call("POST", "/v1/events", told).status_code == 202
    shop.run(shop.serving.make_visible())


def looks(shop: Shop) -> list[dict[str, Any]]:
    return list(shop.serving.state.audit.found(None, "shopper.", 10))


def test_a_person_sees_what_a_shopper_did_without_what_is_sensitive_and_the_look_is_audited(shop: Shop) -> None:
    deeds(shop)
    answer = look(shop, person(shop, "operator"))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(one["type"], one["product"]) for one in found["events"]] == [("view", "p1")]
    assert found["withheld"] == 1
    (entry,) = looks(shop)
    assert entry["who"].startswith("Anna (person ")
    assert entry["detail"]["user"] == "ann"
    assert entry["detail"]["why"] == "they called"


@pytest.mark.parametrize("query", ["store=uk", "store=uk&why=", "why=they+called"])
def test_without_a_reason_or_a_store_nothing_is_shown(shop: Shop, query: str) -> None:
    assert look(shop, person(shop, "operator"), query).status_code == 422
    assert not looks(shop)


def test_no_key_and_nobody_without_the_role_in_that_store_may_look(shop: Shop) -> None:
    assert look(shop, shop.key("uk", "manage")).status_code == 403
    assert look(shop, person(shop, "viewer")).status_code == 403
    assert look(shop, person(shop, "operator", "de")).status_code == 403
    assert not looks(shop)
