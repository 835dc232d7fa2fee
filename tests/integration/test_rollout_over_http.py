"""A rollout driven over HTTP through four weeks: a good version reaches everybody, a harmful one is taken back.

What is real: the server behind its port, requests and events over sockets, people, arms, shadow, decision log, lake,
figures, plan, gate and state. What is compressed: the server's clock for decisions, so that weeks of a small shop pass
in minutes; and what `shopkeeper work` does every minute is called once a simulated day. The shoppers are simulated:
they want the product one place on, and click it much more often than any other they are shown.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.verdict import REPORT_KIND
from shopkeeper.rollout.ramp import DEFAULT_RAMP
from shopkeeper.testing.small_shop import NAMES, STORE, register_version, stock_up
from shopkeeper.web.app import create_app
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.rollouts.status import explain
from shopkeeper.wiring.rollouts.watch import watch_rollouts
from shopkeeper.wiring.settings import RampStepSettings, RolloutSettings, Settings
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

pytestmark = pytest.mark.integration
SHOPPERS = 120
"""New ones a day."""
WEEK = 7
RAMP = [RampStepSettings(stage=one.stage, share=one.share, days=one.minimum_days) for one in DEFAULT_RAMP]
OBJECTIVE = (
    example_objective("recommendations")
    .replace("Head of e-commerce", "Ann")
    .replace("minimum_uplift: 0.15", "minimum_uplift: 0.8")
    .replace(
        "  - {metric: conversion, margin: 0.05}\n  - {metric: aov, margin: 0.05}\n",
        "  - {metric: conversion, margin: 0.5}\n",
    )
    .replace("  - {metric: refund_share, margin: 0.15}\n", "")
    .replace("fallback_share, limit: 0.01", "fallback_share, limit: 0.05")
    .replace("p99_latency_ms: 100", "p99_latency_ms: 2000")
    .replace("against: limit, bound: 150", "against: limit, bound: 3000")
    .replace("attribution_days: 7", "attribution_days: 1")
    .replace("maturation_days: 14", "maturation_days: 2")
)


class Shop:
    """A server on a port of its own, its simulated shoppers, and the moment it is there."""

    def __init__(self, folder: Path, old: int | None, new: int) -> None:
        self.settings = _settings(folder)
        with open_workspace_state(self.settings) as state:
            stock_up(state.tables)
            models = self.settings.folder(self.settings.engines.models)
            self.old = register_version(state.registry, models, 1, old)
            self.new = register_version(state.registry, models, 2, new)
            state.registry.point("recommendations", "champion", self.old, "test", "first")
            state.registry.point("recommendations", "challenger", self.new, "test", "blessed")
            state.reports.save(REPORT_KIND, {"status": "pass", "findings": []}, STORE)
            person = state.people.add("Ann", "ann@shop.example", {"*": ("operator",)}, "test")
            ends = datetime.now(UTC) + timedelta(hours=2)
            self.person = state.sessions.begin(person.person_id, "shell", "shell:test", ends)[1]
            self.key = state.keys.create("*", ("events", "decide", "manage"), "test")[1]
        self.begun = datetime.now(UTC)
        self.now = self.begun - timedelta(days=WEEK)
        self.chance = random.Random(new)
        self.app = create_app(self.settings, lambda: self.now)  # the compressed clock
        config = uvicorn.Config(self.app, port=0, log_level="error", ws="none", timeout_keep_alive=600)
        self.server = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.server.serve(),))
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.served: Counter[tuple[str, str]] = Counter()

    def close(self) -> None:
        self.connection.close()
        self.server.should_exit = True
        self.thread.join(30)
        self.loop.close()

    def call(self, method: str, path: str, body: object = None, key: str = "") -> dict[str, Any]:
        headers = {"authorization": f"Bearer {key or self.key}", "content-type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        assert answer.status < 300, found
        return found

    def day(self) -> None:
        """Let the shoppers of one day come, each with one question and what they do then."""
        start = self.now
        for number in range(SHOPPERS):
            self.now = start + timedelta(days=number / SHOPPERS)
            self._visit(f"v{start:%m%d}-{number}")
        self.now = start + timedelta(days=1)
        serving = self.app.state.serving
        for work in (serving.decision_log.flush, serving.make_visible):
            asyncio.run_coroutine_threadsafe(work(), self.loop).result(60)

    def _visit(self, visitor: str) -> None:
        seen = self.chance.randrange(len(NAMES))
        asked = {"store": STORE, "visitor": visitor, "surface": "product", "products": [NAMES[seen]], "k": 3}
        answer = self.call("POST", "/v1/recommendations", asked)
        self.served[answer["variant"], answer["model"] or "rules"] += 1
        shown = [item["product"] for item in answer["items"]]
        wanted = NAMES[(seen + 1) % len(NAMES)]
        base = {"store": STORE, "visitor": visitor, "decision_id": answer["decision_id"], "surface": "product"}
        rows = [{"type": "impression", "product": product, "position": place} for place, product in enumerate(shown)]
        clicked = [one for one in shown if self.chance.random() < (0.7 if one == wanted else 0.03)]
        rows += [{"type": "click", "product": product} for product in clicked]
        if self.chance.random() < (0.6 if clicked else 0.1):
            order = {"order_id": f"o-{visitor}", "price": 20.0, "quantity": 1, "currency": "EUR"}
            rows.append({"type": "purchase", "product": (clicked or [NAMES[seen]])[0], **order})
        moment = self.now + timedelta(seconds=1)
        self.call("POST", "/v1/events", [{**base, **row, "ts": moment.isoformat()} for row in rows])

    def watch(self) -> str:
        """Do what a worker does every minute, and return what it did."""
        (said,) = watch_rollouts(self.settings, self.now, MeasuredRollouts)
        assert "error" not in said, said
        asyncio.run_coroutine_threadsafe(self.app.state.serving.following.follow_tests(), self.loop).result(60)
        return str(said["effect"])

    def log(self) -> list[dict[str, Any]]:
        """Return the decision log."""
        lake = lake_of(self.settings)
        text = (
            "SELECT decision_id, CAST(ts AS VARCHAR) AS ts, coalesce(unit, '') AS unit, coalesce(test, '') AS test,"
            " epoch, variant, coalesce(model, '') AS model, coalesce(fallback, '') AS fallback"
            " FROM decisions ORDER BY ts"
        )
        warehouse = lake.warehouse()
        try:
            found = warehouse.fetch(NamedQuery("log", text))
        finally:
            warehouse.close()
        names = list(found)
        return [
            dict(zip(names, row, strict=True)) for row in zip(*(found[name].tolist() for name in names), strict=True)
        ]


def _settings(folder: Path) -> Settings:
    created = create_workspace(folder)
    (folder / "objectives" / "recommendations.yaml").write_text(OBJECTIVE)
    rollout = RolloutSettings(ramp=RAMP, minimum_shadow_requests=10)  # type: ignore[call-arg]
    intake = created.intake.model_copy(update={"future_seconds": 60 * 86_400.0})
    serving = created.serving.model_copy(update={"deadline_ms": 5_000.0})  # a busy machine is not what is tested
    return created.model_copy(update={"rollout": rollout, "intake": intake, "serving": serving})


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Any]:
    opened: list[Shop] = []

    def open_one(old: int | None, new: int) -> Shop:
        opened.append(Shop(tmp_path / "shop", old, new))
        return opened[-1]

    yield open_one
    for shop in opened:
        shop.close()


def four_weeks(shop: Shop, days: int = 28) -> list[tuple[int, str]]:
    """Let a week pass before the rollout begins over HTTP, then the days of it; return what was done on which day."""
    for _ in range(WEEK):
        shop.day()
    shop.now = max(shop.now, datetime.now(UTC))
    shop.call("POST", "/v1/rollouts", {"system": "recommendations", "why": "better lists"}, shop.person)
    shop.watch()
    done = []
    for day in range(1, days + 1):
        shop.day()
        effect = shop.watch()
        if effect not in ("nothing", "a look was taken"):
            done.append((day, effect))
        if effect == "rolled back":
            break
    return done


def kept(shop: Shop, folder: Path) -> list[dict[str, Any]]:
    """Write the decision log and every verdict as JSON, make each verdict again, and return the log."""
    log = shop.log()
    (folder / "decisions.json").write_text(json.dumps(log, indent=1))
    with open_workspace_state(shop.settings) as state:
        (rollout,) = state.rollouts.newest()
        verdicts = state.rollouts.verdicts(rollout.id, limit=1_000)
    (folder / "verdicts.json").write_text(
        json.dumps(
            [{"id": one.id, "at": one.at.isoformat(), "word": one.word, "why": one.why} for one in verdicts], indent=1
        )
    )
    assert verdicts
    assert all(explain(shop.settings, one.id).recomputed.same for one in verdicts)
    return log


def test_a_good_version_reaches_everybody_within_four_weeks(shops: Any, tmp_path: Path) -> None:  # noqa: ANN401
    shop = shops(None, 1)
    done = four_weeks(shop)
    log = kept(shop, tmp_path)
    assert [effect for _, effect in done] == [
        "advanced to ab (15%)", "advanced to ramp (50%)", "advanced to full (100%)",
    ], done  # fmt: skip
    with open_workspace_state(shop.settings) as state:
        assert state.registry.pointer("recommendations", "champion") == shop.new
        (rollout,) = state.rollouts.newest()
    of_test = [one for one in log if one["test"] == rollout.id and not one["fallback"]]
    assert len(of_test) > 0.99 * sum(one["test"] == rollout.id for one in log)
    epochs = {number: [one for one in of_test if one["epoch"] == number] for number in range(4)}
    assert epochs[0] == []
    for number in (1, 2):
        assert {(one["variant"], one["model"]) for one in epochs[number]} == {
            ("control", shop.old), ("treatment", shop.new),
        }  # fmt: skip
    assert {(one["variant"], one["model"]) for one in epochs[3]} == {("treatment", shop.new)}
    full = rollout.epochs[3].since
    late = [one for one in log if datetime.fromisoformat(one["ts"]).replace(tzinfo=UTC) > full + timedelta(minutes=20)]
    assert {one["variant"] for one in late} <= {"treatment", "holdout"}
    assert shop.old not in {one["model"] for one in late}


def test_a_harmful_version_is_taken_back_and_answers_nobody_after_it(shops: Any, tmp_path: Path) -> None:  # noqa: ANN401
    shop = shops(1, 6)
    done = four_weeks(shop)
    assert done[0][1] == "advanced to ab (15%)"
    assert done[-1][1] == "rolled back", done
    shop.day()
    log = kept(shop, tmp_path)
    with open_workspace_state(shop.settings) as state:
        assert state.registry.pointer("recommendations", "champion") == shop.old
        (rollout,) = state.rollouts.newest()
    assert rollout.ending is not None
    assert any(one["model"] == shop.new for one in log)
    after = [one for one in log if datetime.fromisoformat(one["ts"]).replace(tzinfo=UTC) >= rollout.ending.at]
    assert len(after) == SHOPPERS
    assert {one["model"] for one in after if one["variant"] != "holdout" and not one["fallback"]} == {shop.old}
    assert shop.new not in {one["model"] for one in after}
