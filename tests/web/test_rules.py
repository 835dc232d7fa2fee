"""`/v1/rules`: read, changed by version, tried before it holds, obeyed at once, and nobody's but the store's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shopkeeper.recommendations.rules.merchandising import RuleSet, read_rules

if TYPE_CHECKING:
    from tests.web.conftest import Shop

Header = dict[str, str]
NO_P1: dict[str, Any] = {"do": "exclude", "name": "no p1", "where": {"products": ["p1"]}}
P4_FIRST: dict[str, Any] = {"do": "pin", "name": "p4 first", "product": "p4", "position": 1}


def put(shop: Shop, *rules: dict[str, Any], version: int = 0, store: str = "uk", key: Header | None = None) -> Any:  # noqa: ANN401
    body = {"store": store, "version": version, "why": "a test", "rules": list(rules)}
    return shop.call("PUT", "/v1/rules", body, key=shop.person("merchandiser") if key is None else key)


def test_rules_hold_in_the_next_answer_and_are_read_back_as_they_were_sent(shop: Shop) -> None:
    before = shop.shown(k=5)
    answer = put(shop, NO_P1, P4_FIRST)
    assert answer.status_code == 200, answer.text
    shown = shop.shown(k=5)
    assert (shown[0], set(shown)) == ("p4", set(before) - {"p1"})
    found = shop.call("GET", "/v1/rules?store=uk").json()
    assert (found["version"], found["rules"], found["why"]) == (1, [NO_P1, P4_FIRST], "a test")
    assert found["who"].startswith("merchandiser-0 (person ")
    assert shop.call("GET", "/v1/rules?store=de").json()["version"] == 0


def test_who_changes_what_somebody_else_changed_is_refused(shop: Shop) -> None:
    put(shop, NO_P1)
    late = put(shop, P4_FIRST)
    assert (late.status_code, "at version 1, not 0" in late.text) == (409, True)
    assert put(shop, P4_FIRST, version=1).json()["version"] == 2


def test_deleted_rules_hold_no_more_and_their_versions_stay(shop: Shop) -> None:
    put(shop, NO_P1)
    body = {"store": "uk", "version": 1, "why": "over"}
    gone = shop.call("DELETE", "/v1/rules", body, key=shop.person("merchandiser"))
    assert (gone.status_code, gone.json()["rules"]) == (200, [])
    assert "p1" in shop.shown(k=5)
    assert shop.call("GET", "/v1/rules?store=uk&version=1").json()["rules"] == [NO_P1]
    assert [one["rules"] for one in gone.json()["versions"]] == [0, 1]


def test_a_rule_that_cannot_be_used_is_named_and_nothing_changes(shop: Shop) -> None:
    answer = put(shop, NO_P1, {"do": "boost", "name": "x", "where": {"brands": ["a"]}, "by": 0.5})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "rules[2].by"
    assert shop.call("GET", "/v1/rules?store=uk").json()["version"] == 0


def test_a_key_of_one_store_reads_its_own_rules_and_changes_none(shop: Shop) -> None:
    uk, events = shop.key("uk"), shop.key("uk", "events")
    assert shop.call("GET", "/v1/rules?store=uk", key=uk).status_code == 200
    for store in ("de", ""):
        assert shop.call("GET", f"/v1/rules?store={store}", key=uk).status_code == 403
    refused = put(shop, NO_P1, key=uk)
    assert (refused.status_code, "people sign-in" in refused.json()["remedy"]) == (403, True)
    assert put(shop, NO_P1, key=events).status_code == 403
    assert put(shop, NO_P1, key={}).status_code == 401


def test_a_merchandiser_of_one_store_changes_its_rules_alone(shop: Shop) -> None:
    uk = shop.person("merchandiser", store="uk")
    assert put(shop, NO_P1, key=uk).status_code == 200
    for store in ("de", ""):
        assert put(shop, NO_P1, store=store, key=uk).status_code == 403
    assert put(shop, NO_P1, version=1, key=shop.person("operator")).status_code == 403
    assert put(shop, NO_P1, store="fr").status_code == 404


def test_rules_of_every_store_hold_in_each(shop: Shop) -> None:
    assert put(shop, NO_P1, store="").status_code == 200
    assert "p1" not in shop.shown(k=5)


def test_a_dry_run_changes_nothing_and_takes_the_latest_requests_without_their_shoppers(shop: Shop) -> None:
    shown = shop.shown(k=3, surface="cart", visitor="somebody", products=["p0"])
    body = {"store": "uk", "rules": [P4_FIRST], "latest": 3}
    runs = shop.call("POST", "/v1/rules/dry-run", body).json()["runs"]
    assert [(run["surface"], run["page"]) for run in runs] == [("cart", ["p0"])]
    assert (runs[0]["before"], runs[0]["after"][0]) == (shown, "p4")
    asked = {"store": "uk", "k": 2, "surface": "home", "user": "ann"}
    [run] = shop.call("POST", "/v1/rules/dry-run", {**body, "request": asked}).json()["runs"]
    assert (run["surface"], len(run["after"]), run["after"][0]) == ("home", 2, "p4")
    assert shop.call("GET", "/v1/rules?store=uk").json()["version"] == 0
    assert shop.shown(k=3, surface="cart", visitor="somebody", products=["p0"]) == shown
    assert all(body.visitor is None for body in shop.serving.asked)


def test_another_process_obeys_when_it_follows(shop: Shop) -> None:
    """The row another process writes is seen by `follow` alone; the round asks for it four times a second."""
    shop.serving.state.rules.put(RuleSet(store="uk", rules=read_rules([NO_P1]), who="x", why="y"))
    shop.run(shop.serving.rules.follow())
    assert "p1" not in shop.shown(k=5)
