"""Experiments on texts: each shopper sees one wording, who saw it is logged, and what they bought is counted by arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.web.conftest import Shop

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.content.kept import Wanted
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.experiments.plan import Expected, ExperimentPlan, PlannedArm
from shopkeeper.people.person import shell_user
from shopkeeper.testing.experiment_store_suite import example_plan
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.web.app import create_app
from shopkeeper.wiring.content_job import TEXTS, content_work
from shopkeeper.wiring.content_review import approve_all
from shopkeeper.wiring.experiment_figures import gathering
from shopkeeper.wiring.experiment_run import analyze, start
from shopkeeper.wiring.experiments import checked
from shopkeeper.wiring.settings_content import ContentSettings

ANNA = shell_user("anna")
VISITORS = [f"visitor-{number}" for number in range(40)]
ATTRIBUTES = {"capacity": "1.7 L", "colour": "red", "power": "2200 W", "material": "Steel"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with an experiment on texts, that sells a kettle with both wordings, and a pan with the house's own."""
    shop = opened(tmp_path_factory.mktemp("shop"))
    begin(shop)
    yield shop
    shop.close()


@pytest.fixture
def another_shop(tmp_path: Path) -> Iterator[Shop]:
    """Another one, to be changed."""
    shop = opened(tmp_path)
    begin(shop)
    yield shop
    shop.close()


def opened(folder: Path) -> Shop:
    shop = Shop(folder)
    content = ContentSettings.model_validate({"wordings": {"warm": {"voice": "warm"}}})
    shop.settings = shop.settings.model_copy(update={"content": content})
    shop.app = create_app(shop.settings)
    shop.open()
    shop.call("PUT", "/v1/stores", [{"store": "uk", "currency": "GBP", "consent_default": {"measure": True}}])
    sold = {"store": "uk", "price": 30, "stock": 5, "categories": ["Home > Kettles"], "attributes": ATTRIBUTES}
    for name in ("kettle", "pan"):
        shop.call("PUT", "/v1/products", [{**sold, "product": name, "title": name.title()}])
    write(shop, "", "kettle", "pan")
    write(shop, "warm", "kettle")
    approve_all(shop.settings, shop.serving.state, Wanted(), "read", ANNA, datetime.now(UTC))
    return shop


def write(shop: Shop, wording: str, *products: str) -> None:
    order = ContentOrder(products=products, fields=("description_short", "email_subject"), wording=wording)
    steps = StepsInMemory(shop.settings.workspace / f"run-{wording}")
    content_work(shop.settings)(steps, TEXTS, {"order": msgspec.to_builtins(order), "who": "anna"})


def plan(**changed: Any) -> ExperimentPlan:  # noqa: ANN401 - any part of a plan
    arms = (
        PlannedArm(name="control", share=0.5),
        PlannedArm(name="warm", share=0.5, settings={"wording": "warm"}),
    )
    expected = Expected(units_per_day=80_000, value=0.1, deviation=0.3)
    return msgspec.structs.replace(
        example_plan("texts"), system="content", arms=arms, expected=expected, maturation_days=1.0,
        attribution_days=1.0, **changed,
    )  # fmt: skip


def begin(shop: Shop) -> None:
    state = shop.serving.state
    start(state, checked(state, plan(), shop.settings.content.wordings), "anna", datetime.now(UTC))
    shop.run(shop.serving.following.follow_tests())


def seen(shop: Shop, who: str = "", product: str = "kettle") -> dict[str, Any]:
    answer = shop.call("GET", f"/v1/content/{product}?store=uk&locale=en{who}")
    assert answer.status_code == 200, answer.text
    return {**answer.json(), "etag": answer.headers["etag"], "decision": answer.headers.get("x-decision-id")}


def logged(shop: Shop) -> list[DecisionRecord]:
    return [one for one in shop.serving.decision_log.recent if one.system == "content"]


def in_arms(shop: Shop, visitors: list[str]) -> dict[str, dict[str, Any]]:
    """What visitors see who are in no holdout."""
    answers = {name: seen(shop, f"&visitor={name}") for name in visitors}
    return {name: one for name, one in answers.items() if one["variant"] != "holdout"}


def test_each_shopper_sees_one_wording_and_that_is_logged_as_the_exposure(shop: Shop) -> None:
    own = seen(shop)["texts"]["description_short"]["text"]
    before = len(logged(shop))
    answers = in_arms(shop, VISITORS)
    assert len(answers) > 30
    texts = {(one["variant"], one["texts"]["description_short"]["text"]) for one in answers.values()}
    assert {variant for variant, _ in texts} == {"control", "warm"}
    assert len(texts) == len({one["etag"] for one in answers.values()}) == 2
    assert ("control", own) in texts
    again = in_arms(shop, VISITORS)
    assert {name: one["variant"] for name, one in again.items()} == {n: one["variant"] for n, one in answers.items()}
    records = logged(shop)[before:]
    assert Counter(one.unit for one in records) == Counter([*answers, *answers])
    assert {one.test for one in records} == {"texts"}
    assert all(one.variant == answers[str(one.unit)]["variant"] for one in records)
    assert {one.answer["wording"] for one in records if one.variant == "warm"} == {"warm"}
    assert [one["decision"] for one in answers.values()] == [one.decision_id for one in records[: len(answers)]]


def test_who_names_nobody_or_is_not_measured_gets_the_houses_own_and_is_in_no_test(shop: Shop) -> None:
    own, before = seen(shop)["texts"], len(logged(shop))
    for who in ("", *(f"&visitor={name}&measure=false" for name in VISITORS[:8])):
        answer = seen(shop, who)
        assert (answer["variant"], answer["texts"], answer["decision"]) == ("champion", own, None)
    assert len(logged(shop)) == before


def test_a_product_whose_arms_show_the_same_exposes_nobody(shop: Shop) -> None:
    before = len(logged(shop))
    assert {seen(shop, f"&visitor={name}", "pan")["variant"] for name in VISITORS} <= {"champion", "holdout"}
    assert len(logged(shop)) == before


def test_conversion_is_counted_by_arm(shop: Shop) -> None:
    visitors = [f"buyer-{number}" for number in range(40)]
    arms = {name: str(one["variant"]) for name, one in in_arms(shop, [*visitors, *VISITORS]).items()}
    buyers = [name for name in visitors if arms.get(name) == "warm"]
    now = datetime.now(UTC)
    events = [
        {
            "event_id": f"e-{name}", "ts": now.isoformat(), "store": "uk", "type": "purchase", "visitor": name,
            "product": "kettle", "price": 30, "quantity": 1, "currency": "GBP", "order_id": f"o-{name}",
        }
        for name in [*buyers, next(name for name in visitors if arms.get(name) == "control")]
    ]  # fmt: skip
    assert shop.call("POST", "/v1/events", events).status_code == 202
    shop.run(shop.serving.decision_log.flush())
    shop.run(shop.serving.make_visible())
    with gathering(shop.settings, shop.serving.state) as gather:
        found = analyze(shop.serving.state, "texts", gather, now + timedelta(days=3)).analysis
    units = Counter(arms.values())
    assert found.matured == {"control": units["control"], "warm": units["warm"]}
    (effect,) = [one for one in found.effects if one.metric == "conversion"]
    measured = (effect.unadjusted.control, effect.unadjusted.value)
    assert measured == pytest.approx((1 / units["control"], len(buyers) / units["warm"]))


def test_what_is_stopped_or_not_true_any_more_is_shown_to_nobody(another_shop: Shop) -> None:
    shop = another_shop
    sold = {"store": "uk", "product": "kettle", "title": "Kettle", "price": 30, "categories": ["Home > Kettles"]}
    changed = {**sold, "stock": 5, "attributes": {**ATTRIBUTES, "capacity": "1.5 L"}}
    assert "1.7" in str(seen(shop, f"&visitor={VISITORS[0]}")["texts"])
    assert shop.call("PUT", "/v1/products", [changed]).status_code == 202
    for name in VISITORS[:8]:
        assert "1.7" not in str(seen(shop, f"&visitor={name}")["texts"])
    order = StopOrder(system="content", store="", person="anna", reason="odd", at="")
    StopFile(shop.serving.settings.workspace).give(order)
    shop.run(shop.serving.following.begin())
    assert {seen(shop, f"&visitor={name}")["variant"] for name in VISITORS[:8]} == {"champion"}
