"""Several lists of one page, search results in order, and what is bought together, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.conftest import Shop


def test_lists_of_one_page_share_no_product_nor_parent_and_are_decisions_of_their_own(shop: Shop) -> None:
    shop.call("PUT", "/v1/products", [{"product": f"p{n}", "store": "uk", "parent": "pair"} for n in (0, 4)])
    slots = [{"surface": "trending", "k": 2}, {"surface": "similar", "products": ["p1"], "k": 9}]
    answer = shop.recommend(k=1, surface="home", slots=slots)
    lists = [answer["items"], *(slot["items"] for slot in answer["slots"])]
    shown = [item["product"] for items in lists for item in items]
    assert [len(items) for items in lists][:2] == [1, 2]
    assert len(set(shown)) == len(shown)
    assert len({"p0", "p4"} & set(shown)) <= 1
    decisions = {answer["decision_id"], *(slot["decision_id"] for slot in answer["slots"])}
    logged = {record.decision_id: record.surface for record in shop.serving.decision_log.recent}
    assert {logged[one] for one in decisions} == {"home", "trending", "similar"}
    assert "slots" not in shop.recommend(k=1)


def test_a_list_on_the_home_page_shows_no_sensitive_product_whatever_the_list_is_called(shop: Shop) -> None:
    shop.call("PUT", "/v1/products", {"product": "p2", "store": "uk", "categories": ["Home"], "sensitive": True})
    slot = {"surface": "shelf", "filters": {"categories": ["Home"]}}
    shown = [shop.recommend(surface=page, k=1, slots=[slot])["slots"][0]["items"] for page in ("cart", "home")]
    assert ["p2" in [item["product"] for item in items] for items in shown] == [True, False]


def test_results_are_ranked_again_and_what_may_not_be_shown_is_left_out(shop: Shop) -> None:
    shop.call("PUT", "/v1/products", {"product": "p3", "store": "uk", "stock": 0})
    results = [{"product": name, "relevance": score} for name, score in (("p4", 9), ("p3", 8), ("p0", 7), ("x", 1))]
    answer = shop.call("POST", "/v1/rerank", {"store": "uk", "query": "lamp", "results": results})
    assert answer.status_code == 200, answer.text
    assert [item["product"] for item in answer.json()["items"]] == ["p4", "p0"]
    half = [results[0], {"product": "p0"}]
    refused = shop.call("POST", "/v1/rerank", {"store": "uk", "results": half})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "results.relevance")
    twice = shop.call("POST", "/v1/rerank", {"store": "uk", "results": [results[0]] * 2})
    assert (twice.status_code, "twice" in twice.text) == (422, True)


def test_bought_together_of_a_product_answers_also_without_a_model(shop: Shop) -> None:
    answer = shop.call("GET", "/v1/products/p1/bought-together?store=uk&k=3")
    assert (answer.status_code, len(answer.json()["items"])) == (200, 3)
    assert shop.call("GET", "/v1/products/nothing/bought-together?store=uk").status_code == 404


def test_a_store_makes_a_surface_of_its_own_by_its_rules(shop: Shop) -> None:
    body = {"store": "uk", "version": 0, "why": "a test", "rules": [], "surfaces": {"bar": {"list": "recently_viewed"}}}
    anna = shop.person("merchandiser")
    assert shop.call("PUT", "/v1/rules", body, key=anna).status_code == 200
    assert shop.call("GET", "/v1/rules?store=uk").json()["surfaces"] == {"bar": {"list": "recently_viewed"}}
    assert shop.shown(surface="bar", visitor="v") == []
    wrong = {**body, "version": 1, "surfaces": {"bar": {"settings": {"sparkle": 1}}}}
    assert shop.call("PUT", "/v1/rules", wrong, key=anna).status_code == 422
