"""`/v1/experiments` starts a plan, shows one whole, and finds past ones; the control room shows the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from shopkeeper.testing.experiment_store_suite import example_analysis, example_record, example_resolution
from shopkeeper.web.openapi_examples import PLAN

if TYPE_CHECKING:
    from tests.web.conftest import Shop


HERE = "http://127.0.0.1:8000/control-room"


def kept(shop: Shop) -> None:
    shop.serving.state.experiments.begin(example_record())
    shop.serving.state.experiments.keep(example_analysis())
    shop.serving.state.experiments.resolve(example_resolution())


def found(shop: Shop, query: str = "", key: dict[str, str] | None = None) -> list[str]:
    answer = shop.call("GET", f"/v1/experiments{query}", key=key)
    assert answer.status_code == 200
    return [one["name"] for one in answer.json()["experiments"]]


def test_past_experiments_are_found_by_words_and_filters(shop: Shop) -> None:
    assert found(shop) == []
    kept(shop)
    assert found(shop, "?text=variety&system=recommendations&metric=aov") == ["varied"]
    assert found(shop, "?text=elephants") == []
    assert shop.call("GET", "/v1/experiments?outcome=splendid").status_code == 422


def test_a_key_of_one_store_sees_the_experiments_of_that_store_alone(shop: Shop) -> None:
    kept(shop)
    plan = replace(example_record("only-uk").plan, stores=("uk",))
    shop.serving.state.experiments.begin(replace(example_record("only-uk"), plan=plan))
    key = shop.key("uk", "manage")
    assert found(shop, key=key) == ["only-uk"]
    assert shop.call("GET", "/v1/experiments/only-uk", key=key).status_code == 200
    assert shop.call("GET", "/v1/experiments/varied", key=key).status_code == 403
    assert shop.call("GET", "/v1/experiments", key=shop.key("uk", "events")).status_code == 403


def test_one_experiment_is_shown_whole_and_an_unknown_one_is_not_found(shop: Shop) -> None:
    kept(shop)
    one: dict[str, Any] = shop.call("GET", "/v1/experiments/varied").json()
    assert one["experiment"]["plan"]["name"] == "varied"
    assert (one["analysis_number"], one["analysis"]["units"]) == (1, {"control": 10, "varied": 10})
    assert one["decisions"][0]["learning"] == "Variety keeps them."
    assert shop.call("GET", "/v1/experiments/nobody").status_code == 404


def test_a_start_takes_a_person_and_says_every_mistake_of_the_plan(shop: Shop) -> None:
    refused = shop.call("POST", "/v1/experiments", PLAN)
    assert refused.status_code == 403
    assert "takes a person who signed in" in refused.json()["detail"]
    wrong = shop.call("POST", "/v1/experiments", {**PLAN, "primary": {"metric": "luck", "minimum_uplift": 0.1}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "primary.metric"
    assert shop.serving.state.live_tests.running() == ()


def test_the_control_room_lists_experiments_and_shows_each_report(shop: Shop) -> None:
    empty = shop.call("GET", f"{HERE}/experiments")
    assert "No experiment was started yet" in empty.text
    kept(shop)
    page = shop.call("GET", f"{HERE}/experiments")
    assert "Now running: A varied list." in page.text
    assert "Variety keeps them." in page.text
    report = shop.call("GET", f"{HERE}/experiments/varied")
    assert report.status_code == 200
    assert "What was decided" in report.text
    assert "sandbox" in report.headers["content-security-policy"]
